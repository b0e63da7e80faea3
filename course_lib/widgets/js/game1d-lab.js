"use strict";
// The lab around solveGame: drag p_g, see D* answer and the value of the game move.

function mountGame1d(root, settings) {
  const x = { min: -5, max: 5 };
  const densities = new Plot({ height: 206, title: "Densities (drag p_g)", x, y: { min: 0, max: 0.7, ticks: [0, 0.2, 0.4, 0.6], label: "density" }, description: "Densities of data and generator" });
  const response = new Plot({ height: 196, title: "The best discriminator", x: { ...x, label: "x" }, y: { min: 0, max: 1, ticks: [0, 0.5, 1], label: "D*(x)" }, description: "The optimal discriminator against x" });
  const LOG4 = Math.log(4);
  const landscape = new Plot({
    height: 234, title: "Value of the game, V(G, D*)", x: { min: -4, max: 4, label: "mean of p_g" },
    y: { min: -LOG4 - 0.1, max: 0.05, label: "V (nats)", ticks: [[0, "0"], [-0.5, "−0.5"], [-1, "−1"], [-LOG4, "−log 4"]] },
    description: "Value of the game against the generator's mean",
  });
  const numbers = readings({ js: "JS", twice: "2 JS − log 4", value: "V, integrated" });
  const note = make("p", { class: "note", role: "status" });
  const control = (label, min, max, value, show = (v) => fixed(v, 2)) => slider({ label, min, max, step: 0.05, value, role: "generator", show, input: draw });
  const mean = control("mean", -4, 4, settings.mean);
  const deviation = control("spread of a bump", 0.2, 2.5, settings.deviation);
  const gap = control("gap of the bumps", 0, 5, settings.gap);

  root.append(
    ...taskLine(settings.task),
    make("div", { class: "columns two" }, make("div", {}, make("div", { class: "main" }, densities.element), response.element),
      make("div", {}, landscape.element, make("div", { class: "columns", style: "margin-top:8px" }, numbers.element, note))),
    make("div", { class: "controls", style: "margin-top:10px" }, mean.element, deviation.element, gap.element),
  );
  [densities, landscape].forEach((plot) => plot.onDrag(move));

  /** The pointer moves the mean; the slider does the same from the keyboard. */
  function move(x) {
    mean.value = x;
    draw();
  }

  const model = (position = mean.value) => ({ mean: position, gap: gap.value, deviation: deviation.value });

  function draw() {
    const { xs, p, q, best, js, value } = solveGame(DATA_1D, model());
    const both = { xs };
    densities.draw([
      { kind: "area", role: "data", ys: p, ...both }, { kind: "area", role: "generator", ys: q, ...both },
      { kind: "curve", role: "data", ys: p, name: "p_data", ...both }, { kind: "curve", role: "generator", ys: q, name: "p_g", ...both },
    ]);
    response.draw([
      { kind: "level", role: "theory", ys: 0.5, name: "1/2" },
      { kind: "curve", role: "discriminator", ys: best, name: "D* = p_data/(p_data + p_g)", ...both },
    ]);
    const means = Array.from({ length: 81 }, (_, i) => -4 + i / 10);
    const coarse = { low: -20, high: 20, count: 501 }; // enough for a drawn line
    landscape.draw([
      { kind: "level", role: "theory", ys: -LOG4, name: "least possible: −log 4" },
      { kind: "curve", role: "generator", xs: means, ys: means.map((m) => solveGame(DATA_1D, model(m), coarse).value) },
      { kind: "dot", role: "generator", xs: mean.value, ys: value, name: "p_g now" },
    ]);
    numbers.set({ js: fixed(js, 4), twice: fixed(2 * js - LOG4, 4), value: fixed(value, 4) });
    note.textContent =
      js < 5e-4 ? "p_g = p_data: D* is 1/2 everywhere, and the game has its least value."
      : js > 0.9 * Math.LN2 ? "Almost no overlap: JS is near its maximum, log 2 = 0.693, and the value is nearly flat."
      : "JS in nats, between 0 and log 2 = 0.693.";
  }

  draw();
  onAppearance(root, draw);
}
