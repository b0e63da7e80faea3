"use strict";
// The lab around surface.js: the reader chooses a start on a loss surface, descent runs, and the picture found appears.

const BANDS = 14; // steps of shade between the lowest and the highest loss

function mountSurface(root, settings) {
  const { surface, truth, side, sheet, width, height } = settings;
  const { reach } = surface;
  const map = make("canvas", { class: "plane", tabindex: "0", role: "application", style: "cursor:crosshair;touch-action:manipulation",
    "aria-label": "The loss over two directions of the code: tap to choose a start; with the keyboard, move it with the arrows", click: tap, keydown: key });
  const curve = new Plot({ height: 190, title: "Loss on the way", x: { min: 0, max: 1, label: "step" }, y: { min: 0, max: 1 }, description: "Loss against the step of the descent" });
  const wanted = make("canvas", { class: "pixels", width, height, role: "img", style: "width:92px;height:92px", "aria-label": "the image whose code is sought" });
  const found = make("canvas", { class: "pixels", width, height, role: "img", style: "width:92px;height:92px" });
  const numbers = readings({ first: "loss at the start", last: "loss at the end", away: "distance from the code" });
  const note = make("p", { class: "note", role: "status" });
  const rate = slider({ label: "step size", min: -2, max: 1.5, step: 0.05, value: Math.log10(settings.rate), role: "theory", show: (v) => String(Number((10 ** v).toPrecision(2))), input: draw });
  const steps = slider({ label: "steps", min: 10, max: 300, step: 10, value: 120, role: "theory", input: draw });
  const momentum = slider({ label: "momentum", min: 0, max: 0.95, step: 0.05, value: 0, role: "theory", show: (v) => fixed(v, 2), input: draw });
  let start = settings.start;
  const image = new Image();
  image.addEventListener("load", draw);
  image.src = sheet;
  root.append(
    ...taskLine(settings.task),
    make("div", { class: "columns two" },
      make("div", { class: "main" }, map),
      make("div", {}, curve.element,
        make("div", { style: "display:flex;gap:14px;margin-top:8px" },
          make("figure", { style: "margin:0" }, wanted, make("figcaption", {}, "wanted")),
          make("figure", { style: "margin:0" }, found, make("figcaption", {}, "found"))),
        numbers.element, note)),
    make("div", { class: "controls", style: "margin-top:10px" }, rate.element, steps.element, momentum.element),
  );

  function tap(event) {
    const box = map.getBoundingClientRect();
    start = [((event.clientX - box.left) / box.width) * 2 * reach - reach, reach - ((event.clientY - box.top) / box.height) * 2 * reach];
    draw();
  }

  function key(event) {
    const by = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key];
    if (!by) return;
    event.preventDefault();
    start = start.map((c, k) => Math.min(reach, Math.max(-reach, c + (by[k] * reach) / 12)));
    draw();
  }

  /** The picture at the grid's place nearest to a point; the last of the sheet is the wanted one. */
  function put(canvas, number) {
    if (!image.complete || !image.naturalWidth) return;
    canvas.getContext("2d").drawImage(image, (number % side) * width, Math.floor(number / side) * height, width, height, 0, 0, width, height);
  }

  function draw() {
    const path = descendSurface(surface, start, 10 ** rate.value, steps.value, momentum.value);
    shade(path);
    const top = Math.max(...path.values);
    curve.x = { ...curve.x, max: steps.value };
    curve.y = { min: 0, max: top * 1.05 };
    curve.draw([{ kind: "curve", role: "generator", xs: path.values.map((_, i) => i), ys: path.values }]);
    const end = path.points[path.points.length - 1];
    const last = path.values[path.values.length - 1];
    const away = Math.hypot(end[0] - truth[0], end[1] - truth[1]);
    numbers.set({ first: fixed(path.values[0], 4), last: fixed(last, 4), away: fixed(away, 2) });
    const cell = (c) => Math.round(((c + reach) / (2 * reach)) * (side - 1));
    put(found, cell(end[1]) * side + cell(end[0]));
    put(wanted, side * side);
    found.setAttribute("aria-label", `the image at the end of the descent, loss ${fixed(last, 4)}`);
    note.textContent = away < 0.15 ? "It has found the code." : last > path.values[0] ? "The steps are too long: the loss has grown." : "It has settled elsewhere, or is still on its way.";
  }

  function shade({ points }) {
    const size = Math.max(220, Math.min(430, map.parentElement.clientWidth || 320));
    const ratio = window.devicePixelRatio || 1;
    map.width = map.height = Math.round(size * ratio);
    Object.assign(map.style, { width: `${size}px`, height: `${size}px` });
    const context = map.getContext("2d");
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    const cells = 72;
    const at = (k) => ((k + 0.5) / cells) * 2 * reach - reach;
    const values = Array.from({ length: cells * cells }, (_, i) => surfaceAt(surface, [at(i % cells), -at(Math.floor(i / cells))]).value);
    const logs = values.map((v) => Math.log(Math.max(v, 1e-6)));
    const [low, high] = [Math.min(...logs), Math.max(...logs)];
    const rgb = (name) => colour(name).match(/[\da-f]{2}/gi).map((h) => parseInt(h, 16));
    const [deep, pale] = [rgb("data"), rgb("paper")];
    const pixel = size / cells;
    logs.forEach((v, i) => {
      const share = Math.round(((v - low) / (high - low || 1)) * BANDS) / BANDS;
      context.fillStyle = `rgb(${deep.map((c, k) => Math.round(c + share * (pale[k] - c))).join()})`;
      context.fillRect((i % cells) * pixel, Math.floor(i / cells) * pixel, pixel + 1, pixel + 1);
    });
    const place = ([x, y]) => [((x + reach) / (2 * reach)) * size, ((reach - y) / (2 * reach)) * size];
    context.strokeStyle = colour("generator");
    context.lineWidth = 2.5;
    context.beginPath();
    points.forEach((p, i) => (i ? context.lineTo(...place(p)) : context.moveTo(...place(p))));
    context.stroke();
    mark(context, place(points[0]), "generator", 6);
    mark(context, place(truth), "theory", 5);
  }

  function mark(context, [x, y], role, radius) {
    context.fillStyle = colour(role);
    context.strokeStyle = colour("paper");
    context.lineWidth = 1.5;
    context.beginPath();
    context.arc(x, y, radius, 0, 7);
    context.fill();
    context.stroke();
  }

  draw();
  onAppearance(root, draw);
}
