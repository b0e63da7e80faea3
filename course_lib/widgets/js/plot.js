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

class Plot {
  /**
   * x, y: { min, max, label, ticks? } where ticks is a list of numbers or of [number, text].
   * height in CSS pixels; title stands above the frame; description is read to those who cannot see it.
   */
  constructor({ x, y, height, title = "", description = "" }) {
    Object.assign(this, { x, y, height, title });
    this.element = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    this.element.setAttribute("role", "img");
    this.element.setAttribute("aria-label", description || title);
  }

  get box() {
    const width = Math.max(240, this.element.clientWidth || 320);
    return { width, left: 50, right: width - 10, top: this.title ? 24 : 8, bottom: this.height - 40 };
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

  /**
   * Draw series: { kind: "curve" | "area" | "dot" | "level" | "mark", role, xs, ys, name }.
   * "level" is a horizontal line at ys, "mark" a vertical one at xs; series with a name go into the key inside the
   * frame, at `corner` ("left" or "right", top).
   */
  draw(series, corner = "right") {
    const box = this.box;
    const parts = [this.#axes(box), `<clipPath id="c"><rect x="${box.left}" y="${box.top - 5}" width="${box.right - box.left + 5}" height="${box.bottom - box.top + 10}"/></clipPath>`];
    parts.push(`<g clip-path="url(#c)">${series.map((s) => this.#shape(s, box)).join("")}</g>`);
    parts.push(this.#key(series.filter((s) => s.name), box, corner));
    this.element.setAttribute("viewBox", `0 0 ${box.width} ${this.height}`);
    this.element.style.height = `${this.height}px`;
    this.element.innerHTML = parts.join("");
  }

  #axes(box) {
    const { left, right, top, bottom } = box;
    const named = (axis, count) => (axis.ticks ?? ticks(axis.min, axis.max, count)).map((t) => (Array.isArray(t) ? t : [t, plain(t)]));
    const xs = named(this.x, box.width < 300 ? 4 : 6).map(([t, text]) => {
      const px = this.px(t).toFixed(1);
      return `<path class="rule" d="M${px} ${top}V${bottom}"/><text x="${px}" y="${bottom + 16}" text-anchor="middle">${text}</text>`;
    });
    const ys = named(this.y, this.height < 150 ? 3 : 4).map(([t, text]) => {
      const py = this.py(t).toFixed(1);
      return `<path class="rule" d="M${left} ${py}H${right}"/><text x="${left - 6}" y="${Number(py) + 4}" text-anchor="end">${text}</text>`;
    });
    return `${xs.join("")}${ys.join("")}<path class="frame" d="M${left} ${top}V${bottom}H${right}"/>
      <text x="${(left + right) / 2}" y="${this.height - 6}" text-anchor="middle">${escapeText(this.x.label ?? "")}</text>
      <text x="13" y="${(top + bottom) / 2}" text-anchor="middle" transform="rotate(-90 13 ${(top + bottom) / 2})">${escapeText(this.y.label ?? "")}</text>
      <text x="${left}" y="15" font-weight="600">${escapeText(this.title)}</text>`;
  }

  #shape({ kind, role, xs, ys }, box) {
    // values far outside would make the browser work for nothing: the frame cuts them off anyway
    const clamp = (v) => Math.min(this.height + 999, Math.max(-999, v)).toFixed(1);
    if (kind === "level") return `<path class="curve ${role}" d="M${box.left} ${clamp(this.py(ys))}H${box.right}"/>`;
    if (kind === "mark") return `<path class="curve ${role}" d="M${clamp(this.px(xs))} ${box.top}V${box.bottom}"/>`;
    if (kind === "dot") return `<circle class="dot ${role}" cx="${this.px(xs).toFixed(1)}" cy="${clamp(this.py(ys))}" r="6"/>`;
    const path = Array.from(xs, (x, i) => `${this.px(x).toFixed(1)} ${clamp(this.py(ys[i]))}`).join("L");
    if (path === "") return "";
    if (kind === "curve") return `<path class="curve ${role}" d="M${path}"/>`;
    const base = this.py(Math.max(0, this.y.min)).toFixed(1);
    return `<path class="area ${role}" d="M${this.px(xs[0]).toFixed(1)} ${base}L${path}V${base}Z"/>`;
  }

  #key(named, box, corner) {
    if (named.length === 0) return "";
    const width = 42 + 7.1 * Math.max(...named.map((s) => s.name.length));
    const x = corner === "left" ? box.left + 8 : box.right - width;
    const plate = `<rect class="plate" x="${x - 4}" y="${box.top}" width="${width}" height="${18 * named.length + 5}" rx="4"/>`;
    const lines = named.map((s, i) => {
      const y = box.top + 13 + 18 * i;
      const sample = s.kind === "dot" ? `<circle class="dot ${s.role}" cx="${x + 13}" cy="${y}" r="5"/>` : `<path class="curve ${s.role}" d="M${x} ${y}h27"/>`;
      return `${sample}<text x="${x + 34}" y="${y + 4}">${escapeText(s.name)}</text>`;
    });
    return plate + lines.join("");
  }
}
