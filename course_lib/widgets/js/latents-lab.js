"use strict";
// The lab around a trained generator: a pad between four codes, and sliders along directions from there.

const PATHS = { spherical: slerp, linear: lerp };

function mountLatents(root, data) {
  const layers = unpackGenerator(data.generator);
  const latent = layers[0].inputs;
  const position = { u: 0.5, v: 0.5 };
  const picture = make("canvas", { class: "pixels", role: "img", "aria-label": "The generated image at this place in latent space" });
  const pad = make("canvas", { class: "pixels grip", tabindex: "0", role: "application", style: "touch-action:none",
    "aria-label": "Pad between four codes: drag, or use the arrow keys", pointerdown: drag, pointermove: (e) => e.buttons && drag(e), keydown: step });
  const path = choice({ label: "path", options: Object.keys(PATHS), value: "spherical", change: drawAll });
  const sliders = data.directions.map(({ name }) => slider({ label: name, min: -4, max: 4, step: 0.1, value: 0, role: "generator", show: (v) => fixed(v, 1), input: drawPicture }));
  const numbers = readings({ place: "place on the pad", norm: "length of z", ms: "ms per image" });
  const back = make("button", { click: () => { sliders.forEach((s) => (s.value = 0)); drawPicture(); } }, "Directions to zero");
  root.append(
    ...taskLine(data.task),
    make("div", { class: "columns two side" },
      make("div", {}, make("p", { class: "note" }, "Drag between four codes (corners)."), pad),
      make("div", {}, make("p", { class: "note" }, "The image there, plus the directions below."), picture)),
    make("div", { class: "columns", style: "margin-top:10px" }, numbers.element,
      make("div", { class: "controls" }, path.element, ...sliders.map((s) => s.element), back)),
  );

  const base = () => between(data.codes, position.u, position.v, PATHS[path.value]);
  const code = () => base().map((z, i) => z + sliders.reduce((sum, s, k) => sum + s.value * data.directions[k].vector[i], 0));

  /** An image (C, H, W) in [-1, 1] as pixels that a canvas takes. */
  function toImage({ pixels, side }) {
    const area = side * side;
    const channels = pixels.length / area;
    const image = new ImageData(side, side);
    for (let i = 0; i < area; i++) {
      for (let k = 0; k < 3; k++) image.data[4 * i + k] = Math.round(127.5 * (pixels[(channels === 3 ? k : 0) * area + i] + 1));
      image.data[4 * i + 3] = 255;
    }
    return image;
  }

  function drawPicture() {
    const z = code();
    const begin = performance.now();
    const result = generate(layers, Float32Array.from(z));
    const spent = performance.now() - begin;
    picture.width = picture.height = result.side;
    picture.getContext("2d").putImageData(toImage(result), 0, 0);
    numbers.set({
      place: `${fixed(position.u, 2)}, ${fixed(position.v, 2)}`,
      norm: `${fixed(norm(z), 2)}  (√d = ${fixed(Math.sqrt(latent), 1)})`, ms: spent.toFixed(1),
    });
  }

  /** The pad: images at 5 × 5 places, and a ring where the reader stands. */
  let tiles = null;
  function drawPad() {
    const count = 5;
    const side = generate(layers, Float32Array.from(data.codes[0])).side;
    if (tiles === null || tiles.path !== path.value) {
      tiles = make("canvas", { width: count * side, height: count * side });
      tiles.path = path.value;
      for (let row = 0; row < count; row++) {
        for (let column = 0; column < count; column++) {
          const z = between(data.codes, column / (count - 1), row / (count - 1), PATHS[path.value]);
          tiles.getContext("2d").putImageData(toImage(generate(layers, Float32Array.from(z))), column * side, row * side);
        }
      }
    }
    pad.width = pad.height = 600;
    const context = pad.getContext("2d");
    context.imageSmoothingEnabled = false;
    context.drawImage(tiles, 0, 0, 600, 600);
    const tile = 600 / count;
    const [x, y] = [position.u, position.v].map((t) => tile / 2 + t * (600 - tile)); // corners' centres are the codes
    for (const [width, name] of [[12, "paper"], [6, "generator"]]) {
      context.beginPath();
      context.arc(x, y, 26, 0, 7);
      context.lineWidth = width;
      context.strokeStyle = colour(name);
      context.stroke();
    }
  }

  function drag(event) {
    const box = pad.getBoundingClientRect();
    const share = (pixels, length) => Math.min(1, Math.max(0, (pixels / length - 0.1) / 0.8));
    if (event.type === "pointerdown") pad.setPointerCapture(event.pointerId);
    position.u = share(event.clientX - box.left, box.width);
    position.v = share(event.clientY - box.top, box.height);
    drawAll();
  }

  function step(event) {
    const moves = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    if (!(event.key in moves)) return;
    event.preventDefault();
    const [du, dv] = moves[event.key];
    position.u = Math.min(1, Math.max(0, position.u + 0.05 * du));
    position.v = Math.min(1, Math.max(0, position.v + 0.05 * dv));
    drawAll();
  }

  function drawAll() {
    drawPad();
    drawPicture();
  }

  drawAll();
  onAppearance(root, drawAll);
}
