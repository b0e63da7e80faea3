"use strict";
// The lab around LineCodes: points and the generator's curve on the plane, codes and their law on the line.

/** What the figure says in words; new: { good, covered, modes } or null for data without clusters. */
function lineCodesText(steps, error, floor, found) {
  if (!steps) return "Press Train. The lines join each point to what G makes of its code.";
  const fit = `After ${steps} step${steps === 1 ? "" : "s"} the squared error is ${error.toFixed(3)}; the best straight line leaves ${floor.toFixed(3)}.`;
  return found ? `${fit} Of the new points ${Math.round(100 * found.good)} % lie on a cluster.` : fit;
}

function mountLineCodes(root, settings) {
  const { seed, components } = settings;
  const perFrame = 2; // steps between two drawings, so that the eye can follow
  const most = 4000; // steps at which training pauses by itself
  const newPoints = 200;
  const perFrameRounds = 3; // of the fit, which goes on from the last frame's while training runs
  let run, fitted = null;

  const plane = new Plane({ description: "" });
  const line = new Plot({ height: 205, title: "Codes and their law", x: { min: -1.25, max: 1.25, label: "code z" }, y: { min: 0, max: 3, label: "density" } });
  const numbers = readings({ step: "step", error: "squared error", floor: "of the best line", order: "same cluster, 10 nearest", good: "new points on a cluster", modes: "clusters reached" });
  const status = make("p", { class: "note", role: "status" });
  const data = choice({ label: "data", options: Object.keys(DATA_SETS), value: settings.data, change: reset });
  const kind = choice({ label: "generator", options: ["network", "linear"], value: settings.generator, change: reset });
  const start = choice({ label: "codes begin as", options: ["noise", "principal component"], value: settings.start, change: reset });
  const law = choice({ label: "law of new codes", options: components.map((k) => lawName(k)), value: lawName(settings.law), change: draw });
  const play = trainButton({ frame: () => { advance(perFrame); return run.steps < most; }, rest: draw });
  const buttons = make("div", { class: "buttons", style: "margin-top:10px" }, play.element,
    make("button", { click: () => advance(1) }, "One step"), make("button", { click: search }, "Best codes"), make("button", { click: reset }, "Reset"));

  root.append(
    ...taskLine(settings.task),
    make("div", { class: "columns two" },
      make("div", {}, make("div", { class: "main" }, plane.element), legend([["data", "dot", "data"], ["theory", "line", "G on [−1, 1]"], ["edge", "line", "from a point to G of its code"], ["generator", "triangle", "new points"]]), buttons),
      make("div", {}, line.element, status)),
    make("div", { class: "columns", style: "margin-top:10px" },
      make("div", { class: "controls" }, data.element, kind.element, start.element, law.element), numbers.element),
  );

  const random = makeRandom(7); // fixed draws: new points glide instead of flickering
  const draws = Array.from({ length: newPoints }, () => [random.uniform(), random.normal()]);

  function lawName(count) {
    return count === 1 ? "1 Gaussian" : `${count} Gaussians`;
  }

  function reset() {
    fitted = null;
    run = new LineCodes({ data: data.value, linear: kind.value === "linear", start: start.value, seed });
    draw();
  }

  function advance(steps) {
    for (let i = 0; i < steps; i++) run.step();
    draw();
  }

  function search() {
    run.searchCodes();
    draw();
  }

  function inside(drawing) {
    const { context, margin, side } = plane;
    context.save();
    context.beginPath();
    context.rect(margin.left, margin.top, side, side);
    context.clip();
    drawing(context);
    context.restore();
  }

  function drawCurve() {
    const { grid } = LINE_CODES;
    const made = run.make(Array.from({ length: grid }, (_, k) => -1 + (2 * k) / (grid - 1)));
    const again = run.reconstructions();
    inside((context) => {
      context.strokeStyle = colour("edge");
      context.lineWidth = 0.8;
      context.beginPath();
      for (let i = 0; i < again.length; i += 2) {
        context.moveTo(plane.px(run.x[i]), plane.py(run.x[i + 1]));
        context.lineTo(plane.px(again[i]), plane.py(again[i + 1]));
      }
      context.stroke();
      context.strokeStyle = colour("theory");
      context.lineWidth = 2;
      context.setLineDash([2, 3]); // as in the key
      context.beginPath();
      for (let k = 0; k < grid; k++) context.lineTo(plane.px(made[2 * k]), plane.py(made[2 * k + 1]));
      context.stroke();
    });
  }

  /** The codes as a histogram of density, in bins of 0.05. */
  function histogram() {
    const bins = new Array(40).fill(0);
    for (const z of run.codes) bins[Math.min(39, Math.floor((z + 1) / 0.05))] += 1 / (run.codes.length * 0.05);
    return bins;
  }

  function draw() {
    const count = components[components.findIndex((k) => lawName(k) === law.value)];
    const goesOn = play.running && fitted !== null && fitted.means.length === count;
    fitted = goesOn ? fitLaw(run.codes, count, perFrameRounds, fitted) : fitLaw(run.codes, count);
    const fresh = run.make(drawCodes(fitted, draws));
    const found = run.steps ? coverage(run.dataSet, fresh, newPoints) : null;
    const text = lineCodesText(run.steps, run.error, run.floor, found);
    plane.start();
    drawCurve();
    plane.points(run.x, "data");
    if (run.steps) plane.points(fresh, "generator");
    plane.axes();
    plane.element.setAttribute("aria-label", `Data, the curve that the generator can make, and new points. ${text}`);
    const zs = Array.from({ length: 251 }, (_, k) => -1.25 + k * 0.01);
    const density = zs.map((z) => lawDensity(fitted, z));
    const bins = histogram();
    line.y.max = Math.max(1, Math.min(8, 1.1 * Math.max(...bins)));
    line.element.setAttribute("aria-label", `How the ${run.codes.length} codes lie between -1 and 1, and the law fitted to them: ${law.value}`);
    line.draw([
      ...bins.map((height, k) => ({ kind: "area", role: "data", xs: [-1 + 0.05 * k, -0.95 + 0.05 * k], ys: [height, height] })),
      { kind: "curve", role: "data", xs: bins.flatMap((_, k) => [-1 + 0.05 * k, -0.95 + 0.05 * k]), ys: bins.flatMap((h) => [h, h]), name: "codes" },
      { kind: "curve", role: "generator", xs: zs, ys: density, name: law.value },
    ]);
    const order = run.order;
    numbers.set({
      step: String(run.steps), error: fixed(run.error, 3), floor: fixed(run.floor, 3),
      order: order === null ? "–" : `${Math.round(100 * order)} %`,
      good: found ? `${Math.round(100 * found.good)} %` : "–", modes: found ? `${found.covered} of ${found.modes}` : "–",
    });
    announce(status, text, play.running);
  }

  reset();
  onAppearance(root, draw);
  return { get run() { return run; }, advance };
}
