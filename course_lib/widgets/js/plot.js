"use strict";
// Line plots as SVG: axes with round ticks, roles as classes, drawn at the width they have, so letters keep their size.

/** Round positions between min and max, about `count` of them. */
function ticks(min, max, count) {
  const raw = (max - min) / count;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 2.5, 5, 10].map((m) => m * power).find((s) => s >= raw * 0.999);
  const result = [];
  for (let t = Math.ceil(min / step - 1e-9) * step; t <= max + step * 1e-6; t += step) result.push(Number(t.toPrecision(12)));
  return result;
}

const plain = (t) => String(t).replace("-", "−");
const escapeText = (text) => text.replace(/&/g, "&amp;").replace(/</g, "&lt;");
/** Text for SVG in which p_data and p_g get a real subscript. */
const svgText = (text) => escapeText(text).replace(/_(data|g)\b/g, '<tspan dy="3" font-size="10.5">$1</tspan><tspan dy="-3">&#8203;</tspan>');

let plots = 0; // so that every plot's clipping path has a name of its own

class Plot {
  /**
   * x, y: { min, max, label, ticks? } where ticks is a list of numbers or of [number, text].
   * height in CSS pixels; title stands above the frame; description is read to those who cannot see it.
   */
  constructor({ x, y, height, title = "", description = "" }) {
    Object.assign(this, { x, y, height, title, keyRows: 0, clip: `frame${plots++}` });
    this.element = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    this.element.setAttribute("role", "img");
    this.element.setAttribute("aria-label", description || title);
  }

