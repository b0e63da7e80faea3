"use strict";
// The square [-3, 3]² as a canvas: a heat-map of the discriminator, points, arrows, and axes.

class Plane {
  constructor({ reach = 3, cells = 36, description }) {
    Object.assign(this, { reach, cells });
    this.element = make("canvas", { role: "img", "aria-label": description });
    this.map = make("canvas", { width: cells, height: cells });
    this.margin = { left: 30, bottom: 36, top: 6, right: 6 };
    this.centres = new Float64Array(2 * cells * cells);
    for (let row = 0; row < cells; row++) {
      for (let column = 0; column < cells; column++) {
        const i = 2 * (row * cells + column);
        this.centres[i] = ((column + 0.5) / cells) * 2 * reach - reach;
        this.centres[i + 1] = reach - ((row + 0.5) / cells) * 2 * reach; // canvases count rows from the top
      }
    }
  }

  /** Fit the canvas to its width at the screen's resolution, and clear it. Returns the drawing context. */
  start() {
    const ratio = window.devicePixelRatio || 1;
    const width = Math.max(220, Math.min(420, this.element.parentElement.clientWidth));
    const { left, right, top, bottom } = this.margin;
    this.side = width - left - right;
    const height = this.side + top + bottom;
    this.element.width = Math.round(width * ratio);
    this.element.height = Math.round(height * ratio);
    this.element.style.width = `${width}px`;
    this.element.style.height = `${height}px`;
    const context = this.element.getContext("2d");
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.fillStyle = colour("paper");
    context.fillRect(0, 0, width, height);
    return (this.context = context);
  }

  px(x) {
    return this.margin.left + ((x + this.reach) / (2 * this.reach)) * this.side;
  }

  py(y) {
    return this.margin.top + ((this.reach - y) / (2 * this.reach)) * this.side;
  }

  /** Belief (0 generated, 1/2 undecided, 1 real) at the cells' centres as tints between two colours. */
  heat(belief) {
    const rgb = (name) => colour(name).match(/[\da-f]{2}/gi).map((h) => parseInt(h, 16));
    const [fake, even, real] = ["fake", "paper", "real"].map(rgb);
    const context = this.map.getContext("2d");
    const image = context.createImageData(this.cells, this.cells);
    for (let i = 0; i < belief.length; i++) {
      const end = belief[i] < 0.5 ? fake : real;
      const share = Math.abs(2 * belief[i] - 1);
      for (let k = 0; k < 3; k++) image.data[4 * i + k] = even[k] + share * (end[k] - even[k]);
      image.data[4 * i + 3] = 255;
    }
    context.putImageData(image, 0, 0);
    this.context.drawImage(this.map, this.margin.left, this.margin.top, this.side, this.side);
  }

  /** Points of a role: data as dots, generated ones as triangles, so that they differ without colour. */
  points(x, role) {
    const context = this.context;
    this.#inside(() => {
      context.fillStyle = colour(role);
      context.strokeStyle = colour("paper");
      context.lineWidth = 0.6;
      for (let i = 0; i < x.length; i += 2) {
        const px = this.px(x[i]);
        const py = this.py(x[i + 1]);
        context.beginPath();
        if (role === "data") context.arc(px, py, 2.3, 0, 7);
        else context.moveTo(px, py - 3.6), context.lineTo(px + 3.2, py + 2.2), context.lineTo(px - 3.2, py + 2.2), context.closePath();
        context.fill();
        context.stroke();
      }
    });
  }

  /** An arrow at each point, of the given length (in units of the plane) and direction. */
  arrows(x, d) {
    const context = this.context;
    this.#inside(() => {
      context.strokeStyle = colour("theory");
      context.lineWidth = 1.2;
      context.beginPath();
      for (let i = 0; i < x.length; i += 2) {
        const dx = (d[i] * this.side) / (2 * this.reach);
        const dy = (-d[i + 1] * this.side) / (2 * this.reach);
        const length = Math.hypot(dx, dy);
        if (length < 0.7) continue;
        const [px, py] = [this.px(x[i]), this.py(x[i + 1])];
        const [ux, uy] = [(dx / length) * 4, (dy / length) * 4];
        context.moveTo(px, py);
        context.lineTo(px + dx, py + dy);
        context.moveTo(px + dx - ux - uy / 2, py + dy - uy + ux / 2);
        context.lineTo(px + dx, py + dy);
        context.lineTo(px + dx - ux + uy / 2, py + dy - uy - ux / 2);
      }
      context.stroke();
    });
  }

  axes() {
    const context = this.context;
    const { left, top } = this.margin;
    context.strokeStyle = colour("edge");
    context.lineWidth = 1;
    context.strokeRect(left, top, this.side, this.side);
    context.fillStyle = colour("ink");
    context.font = "13px system-ui, sans-serif";
    for (const t of [-2, 0, 2]) {
      context.textAlign = "center";
      context.fillText(plain(t), this.px(t), top + this.side + 15);
      context.textAlign = "right";
      context.fillText(plain(t), left - 5, this.py(t) + 4);
    }
    context.textAlign = "center";
    context.fillText("x₁", this.px(0), top + this.side + 31);
    context.fillText("x₂", 9, this.py(1) + 4);
  }

  #inside(draw) {
    const { context, margin, side } = this;
    context.save();
    context.beginPath();
    context.rect(margin.left, margin.top, side, side);
    context.clip();
    draw();
    context.restore();
  }
}
