"use strict";
// A brush over a generated image: the reader paints a colour, and the nearest image of the generator answers.

const STEPS = 120; // of descent after each stroke
const RATE = 0.08;

function mountBrush(root, data) {
  const layers = unpackGenerator(data.generator);
  const { side } = generate(layers, Float32Array.from(data.codes[0]));
  const area = side * side;
  let which = 0;
  let start, search, mask, target, left, running = false;
  let ink = 0;

  const canvas = (label) => make("canvas", { class: "pixels", role: "img", "aria-label": label });
  const easel = make("canvas", { class: "pixels", tabindex: "0", role: "application", style: "touch-action:none;cursor:crosshair",
    "aria-label": "The image: drag to paint on it; with the keyboard, move with the arrows and paint with the space bar",
    pointerdown: stroke, pointermove: (e) => e.buttons && stroke(e), keydown: key });
  const before = canvas("The image before painting");
  const cursor = { x: side / 2, y: side / 2, shown: false };
  const swatches = data.inks.map(({ name, rgb }, k) => make("button", {
    "aria-label": name, title: name, "aria-pressed": k === 0 ? "true" : "false",
    style: `min-width:38px;background:rgb(${rgb.map((v) => Math.round(127.5 * (v + 1))).join()})`,
    click: () => { ink = k; swatches.forEach((s, j) => { s.setAttribute("aria-pressed", j === k ? "true" : "false"); s.style.outline = j === k ? "3px solid var(--focus)" : ""; }); },
  }));
  swatches[0].style.outline = "3px solid var(--focus)";
  const size = slider({ label: "brush", min: 1, max: 6, step: 1, value: 3, show: (v) => `${2 * v - 1} pixels`, input: () => {} });
  const near = slider({ label: "stay near the first code", min: -2, max: 1.5, step: 0.1, value: -0.5, role: "generator", show: (v) => fixed(10 ** v, 2), input: begin });
  const numbers = readings({ fit: "error under the brush", away: "distance from z₀", length: "length of z" });
  const clear = make("button", { click: reset }, "Clear");
  const next = make("button", { click: () => { which = (which + 1) % data.codes.length; reset(); } }, "Another image");
  root.append(
    ...taskLine(data.task),
    make("div", { class: "columns two" },
      make("div", {}, make("p", { class: "note" }, "Paint here; the image follows."), easel),
      make("div", {}, make("p", { class: "note" }, "The image before."), before)),
    make("div", { class: "buttons", style: "margin-top:10px" }, ...swatches, clear, next),
    make("div", { class: "controls", style: "margin-top:8px" }, size.element, near.element),
    numbers.element,
  );

  function toImage(pixels) {
    const image = new ImageData(side, side);
    const channels = pixels.length / area;
    for (let i = 0; i < area; i++) {
      for (let k = 0; k < 3; k++) image.data[4 * i + k] = Math.round(127.5 * (pixels[(channels === 3 ? k : 0) * area + i] + 1));
      image.data[4 * i + 3] = 255;
    }
    return image;
  }

  function reset() {
    left = 0;
    cursor.shown = false;
    start = Float32Array.from(data.codes[which]);
    search = beginSearch(start);
    mask = new Float32Array(area);
    target = new Float32Array(generate(layers, start).pixels.length);
    before.width = before.height = side;
    before.getContext("2d").putImageData(toImage(generate(layers, start).pixels), 0, 0);
    draw();
  }

  /** Paint around (x, y), in pixels of the image. */
  function paint(x, y) {
    const reach = size.value - 0.5;
    for (let row = 0; row < side; row++) {
      for (let column = 0; column < side; column++) {
        if (Math.hypot(row + 0.5 - y, column + 0.5 - x) > reach) continue;
        mask[row * side + column] = 1;
        const channels = target.length / area;
        for (let k = 0; k < channels; k++) target[k * area + row * side + column] = data.inks[ink].rgb[k];
      }
    }
    begin();
  }

  function stroke(event) {
    const box = easel.getBoundingClientRect();
    if (event.type === "pointerdown") easel.setPointerCapture(event.pointerId);
    cursor.shown = false;
    paint(((event.clientX - box.left) / box.width) * side, ((event.clientY - box.top) / box.height) * side);
  }

  function key(event) {
    const moves = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    if (event.key in moves) {
      cursor.x = Math.min(side, Math.max(0, cursor.x + moves[event.key][0]));
      cursor.y = Math.min(side, Math.max(0, cursor.y + moves[event.key][1]));
      cursor.shown = true;
    } else if (event.key === " ") paint(cursor.x, cursor.y);
    else return;
    event.preventDefault();
    draw();
  }

  /** Descend again, from where the search stands. */
  function begin() {
    search = beginSearch(search.code);
    left = STEPS;
    if (!running) {
      running = true;
      requestAnimationFrame(advance);
    }
  }

  function advance() {
    const until = performance.now() + 12; // milliseconds of a frame
    while (left > 0 && performance.now() < until) {
      const { slope } = brushLoss(layers, search.code, start, target, mask, 10 ** near.value);
      adamStep(search, slope, RATE * (left / STEPS), data.free);
      left -= 1;
    }
    draw();
    running = left > 0;
    if (running) requestAnimationFrame(advance);
  }

  function draw() {
    const { pixels, fit, away } = brushLoss(layers, search.code, start, target, mask, 0);
    easel.width = easel.height = side;
    const image = toImage(pixels);
    const context = easel.getContext("2d");
    context.putImageData(image, 0, 0);
    if (cursor.shown) {
      context.fillStyle = colour("generator");
      context.fillRect(Math.floor(cursor.x - 0.5), Math.floor(cursor.y - 0.5), 1, 1);
    }
    const z = search.code.subarray(0, data.free);
    numbers.set({
      fit: mask.some((m) => m) ? fixed(Math.sqrt(fit), 2) : "–",
      away: fixed(away, 2), length: `${fixed(Math.hypot(...z), 1)}  (√d = ${fixed(Math.sqrt(data.free), 1)})`,
    });
  }

  reset();
  onAppearance(root, draw);
}