  get box() {
    const width = Math.max(240, this.element.clientWidth || 320);
    const longest = Math.max(3, ...this.#named(this.y, 4).map(([, text]) => text.length));
    const left = (this.y.label ? 28 : 12) + 7.6 * longest;
    const top = (this.title ? 24 : 8) + 18 * this.keyRows;
    return { width, left, right: width - 16, top, bottom: this.height - (this.x.label ? 40 : 22) };
  }

  px(x) {
    const { left, right } = this.box;
    return left + ((x - this.x.min) / (this.x.max - this.x.min)) * (right - left);
  }

  py(y) {
    const { top, bottom } = this.box;
    return bottom - ((y - this.y.min) / (this.y.max - this.y.min)) * (bottom - top);
  }

  /** The x of a pointer event over the plot. */
  xAt(event) {
    const { left, right } = this.box;
    const px = event.clientX - this.element.getBoundingClientRect().left;
    return this.x.min + ((px - left) / (right - left)) * (this.x.max - this.x.min);
  }

  /** Call `act` with the x of the pointer where it goes down on the plot, and wherever it is dragged from there. */
  onDrag(act) {
    this.element.classList.add("grip");
    this.element.addEventListener("pointerdown", (event) => {
      this.element.setPointerCapture(event.pointerId);
      act(this.xAt(event));
    });
    this.element.addEventListener("pointermove", (event) => event.buttons && act(this.xAt(event)));
  }

  /** The y of a pointer event over the plot. */
  yAt(event) {
    const { top, bottom } = this.box;
    const py = event.clientY - this.element.getBoundingClientRect().top;
    return this.y.min + ((bottom - py) / (bottom - top)) * (this.y.max - this.y.min);
  }

  /**
   * Draw series: { kind: "curve" | "area" | "dot" | "level" | "mark" | "arrow" | "triangle" | "ball", role, xs, ys, name }.
   * "level" is a horizontal line at ys, "mark" a vertical one at xs, "arrow" leads from the first to the second of two
   * points, `radius` a dot's or a triangle's in pixels, a ball's in the units of x; series with a name go into the
   * key above the frame, in as many rows as the width asks for.
   */
  draw(series) {
    const named = series.filter((s) => s.name);
    this.keyRows = 0;
    const rows = this.#arrange(named, this.box);
    this.keyRows = rows.length;
    const box = this.box;
    const parts = [this.#axes(box), `<clipPath id="${this.clip}"><rect x="${box.left - 7}" y="${box.top - 5}" width="${box.right - box.left + 14}" height="${box.bottom - box.top + 10}"/></clipPath>`];
    parts.push(`<g clip-path="url(#${this.clip})">${series.map((s) => this.#shape(s, box)).join("")}</g>`);
    parts.push(this.#key(rows, box));
    this.element.setAttribute("viewBox", `0 0 ${box.width} ${this.height}`);
    this.element.style.height = `${this.height}px`;
    this.element.innerHTML = parts.join("");
  }

  /** An axis's ticks as [number, text]. */
  #named(axis, count) {
    return (axis.ticks ?? ticks(axis.min, axis.max, count)).map((t) => (Array.isArray(t) ? t : [t, plain(t)]));
  }

  #axes(box) {
    const { left, right, top, bottom } = box;
    const xs = this.#named(this.x, box.width < 300 ? 4 : 6).map(([t, text]) => {
      const px = this.px(t).toFixed(1);
      return `<path class="rule" d="M${px} ${top}V${bottom}"/><text x="${px}" y="${bottom + 16}" text-anchor="middle">${text}</text>`;
    });
    const ys = this.#named(this.y, this.height < 150 ? 3 : 4).map(([t, text]) => {
      const py = this.py(t).toFixed(1);
      return `<path class="rule" d="M${left} ${py}H${right}"/><text x="${left - 6}" y="${Number(py) + 4}" text-anchor="end">${text}</text>`;
    });
    return `${xs.join("")}${ys.join("")}<path class="frame" d="M${left} ${top}V${bottom}H${right}"/>
      <text x="${(left + right) / 2}" y="${this.height - 6}" text-anchor="middle">${svgText(this.x.label ?? "")}</text>
      <text x="13" y="${(top + bottom) / 2}" text-anchor="middle" transform="rotate(-90 13 ${(top + bottom) / 2})">${svgText(this.y.label ?? "")}</text>
      <text x="${left}" y="15" font-weight="600">${svgText(this.title)}</text>`;
  }

  #shape({ kind, role, xs, ys, radius = 6 }, box) {
    // values far outside would make the browser work for nothing: the frame cuts them off anyway
    const clamp = (v) => Math.min(this.height + 999, Math.max(-999, v)).toFixed(1);
    if (kind === "level") return `<path class="curve ${role}" d="M${box.left} ${clamp(this.py(ys))}H${box.right}"/>`;
    if (kind === "mark") return `<path class="curve ${role}" d="M${clamp(this.px(xs))} ${box.top}V${box.bottom}"/>`;
    if (kind === "dot") return `<circle class="dot ${role}" cx="${this.px(xs).toFixed(1)}" cy="${clamp(this.py(ys))}" r="${radius}"/>`;
    if (kind === "ball") return `<circle class="ball ${role}" cx="${this.px(xs).toFixed(1)}" cy="${clamp(this.py(ys))}" r="${clamp(this.px(xs + radius) - this.px(xs))}"/>`;
    if (kind === "triangle") {
      const [x, y] = [this.px(xs), this.py(ys)];
      return `<path class="dot ${role}" d="M${x.toFixed(1)} ${clamp(y - radius)}l${radius} ${1.7 * radius}h${-2 * radius}z"/>`;
    }
    if (kind === "arrow") return this.#arrow(role, xs.map((x) => this.px(x)), ys.map((y) => this.py(y)));
    const path = Array.from(xs, (x, i) => `${this.px(x).toFixed(1)} ${clamp(this.py(ys[i]))}`).join("L");
    if (path === "") return "";
    if (kind === "curve") return `<path class="curve ${role}" d="M${path}"/>`;
    const base = this.py(Math.max(0, this.y.min)).toFixed(1);
    return `<path class="area ${role}" d="M${this.px(xs[0]).toFixed(1)} ${base}L${path}V${base}Z"/>`;
  }

  #arrow(role, [x, toX], [y, toY]) {
    const length = Math.hypot(toX - x, toY - y);
    if (length < 1) return "";
    const [u, v, head] = [(toX - x) / length, (toY - y) / length, Math.min(5, 0.5 * length)];
    const barb = (side) => `${(toX - head * (u - side * 0.55 * v)).toFixed(1)} ${(toY - head * (v + side * 0.55 * u)).toFixed(1)}`;
    const tip = `${toX.toFixed(1)} ${toY.toFixed(1)}`;
    return `<path class="arrow ${role}" d="M${x.toFixed(1)} ${y.toFixed(1)}L${tip}M${barb(1)}L${tip}L${barb(-1)}"/>`;
  }

  /** Spread the key's entries over rows: [[series, x], ...] for each row. */
  #arrange(named, box) {
    const rows = [];
    let x = Infinity;
    for (const series of named) {
      const width = 50 + 6.9 * series.name.length;
      if (x + width > box.right + 16) {
        rows.push([]);
        x = box.left;
      }
      rows[rows.length - 1].push([series, x]);
      x += width;
    }
    return rows;
  }

  #key(rows, box) {
    const entry = ([{ kind, role, name }, x], y) => {
      const sample = kind === "dot" ? `<circle class="dot ${role}" cx="${x + 13}" cy="${y}" r="5"/>` : `<path class="curve ${role}" d="M${x} ${y}h27"/>`;
      return `${sample}<text x="${x + 33}" y="${y + 4}">${svgText(name)}</text>`;
    };
    return rows.map((row, i) => row.map((item) => entry(item, box.top - 18 * (rows.length - i) + 6)).join("")).join("");
  }
}
