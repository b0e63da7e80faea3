"use strict";
// A channel whose noise the reader turns: exact information beside the bound of a chosen reading.

function mountChannel(root, settings) {
  const STEPS = 60; // of the noise's sliders, from 0.1 to 10 by equal factors
  const noiseOf = (position) => 10 ** (-1 + (2 * position) / STEPS);
  const place = (noise) => Math.round(((Math.log10(noise) + 1) / 2) * STEPS);
  const COUNTS = { two: 2, four: 4, eight: 8 };
  const seen = new Plot({ height: 165, title: "What is seen of each code", x: { label: "x" }, y: { min: 0, max: 1 }, description: "The density of x for each code" });
  const read = new Plot({ height: 165, title: "What is read: the second code's share", x: { label: "x" }, y: { min: 0, max: 1.05 }, description: "The posterior of one code, and what q says instead" });
  const nats = new Plot({ height: 330, title: "Nats, over the noise", x: { min: -1, max: 1, label: "noise ν", ticks: [[-1, "0.1"], [-0.5, "0.3"], [0, "1"], [0.5, "3"], [1, "10"]] }, y: {}, description: "Exact information and the bound of the chosen reading against the noise" });
  const count = choice({ label: "codes", options: Object.keys(COUNTS), value: settings.codes, change: drawAll });
  const noise = slider({ label: "noise ν", min: 0, max: STEPS, step: 1, value: place(settings.noise), role: "data", show: (s) => fixed(noiseOf(s), 2), input: draw });
  const assumed = slider({ label: "noise q assumes", min: 0, max: STEPS, step: 1, value: place(settings.assumed), role: "generator", show: (s) => fixed(noiseOf(s), 2), input: drawAll });
  const shift = slider({ label: "shift of q", min: -1, max: 1, step: 0.1, value: 0, role: "generator", show: (v) => fixed(v, 1), input: drawAll });
  const numbers = readings({ entropy: "H(C)", exact: "I(C; X)", bound: "bound", gap: "gap" });
  const note = make("p", { class: "note", role: "status" });
  root.append(
    ...taskLine(settings.task),
    make("div", { class: "controls", style: "margin-bottom:10px" }, count.element, noise.element, assumed.element, shift.element),
    make("div", { class: "columns two" }, make("div", {}, seen.element, read.element), nats.element),
    make("div", { class: "columns", style: "margin-top:8px" }, numbers.element, note),
  );

  const levels = () => levelsOf(COUNTS[count.value]);
  let curves = [];

  /** Both curves over the noise: they depend on the reading and not on the present noise. */
  function drawAll() {
    const every = Array.from({ length: STEPS / 2 + 1 }, (_, i) => noiseOf(2 * i));
    curves = every.map((sigma) => ({ sigma, ...channelBounds(levels(), sigma, noiseOf(assumed.value), shift.value) }));
    draw();
  }

  function draw() {
    const [sigma, wide] = [noiseOf(noise.value), noiseOf(assumed.value)];
    const reach = Math.min(14, levels().at(-1) + 3 * Math.min(sigma, 3) + 1);
    const xs = Array.from({ length: 401 }, (_, i) => -reach + (2 * reach * i) / 400);
    seen.x = read.x = { min: -reach, max: reach, label: "x" };
    const peak = Math.exp(logNormal(0, sigma));
    seen.y = { min: 0, max: 1.1 * peak };
    seen.draw(levels().flatMap((level) => {
      const ys = xs.map((x) => Math.exp(logNormal(x - level, sigma)));
      return [{ kind: "area", role: "data", xs, ys }, { kind: "curve", role: "data", xs, ys }];
    }));
    const share = (width, move) => xs.map((x) => Math.exp(logReading(levels(), width, x - move)[1]));
    read.draw([
      { kind: "curve", role: "theory", xs, ys: share(sigma, 0), name: "p(c|x)" },
      { kind: "curve", role: "generator", xs, ys: share(wide, shift.value), name: "q(c|x)" },
    ]);
    const { exact, bound } = channelBounds(levels(), sigma, wide, shift.value);
    const top = Math.log(levels().length);
    nats.y = { min: -1.2 * top, max: 1.1 * top, label: "nats" };
    const across = curves.map((c) => Math.log10(c.sigma));
    nats.draw([
      { kind: "level", role: "data", ys: top, name: "H(C)" },
      { kind: "curve", role: "theory", xs: across, ys: curves.map((c) => c.exact), name: "I(C; X)" },
      { kind: "curve", role: "generator", xs: across, ys: curves.map((c) => c.bound), name: "bound of q" },
      { kind: "dot", role: "theory", xs: Math.log10(sigma), ys: exact, radius: 5 },
      { kind: "dot", role: "generator", xs: Math.log10(sigma), ys: bound, radius: 5 },
    ]);
    numbers.set({ entropy: fixed(top, 3), exact: fixed(exact, 3), bound: fixed(bound, 3), gap: fixed(exact - bound, 3) });
    note.textContent =
      exact - bound < 0.002 ? "The bound is tight: q is the posterior of this channel."
      : bound < 0 ? "The bound is below zero: q is so sure of itself that it says less than a guess would. There is information all the same."
      : wide > sigma ? "q trusts x too little: it leaves information unused."
      : "q trusts x too much, or looks at the wrong place: where it errs, it pays.";
  }

  drawAll();
  onAppearance(root, draw);
}
