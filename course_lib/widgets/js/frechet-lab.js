"use strict";
// Two Gaussians in the plane: the reader moves, stretches and turns one, and the two terms of the distance follow.

const FRECHET_DATA = { mean: [0, 0], along: 1.5, across: 0.6, angle: 30 };

function mountFrechet(root, settings) {
  const plane = new Plot({ height: 300, title: "Data, generator, cheapest transport", x: {}, y: { min: -3.2, max: 3.2 }, description: "Ellipses of two Gaussians in the plane, with the transport between them" });
  const turning = new Plot({
    height: 196, title: "Distance as the generator turns", x: { min: 0, max: 180, label: "angle of p_g (degrees)", ticks: [0, 45, 90, 135, 180] },
    y: {}, description: "Fréchet distance against the angle of the generator's ellipse",
  });
  const numbers = readings({ shift: "means", spread: "spreads", distance: "distance", arrows: "mean arrow²" });
  const note = make("p", { class: "note", role: "status" });
  const control = (label, min, max, step, value, show) => slider({ label, min, max, step, value, role: "generator", show, input: draw });
  const two = (v) => fixed(v, 2);
  const across = control("mean, across", -3, 3, 0.05, settings.mean[0], two);
  const up = control("mean, up", -3, 3, 0.05, settings.mean[1], two);
  const long = control("spread along", 0.1, 2.5, 0.05, settings.along, two);
  const wide = control("spread across", 0.1, 2.5, 0.05, settings.across, two);
  const angle = control("angle", 0, 180, 1, settings.angle, (v) => `${v}°`);

  root.append(
    ...taskLine(settings.task),
    make("div", { class: "columns two" }, make("div", { class: "main" }, plane.element), make("div", {}, turning.element, numbers.element, note)),
    make("div", { class: "controls", style: "margin-top:10px" }, across.element, up.element, long.element, wide.element, angle.element),
  );

  const model = (turned = angle.value) => ({ mean: [across.value, up.value], along: long.value, across: wide.value, angle: turned });
  const outline = (points) => ({ xs: [...points, points[0]].map((p) => p[0]), ys: [...points, points[0]].map((p) => p[1]) });

  function draw() {
    const now = model();
    const { shift, spread, distance } = frechet(FRECHET_DATA, now);
    const move = transport(FRECHET_DATA, now);
    const arrows = ring(FRECHET_DATA, 16).map((from) => [from, move(from)]);
    // one unit is as long across as up
    const { left, right, top, bottom } = plane.box;
    const half = (3.2 * (right - left)) / (bottom - top);
    plane.x = { min: -half, max: half };
    plane.draw([
      ...arrows.map(([from, to]) => ({ kind: "curve", role: "theory", xs: [from[0], to[0]], ys: [from[1], to[1]] })),
      { kind: "curve", role: "data", ...outline(ring(FRECHET_DATA, 96)), name: "p_data" },
      { kind: "curve", role: "generator", ...outline(ring(now, 96)), name: "p_g" },
      ...arrows.map(([, to]) => ({ kind: "dot", role: "generator", xs: to[0], ys: to[1], radius: 2.6 })),
    ]);
    const turns = Array.from({ length: 91 }, (_, i) => 2 * i);
    const curve = turns.map((t) => frechet(FRECHET_DATA, model(t)).distance);
    turning.y = { min: 0, max: 1.12 * Math.max(...curve, 0.5), label: "distance" };
    turning.draw([
      { kind: "level", role: "theory", ys: shift, name: "term of the means" },
      { kind: "curve", role: "generator", xs: turns, ys: curve, name: "both terms" },
      { kind: "dot", role: "generator", xs: now.angle, ys: distance },
    ]);
    const squared = arrows.map(([from, to]) => (from[0] - to[0]) ** 2 + (from[1] - to[1]) ** 2);
    const average = squared.reduce((sum, value) => sum + value, 0) / squared.length;
    numbers.set({ shift: fixed(shift), spread: fixed(spread), distance: fixed(distance), arrows: fixed(average) });
    note.textContent =
      distance < 5e-4 ? "Equal means and covariances: distance 0, whatever else differs."
      : spread < 5e-4 ? "Same ellipse elsewhere: only the means count, and turning it would only cost."
      : shift < 5e-4 ? "Same mean: all of the distance comes from the shapes."
      : "Mean and shape both differ; their terms add.";
  }

  draw();
  onAppearance(root, draw);
}
