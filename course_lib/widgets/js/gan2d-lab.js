"use strict";
// The lab around Gan2d: the plane, two curves, controls, and a loop that leaves the page responsive.

function mountGan2d(root, settings) {
  const frameBudget = 24; // milliseconds of training between two chances for the page to answer its reader
  const drawEvery = 90; // milliseconds between two drawings, which cost as much as several steps
  const shown = 200; // points drawn of each kind
  const counted = 500; // points behind the mode count
  const pause = 800; // milliseconds between two steps in slow motion
  let gan, history, latest, turns, cost = 0, drawn = 0, reference, probes;

  const plane = new Plane({ description: "Data, generated points and the discriminator's belief on the plane" });
  const losses = new Plot({ height: 186, title: "Losses", x: { min: 0, max: 500 }, y: { min: 0, max: 3 }, description: "Losses of both players against the step" });
  const modes = new Plot({ height: 126, title: "Modes covered", x: { min: 0, max: 500, label: "step" }, y: { min: 0, max: 8.4, ticks: [0, 4, 8] }, description: "Number of covered modes against the step" });
  const numbers = readings({ step: "step", modes: "modes covered", good: "within 3σ", pull: "mean pull", ms: "ms per step" });
  const flow = new Flow();
  const status = make("p", { class: "note", role: "status" });

  const power = (v) => (10 ** v).toPrecision(2).replace(/e-0?(\d+)/, "·10⁻$1");
  const data = choice({ label: "data", options: Object.keys(DATA_SETS), value: settings.data, change: reset });
  const game = choice({ label: "game", options: Object.keys(GAMES), value: settings.game, change: reset });
  const rate = (label, role, value, apply) => slider({ label, role, min: -4.5, max: -1.5, step: 0.1, value: Math.log10(value), show: power, input: apply });
  const rateD = rate("learning rate D", "discriminator", settings.discriminatorRate, (v) => (gan.discriminatorRate = 10 ** v));
  const rateG = rate("learning rate G", "generator", settings.generatorRate, (v) => (gan.generatorRate = 10 ** v));
  const ratio = slider({ label: "D steps per G step", role: "discriminator", min: 1, max: 10, step: 1, value: settings.discriminatorSteps, input: (v) => (gan.discriminatorSteps = v) });
  const seed = slider({ label: "seed", min: 1, max: 20, step: 1, value: settings.seed, input: reset });
  const arrows = check({ label: "show the pull on samples (−∂cost/∂x)", value: false, change: draw });
  const play = trainButton({ frame: train, rest: () => {}, wait: () => (slow.value ? pause : 0) });
  const slow = check({ label: "slow motion: one player at a time", value: false, change: () => {} });
  const button = (text, click) => make("button", { click }, text);
  const buttons = make("div", { class: "buttons", style: "margin-top:10px" }, play.element, button("Step of D", () => alone("discriminator")),
    button("Step of G", () => alone("generator")), button("One of each", () => advance(1)), button("Reset", reset));

  root.append(
    ...taskLine(settings.task),
    make("div", { class: "columns two" },
      make("div", {}, make("div", { class: "main" }, plane.element), legend([["data", "dot", "data"], ["generator", "triangle", "generated"]]), buttons, slow.element),
      make("div", {}, losses.element, modes.element, flow.element, status)),
    make("div", { class: "columns", style: "margin-top:10px" },
      make("div", { class: "controls" }, ...[rateG, rateD, ratio, seed, data, game].map((c) => c.element)), arrows.element, numbers.element),
  );
  const scale = make("span", {}, "D(x): 0 ", make("i", { class: "scale" }), " 1");
  root.querySelector(".legend").append(scale);

  function reset() {
    gan = new Gan2d({
      data: data.value, game: game.value, seed: seed.value, discriminatorSteps: ratio.value,
      generatorRate: 10 ** rateG.value, discriminatorRate: 10 ** rateD.value,
    });
    history = [];
    latest = {};
    turns = 0;
    flow.draw(null);
    reference = DATA_SETS[gan.data].sample(makeRandom(7), shown);
    probes = normals(makeRandom(11), counted * gan.latent); // fixed latents: points glide instead of flickering
    cost = 0;
    draw();
  }

  /** Train `count` steps and draw; with 0, train for a frame's budget and draw when it is time again. */
  function advance(count) {
    const begin = performance.now();
    let done = 0;
    let values;
    do {
      values = latest = gan.step();
      turns = 0;
      done++;
    } while (count ? done < count : performance.now() - begin < frameBudget);
    const spent = (performance.now() - begin) / done;
    cost = cost ? 0.9 * cost + 0.1 * spent : spent;
    if (count === 0 && performance.now() - drawn < drawEvery) return values;
    if (gan.flow) flow.draw((gan.flow = null)); // many steps are not drawn one by one
    remember();
    draw();
    drawn = performance.now();
    return values;
  }

  function remember() {
    history.push({ step: gan.steps, ...latest, ...(coverage(DATA_SETS[gan.data], gan.sample(counted, probes), counted) ?? {}) });
    // a long run keeps every second point of its past: the curves need no more
    if (history.length > 1200) history = history.filter((_, i) => i % 2 === 1);
  }

  /** One step of one player, the other one held; draws where its gradient goes. */
  function alone(player) {
    const byG = player === "generator";
    latest = { ...latest, [player]: byG ? gan.generatorStep({ watch: true }) : gan.discriminatorStep({ watch: true }) };
    turns = byG ? 0 : turns + 1;
    if (byG) gan.steps++;
    if (byG && "discriminator" in latest) remember();
    flow.draw(gan.flow);
    draw();
    status.textContent = byG
      ? `Step of G: loss ${fixed(latest.generator, 3)}. D and the tints stay; the samples move.`
      : `Step of D: loss ${fixed(latest.discriminator, 3)}. The samples stay; the tints change.`;
    return latest;
  }

  /** What happens in a frame; false when the run has diverged. */
  function train() {
    const { discriminator = 0, generator = 0 } = slow.value ? alone(turns < gan.discriminatorSteps ? "discriminator" : "generator") : advance(0);
    if (Number.isFinite(discriminator) && Number.isFinite(generator)) return true;
    draw();
    status.textContent = "A loss is no longer finite: this run has diverged. Lower a learning rate and reset.";
    return false;
  }

  function draw() {
    plane.start();
    plane.heat(gan.belief(plane.centres, plane.cells ** 2));
    plane.points(reference, "data");
    const all = gan.sample(counted, probes);
    const samples = all.slice(0, 2 * shown);
    const pull = gan.pull(all, counted);
    plane.points(samples, "generator");
    if (arrows.value || gan.flow?.player === "generator") plane.arrows(samples.slice(0, 120), pull.slice(0, 120));
    plane.axes();
    drawCurves();
    const last = coverage(DATA_SETS[gan.data], all, counted);
    let mean = 0;
    for (let i = 0; i < counted; i++) mean += Math.hypot(pull[2 * i], pull[2 * i + 1]) / counted;
    numbers.set({
      step: String(gan.steps), modes: last ? `${last.covered} of ${last.modes}` : "no modes", good: last ? `${Math.round(100 * last.good)} %` : "–",
      pull: mean.toPrecision(2), ms: cost ? cost.toFixed(1) : "–",
    });
    if (gan.steps === 0) status.textContent = "Press Train. Learning rates and D steps may be changed while it runs.";
    else if (Number.isFinite(history[history.length - 1]?.generator ?? 0)) status.textContent = "";
  }

  function drawCurves() {
    const xs = history.map((h) => h.step);
    losses.x.max = modes.x.max = Math.max(500, gan.steps);
    const values = history.flatMap((h) => [h.discriminator, h.generator]).filter(Number.isFinite).sort((a, b) => a - b);
    // room for all but the wildest hundredth of the values
    const end = (share, fallback) => (values.length ? values[Math.floor(share * (values.length - 1))] : fallback);
    losses.y.max = Math.max(2, 1.1 * end(0.99, 3));
    losses.y.min = Math.min(0, 1.1 * end(0.01, 0));
    const fixedPoint = GAMES[gan.game].fixedPoint;
    losses.draw([
      { kind: "level", role: "theory", ys: fixedPoint, name: `D when p_g = p_data: ${fixed(fixedPoint, 2)}` },
      { kind: "curve", role: "discriminator", xs, ys: history.map((h) => h.discriminator), name: "discriminator" },
      { kind: "curve", role: "generator", xs, ys: history.map((h) => h.generator), name: "generator" },
    ]);
    const count = DATA_SETS[gan.data].centres?.length ?? 0;
    modes.element.style.display = count ? "block" : "none";
    modes.y.max = count * 1.05;
    modes.y.ticks = [0, count / 2, count];
    if (count) modes.draw([{ kind: "level", role: "data", ys: count }, { kind: "curve", role: "generator", xs, ys: history.map((h) => h.covered) }]);
  }

  reset();
  onAppearance(root, draw);
  return { get gan() { return gan; }, advance, alone };
}
