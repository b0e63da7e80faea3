"use strict";
// The lab around solveTransport: drag p_g, and see what three distances say, and which of them would move it.

function mountTransport(root, settings) {
  const x = { min: -5, max: 5 };
  const densities = new Plot({ height: 180, title: "Densities (drag p_g)", x, y: { min: 0, max: 1.02, ticks: [], label: "" }, description: "Densities of data and generator" });
  const plan = new Plot({ height: 236, title: "The cheapest plan", x: { ...x, label: "x" }, y: { min: 0, max: 1, ticks: [0, 0.5, 1], label: "earth to the left" }, description: "Distribution functions with arrows from p_g to p_data at equal heights" });
  const position = { min: -4, max: 4 };
  const earth = new Plot({ height: 196, title: "Earth mover's distance", x: position, y: { min: 0, max: 5, ticks: [0, 2, 4], label: "W₁" }, description: "W1 against the position of p_g" });
  const jensen = new Plot({
    height: 210, title: "Jensen-Shannon", x: { ...position, label: "position of p_g" },
    y: { min: 0, max: 0.76, ticks: [[0, "0"], [0.35, "0.35"], [Math.LN2, "log 2"]], label: "JS (nats)" }, description: "JS against the position of p_g",
  });
  const table = make("table");
  const note = make("p", { class: "note", role: "status" });
  const control = (label, min, max, step, value, role) => slider({ label, min, max, step, value, role, show: (v) => fixed(v, 2), input: draw });
  const place = control("position", -4, 4, 0.05, settings.position, "generator");
  const width = control("width of a bump", 0.1, 1.2, 0.05, settings.width, "");
  const gap = control("gap of the data", 0, 4, 0.1, settings.gap, "");

  root.append(
    ...taskLine(settings.task),
    make("div", { class: "columns two" }, make("div", {}, make("div", { class: "main" }, densities.element), plan.element),
      make("div", {}, earth.element, jensen.element)),
    make("div", { class: "columns two", style: "margin-top:8px" }, table, note),
    make("div", { class: "controls", style: "margin-top:10px" }, place.element, width.element, gap.element),
  );
  [densities, plan, earth, jensen].forEach((plot) => plot.onDrag(move));

  /** The pointer moves p_g; the slider does the same from the keyboard. */
  function move(x) {
    place.value = x;
    draw();
  }

  const state = (position = place.value) => ({ position, gap: gap.value, width: width.value });

  function draw() {
    const now = solveTransport(state());
    const { xs, p, q, below, ground } = now;
    const scale = Math.max(...q);
    const high = (density) => Array.from(density, (d) => d / scale);
    densities.draw([
      { kind: "area", role: "data", xs, ys: high(p) }, { kind: "area", role: "generator", xs, ys: high(q) },
      { kind: "curve", role: "data", xs, ys: high(p), name: "p_data" }, { kind: "curve", role: "generator", xs, ys: high(q), name: "p_g" },
    ]);
    const levels = Array.from({ length: 14 }, (_, i) => (i + 0.5) / 14);
    const [from, to] = [quantiles(xs, ground, levels), quantiles(xs, below, levels)];
    plan.draw([
      ...levels.map((u, i) => ({ kind: "arrow", role: "", xs: [from[i], to[i]], ys: [u, u] })),
      { kind: "curve", role: "data", xs, ys: below, name: "F of p_data" },
      { kind: "curve", role: "generator", xs, ys: ground, name: "F of p_g" },
    ]);
    const positions = Array.from({ length: 81 }, (_, i) => -4 + i / 10);
    const along = positions.map((m) => solveTransport(state(m), { low: -9, high: 9, count: 721 })); // enough for a line
    const landscape = (plot, key) => plot.draw([
      { kind: "curve", role: "generator", xs: positions, ys: along.map((s) => s[key]) },
      { kind: "dot", role: "generator", xs: place.value, ys: now[key], name: "p_g now" },
    ]);
    landscape(earth, "w1");
    landscape(jensen, "js");
    const row = (name, value, slope) => make("tr", {}, make("td", {}, name), make("td", {}, value), make("td", {}, slope));
    const heads = [make("td"), ...["value", "slope"].map((text) => make("th", { scope: "col" }, text))];
    table.replaceChildren(make("thead", {}, make("tr", {}, ...heads)), make("tbody", {},
      row("W₁", fixed(now.w1, 3), fixed(now.w1Slope, 3)), row("JS (nats)", fixed(now.js, 3), fixed(now.jsSlope, 3)),
      row("KL (nats)", fixed(now.kl, now.kl < 100 ? 2 : 0), fixed(now.klSlope, Math.abs(now.klSlope) < 100 ? 2 : 0))));
    note.textContent =
      now.w1 < 0.02 ? "The earth lies where it should: all three are zero, and flat."
      : Math.abs(now.jsSlope) < 1e-3 && now.js > 0.6 ? "JS has no slope here: it cannot tell this generator where to go. W₁ can; so can KL, the louder the thinner the bumps."
      : "Slopes are for the position of p_g: what gradient descent on each distance would follow.";
  }

  draw();
  onAppearance(root, draw);
}
