"use strict";
// The lab around trained generators of two latents: a map of their square, and the point that is made of a place on it.

const STOPS = ["#440154", "#3B528B", "#21918C", "#5EC962", "#FDE725"]; // viridis: from the start of the curve to its end

/** The colour of a share of the curve, as [red, green, blue]. */
function curveColour(share) {
  const position = Math.min(0.9999, Math.max(0, share)) * (STOPS.length - 1);
  const [low, t] = [Math.floor(position), position % 1];
  const rgb = (stop) => stop.match(/[\da-f]{2}/gi).map((h) => parseInt(h, 16));
  const [a, b] = [rgb(STOPS[low]), rgb(STOPS[low + 1])];
  return a.map((v, k) => Math.round(v + t * (b[k] - v)));
}

function mountLatentPlane(root, settings) {
  const networks = Object.fromEntries(Object.entries(settings.networks).map(([name, spec]) => [name, loadPerceptron(spec)]));
  const curve = measured(settings.curve);
  const cells = 48;
  const side = 300; // pixels of the map on the screen's own grid, before it is scaled
  const map = make("canvas", { width: cells, height: cells });
  const pad = make("canvas", { class: "pixels grip", tabindex: "0", role: "application", style: "touch-action:none; image-rendering:auto",
    "aria-label": "The square of z1 and z2: drag, or use the arrow keys", pointerdown: drag, pointermove: (e) => e.buttons && drag(e), keydown: step });
  const reach = settings.reach;
  const plane = new Plot({ height: 320, x: { min: -reach, max: reach, label: "x₁" }, y: { min: -reach, max: reach, label: "x₂" }, description: "The roll, the generated point, and the paths along each latent" });
  const which = choice({ label: "generator", options: Object.keys(networks), value: Object.keys(networks)[0], change: drawAll });
  const control = (label, role) => slider({ label, min: -1, max: 1, step: 0.01, value: 0.25, role, show: (v) => fixed(v, 2), input: draw });
  const [first, second] = [control("z₁", "generator"), control("z₂", "discriminator")];
  const numbers = readings({ place: "place along the roll", distance: "distance to it", sweep: "z₁ passes", other: "z₂ passes" });
  root.append(
    ...taskLine(settings.task),
    make("div", { class: "columns two" },
      make("div", {}, make("p", { class: "note" }, "The square of z₁ (across) and z₂ (up). Colour: where on the roll the point lies, dark inside, light outside."), pad),
      make("div", {}, make("div", { class: "main" }, plane.element),
        legend([["data", "line", "the roll"], ["generator", "line", "z₁ from −1 to 1"], ["discriminator", "line", "z₂ from −1 to 1"], ["theory", "dot", "the point"]]))),
    make("div", { class: "columns", style: "margin-top:10px" },
      make("div", { class: "controls" }, which.element, first.element, second.element), numbers.element),
  );

  const ticks = Array.from({ length: 101 }, (_, i) => -1 + i / 50);

  /** The points along one latent, the other held: { xs, ys, share }, share of the roll's length that they come by. */
  function sweep(axis) {
    const latents = ticks.flatMap((t) => (axis === 0 ? [t, second.value] : [first.value, t]));
    const points = pointsOf(networks[which.value], latents);
    const [xs, ys] = [0, 1].map((k) => ticks.map((_, i) => points[2 * i + k]));
    const met = new Set(xs.map((x, i) => Math.min(19, Math.floor(20 * placeOn(curve, x, ys[i]).place))));
    return { xs, ys, share: met.size / 20 };
  }

  /** Colour each cell of the square by the place of its point. */
  function drawMap() {
    const latents = [];
    for (let row = 0; row < cells; row++) for (let column = 0; column < cells; column++) latents.push((2 * (column + 0.5)) / cells - 1, 1 - (2 * (row + 0.5)) / cells);
    const points = pointsOf(networks[which.value], latents);
    const context = map.getContext("2d");
    const image = context.createImageData(cells, cells);
    for (let i = 0; i < cells * cells; i++) {
      image.data.set([...curveColour(placeOn(curve, points[2 * i], points[2 * i + 1]).place), 255], 4 * i);
    }
    context.putImageData(image, 0, 0);
  }

  function draw() {
    pad.width = pad.height = side;
    const context = pad.getContext("2d");
    context.drawImage(map, 0, 0, side, side);
    const [x, y] = [((first.value + 1) / 2) * side, ((1 - second.value) / 2) * side];
    for (const [width, name] of [[5, "paper"], [2.5, "ink"]]) {
      context.strokeStyle = colour(name);
      context.lineWidth = width;
      context.beginPath();
      context.arc(x, y, 9, 0, 7);
      context.stroke();
    }
    const [px, py] = pointsOf(networks[which.value], [first.value, second.value]);
    const [along, across] = [sweep(0), sweep(1)];
    plane.draw([
      { kind: "curve", role: "data", xs: settings.curve.map((p) => p[0]), ys: settings.curve.map((p) => p[1]) },
      { kind: "curve", role: "generator", ...along },
      { kind: "curve", role: "discriminator", ...across },
      { kind: "dot", role: "theory", xs: px, ys: py, radius: 6 },
    ]);
    const { place, distance } = placeOn(curve, px, py);
    numbers.set({ place: `${Math.round(100 * place)} %`, distance: fixed(distance, 2), sweep: `${Math.round(100 * along.share)} % of it`, other: `${Math.round(100 * across.share)} % of it` });
  }

  function drag(event) {
    const box = pad.getBoundingClientRect();
    const share = (pixels, length) => Math.min(1, Math.max(0, pixels / length));
    if (event.type === "pointerdown") pad.setPointerCapture(event.pointerId);
    first.value = 2 * share(event.clientX - box.left, box.width) - 1;
    second.value = 1 - 2 * share(event.clientY - box.top, box.height);
    draw();
  }

  function step(event) {
    const moves = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
    if (!(event.key in moves)) return;
    event.preventDefault();
    first.value += 0.04 * moves[event.key][0];
    second.value += 0.04 * moves[event.key][1];
    draw();
  }

  function drawAll() {
    drawMap();
    draw();
  }

  drawAll();
  onAppearance(root, draw);
}
