"use strict";
// The conjugate as a line under a curve: the reader slides the slope, the line rises until it touches f.

function mountConjugate(root, settings) {
  const STEPS = 200; // of the slope's slider, over the range that the divergence asks for
  const U = { min: 0, max: 4 };
  const ratios = Array.from({ length: 401 }, (_, i) => clampBelow(i / 100, 1e-4));
  const left = new Plot({ height: 300, title: "f, and a line of slope t below it", x: { ...U, label: "u = p/q" }, y: {}, description: "A convex function f and the highest line of a given slope below it" });
  const right = new Plot({ height: 300, title: "How deep the line starts: f*(t)", x: {}, y: {}, description: "The conjugate of f against the slope" });
  const kind = choice({ label: "divergence", options: Object.keys(F_DIVERGENCES), value: settings.divergence, change: draw });
  const row = () => F_DIVERGENCES[kind.value];
  const slopeOf = (position) => row().slopes[0] + (row().slopes[1] - row().slopes[0]) * (position / STEPS);
  const position = (t) => Math.round(((t - row().slopes[0]) / (row().slopes[1] - row().slopes[0])) * STEPS);
  const slope = slider({ label: "slope t of the line", min: 0, max: STEPS, step: 1, value: position(settings.slope), role: "generator", show: (s) => fixed(slopeOf(s), 2), input: draw });
  const ratio = slider({ label: "marked ratio u", min: 0.05, max: 4, step: 0.05, value: settings.ratio, role: "data", show: (u) => fixed(u, 2), input: draw });
  const all = check({ label: "many lines", value: false, change: draw });
  const numbers = readings({ t: "slope t", conjugate: "f*(t)", line: "line at u", f: "f(u)", gap: "gap" });
  const note = make("p", { class: "note", role: "status" });
  root.append(
    ...taskLine(settings.task),
    make("div", { class: "controls", style: "margin-bottom:10px" }, kind.element, slope.element, ratio.element, all.element),
    make("div", { class: "columns two" }, left.element, right.element),
    make("div", { class: "columns", style: "margin-top:8px" }, numbers.element, note),
  );

  /** The line of slope t from the left edge to the right one, as a series. */
  function line(t, role, name) {
    const { conjugate } = row();
    return { kind: "curve", role, xs: [U.min, U.max], ys: [U.min, U.max].map((u) => u * t - conjugate(t)), name };
  }

  function draw() {
    slope.value = Number(slope.value); // its words depend on the divergence
    const { f, conjugate, contact, slopes, heights, values } = row();
    const t = slopeOf(slope.value), u = ratio.value, exists = Number.isFinite(conjugate(t));
    const touch = Math.min(9, Math.max(1e-12, contact(t))); // off the right edge, if need be
    left.y = { min: heights[0], max: heights[1], label: "f(u)" };
    right.x = { min: slopes[0], max: slopes[1], label: "slope t" };
    right.y = { min: values[0], max: values[1], label: "f*(t)" };
    const many = Array.from({ length: 25 }, (_, i) => slopes[0] + ((slopes[1] - slopes[0]) * i) / 24);
    left.draw([
      ...(all.value ? many.filter((s) => Number.isFinite(conjugate(s))).map((s) => line(s, "theory")) : []),
      { kind: "mark", role: "theory", xs: u },
      { kind: "curve", role: "data", xs: ratios, ys: ratios.map(f), name: "f" },
      ...(exists ? [
        line(t, "generator", "u·t − f*(t)"),
        { kind: "dot", role: "generator", xs: touch, ys: f(touch), radius: 5 },
        { kind: "dot", role: "theory", xs: 0, ys: -conjugate(t), radius: 5, name: "height −f*(t)" },
      ] : []),
      { kind: "dot", role: "data", xs: u, ys: f(u), radius: 5 },
    ]);
    const shown = Array.from({ length: 601 }, (_, i) => slopes[0] + ((slopes[1] - slopes[0]) * i) / 600).filter((s) => Number.isFinite(conjugate(s)));
    right.draw([
      { kind: "curve", role: "discriminator", xs: shown, ys: shown.map(conjugate), name: "f*" },
      { kind: "mark", role: "theory", xs: t },
      ...(exists ? [{ kind: "dot", role: "theory", xs: t, ys: conjugate(t), radius: 5 }] : []),
    ]);
    const gap = gapAt(row(), u, t);
    numbers.set({
      t: fixed(t, 3), conjugate: exists ? fixed(conjugate(t), 3) : "+∞", line: exists ? fixed(u * t - conjugate(t), 3) : "none",
      f: fixed(f(u), 3), gap: exists ? fixed(gap, 3) : "+∞",
    });
    note.textContent =
      !exists ? "No line of this slope stays below f, however deep it starts: f*(t) = +∞. A critic must not say this."
      : gap < 0.002 * (heights[1] - heights[0]) ? "The line touches f at this u: t is the best thing to say there, T* = f′(u), and the bound is tight."
      : touch <= 1e-9 ? "The line has reached the left edge: it turns about (0, f(0)), and f* no longer changes."
      : `The line touches f at u = ${contact(t) > 999 ? "∞" : fixed(contact(t), 2)}, not at ${fixed(u, 2)}: the bound falls short by the gap.`;
  }

  draw();
  onAppearance(root, draw);
}
