"use strict";
// The lab around dynamics.js: a field of arrows, a start that the reader sets, and the path from there.

const DYNAMIC_GAMES = {
  "xy": null,
  "Dirac-GAN, minimax": "minimax",
  "Dirac-GAN, non-saturating": "non-saturating",
  "Dirac-GAN, Wasserstein": "wasserstein",
};
const ORDERS = ["simultaneous", "alternating", "extragradient"];
// name -> [setting of `dirac`, what its strength is called, value at the slider's place 0..1]
const DYNAMIC_REMEDIES = {
  none: null,
  R1: ["r1", "γ of R1"],
  "instance noise": ["noise", "ν of the noise"],
  "gradient penalty": ["penalty", "γ of the penalty"],
};
const REACH = 3;

function mountDynamics(root, settings) {
  const plane = new Plot({ height: 348, title: "Tap to choose a start", x: {}, y: { min: -REACH, max: REACH, ticks: [-3, -2, -1, 0, 1, 2, 3] }, description: "Directions of play in the plane of both players, and a path" });
  const far = new Plot({ height: 224, title: "Distance from the equilibrium", x: {}, y: { min: -4, max: 1, ticks: [[-4, "10⁻⁴"], [-3, "10⁻³"], [-2, "0.01"], [-1, "0.1"], [0, "1"], [1, "10"]] }, description: "Distance from the equilibrium against the step, logarithmic" });
  const numbers = readings({ last: "at the last step", lowest: "smallest", mean: "of the average" });
  const note = make("p", { class: "note", role: "status" });
  const game = choice({ label: "game", options: Object.keys(DYNAMIC_GAMES), value: settings.game, change: draw });
  const order = choice({ label: "play", options: ORDERS, value: settings.order, change: draw });
  const remedy = choice({ label: "remedy (of D)", options: Object.keys(DYNAMIC_REMEDIES), value: settings.remedy, change: draw });
  const control = (label, min, max, step, value, show = (v) => fixed(v, 2)) => slider({ label, min, max, step, value, role: "theory", show, input: draw });
  const strength = control("its strength", 0.05, 2, 0.05, settings.strength);
  const rate = control("step size", -2.5, 0, 0.05, Math.log10(settings.rate), (v) => String(Number((10 ** v).toPrecision(2))));
  const steps = control("steps", 50, 2000, 50, settings.steps, String);
  const place = (label, k) => slider({ label, min: -REACH, max: REACH, step: 0.05, value: settings.start[k], role: "theory", show: (v) => fixed(v, 2), input: (v) => begin(start.with(k, v)) });
  const first = place("start, across", 0);
  const second = place("start, up", 1);
  let start = [...settings.start]; // exact, where the sliders are rounded
  let walked = []; // points that single steps have left
  let moment = 0, timer = null; // the step that slow motion shows
  const names = () => (DYNAMIC_GAMES[game.value] === null ? ["x", "y"] : ["G", "D"]);
  const single = [0, 1].map((k) => make("button", { click: () => alone(k) }));
  const slow = make("button", { click: () => (timer ? stop() : run()) }, "Slow motion");
  const average = check({ label: "draw the average of the path", value: settings.average, change: draw });

  root.append(
    ...taskLine(settings.task),
    make("div", { class: "columns two" }, make("div", { class: "main" }, plane.element), make("div", {}, far.element, numbers.element, note)),
    make("div", { class: "buttons", style: "margin-top:10px" }, ...single, slow),
    make("div", { class: "controls", style: "margin-top:10px" }, game.element, order.element, remedy.element, strength.element, rate.element, steps.element, first.element, second.element, average.element),
  );
  plane.element.style.cursor = "crosshair";
  plane.element.style.touchAction = "manipulation";
  plane.element.addEventListener("click", (event) => {
    begin([plane.xAt(event), plane.yAt(event)]);
  });

  /** The directions of play under the present controls. */
  function fieldNow() {
    const loss = DYNAMIC_GAMES[game.value];
    const chosen = DYNAMIC_REMEDIES[remedy.value];
    return loss === null ? bilinear : dirac(loss, chosen ? { [chosen[0]]: strength.value } : {});
  }

  /** Start elsewhere; `trail` is what single steps have left behind. */
  function begin(point, trail = []) {
    start = point;
    walked = trail;
    [first.value, second.value] = point;
    moment = 0;
    draw();
  }

  /** One step of one player, the other one held. */
  function alone(player) {
    const moved = start[player] + 10 ** rate.value * fieldNow()(start)[player];
    begin(start.with(player, Math.min(REACH, Math.max(-REACH, moved))), [...walked, start]);
  }

  function run() {
    slow.textContent = "Stop";
    moment = 0;
    timer = setInterval(() => {
      moment++;
      draw();
    }, 120);
  }

  function stop() {
    clearInterval(timer);
    timer = null;
    slow.textContent = "Slow motion";
    draw();
  }

  function draw() {
    const loss = DYNAMIC_GAMES[game.value];
    const chosen = DYNAMIC_REMEDIES[remedy.value];
    const field = fieldNow();
    const path = play(field, start, 10 ** rate.value, steps.value, order.value);
    if (timer && moment >= path.length) return stop();
    single.forEach((button, k) => (button.textContent = `Step of ${names()[k]}`));
    const means = runningMean(path);
    const [across, up] = loss === null ? ["x (descends)", "y (ascends)"] : ["θ (generator)", "ψ (discriminator)"];
    // one unit is as long across as up
    Object.assign(plane, { x: { min: -REACH, max: REACH, label: across, ticks: [-2, 0, 2] }, y: { ...plane.y, label: up } });
    const { left, right, top, bottom } = plane.box;
    const half = (REACH * (right - left)) / (bottom - top);
    plane.x = { ...plane.x, min: -half, max: half };
    const columns = Math.round((13 * half) / REACH) | 1;
    const spots = Array.from({ length: 13 * columns }, (_, i) => [((i % columns) / (columns - 1) - 0.5) * 1.92 * half, (Math.floor(i / columns) / 12 - 0.5) * 1.92 * REACH]);
    const line = (points) => ({ xs: points.map((p) => p[0]), ys: points.map((p) => p[1]) });
    plane.draw([
      ...spots.map((from) => arrow(from, field(from))),
      { kind: "curve", role: "generator", ...line(path), name: "path" },
      ...(average.value ? [{ kind: "curve", role: "data", ...line(means), name: "its average" }] : []),
      ...(walked.length ? [{ kind: "curve", role: "theory", ...line([...walked, start]), name: "single steps" }] : []),
      { kind: "dot", role: "theory", xs: 0, ys: 0, radius: 4.5, name: "equilibrium" },
      { kind: "dot", role: "generator", xs: path[0][0], ys: path[0][1], radius: 6 },
      ...(timer ? pulls(path[moment], field(path[moment])) : []),
    ]);

    const distance = (points) => points.map((p) => Math.hypot(...p));
    const [radii, averaged] = [distance(path), distance(means)];
    const logs = (values) => ({ xs: values.map((_, i) => i), ys: values.map((v) => Math.log10(Math.max(v, 1e-12))) });
    far.x = { min: 0, max: steps.value, label: "step" };
    far.draw([
      { kind: "curve", role: "generator", ...logs(radii), name: "path" },
      ...(average.value ? [{ kind: "curve", role: "data", ...logs(averaged), name: "its average" }] : []),
    ]);
    const show = (v) => (v >= 1000 ? "far away" : v < 1e-3 ? "< 0.001" : fixed(v, 3));
    const last = radii[radii.length - 1];
    numbers.set({ last: path.length <= steps.value ? "far away" : show(last), lowest: show(Math.min(...radii)), mean: show(averaged[averaged.length - 1]) });
    note.textContent = loss === null && chosen
      ? "The game xy has no discriminator: remedies change the Dirac-GAN only."
      : last < 1e-3 ? "It has arrived." : last > 2 * radii[0] ? "It runs away." : last > 0.5 * radii[0] ? "It goes round and round." : "It comes nearer.";
  }

  /** A short arrow along the field, longer where the field is stronger. */
  function arrow(from, [u, v]) {
    const size = Math.hypot(u, v);
    const scale = size > 0 ? (0.36 * Math.tanh(1.2 * size)) / size : 0;
    return { kind: "arrow", role: "field", xs: [from[0], from[0] + scale * u], ys: [from[1], from[1] + scale * v] };
  }

  /** Where each player's gradient takes a point: the first moves it across, the second up. */
  function pulls([x, y], [u, v]) {
    const length = (part) => 0.9 * Math.tanh(1.2 * part);
    return [
      { kind: "dot", role: "data", xs: x, ys: y, radius: 5, name: `step ${moment}` },
      { kind: "arrow", role: "generator", xs: [x, x + length(u)], ys: [y, y] },
      { kind: "arrow", role: "discriminator", xs: [x, x], ys: [y, y + length(v)] },
    ];
  }

  draw();
  onAppearance(root, draw);
}
