"use strict";
// Two clouds of points, the balls about one of them, and what the four measures say while the reader spoils either cloud.

const CLUSTERS = [[-1.7, -1.0], [1.7, -1.0], [0.0, 1.6]];
const WITHIN = 0.42; // standard deviation of a cluster
const EACH = 16; // points a cluster
const FAKES = ["like the data", "one cluster", "away from the data", "copies of the data", "one point, repeated"];
const BALLS = { "the data's, k = 3": ["data", 3], "the data's, k = 5": ["data", 5], "the generator's, k = 3": ["generator", 3], none: null };
const STRAYS = [[3.0, 2.7], [-3.0, 2.6], [2.9, -2.8]]; // where stray points of the data stand
const FOUR = { precision: "discriminator", recall: "generator", density: "theory", coverage: "data" };

/** Unit draws about each cluster, the same for every setting: three lists of EACH points. */
function unitDraws(seed) {
  const random = makeRandom(seed);
  return CLUSTERS.map(() => Array.from({ length: EACH }, () => [random.normal(), random.normal()]));
}

/** The generator's points by the name of what it does; `spread` widens them about their centres. */
function fakes(kind, spread, draws, real) {
  if (kind === "copies of the data") return real.map(([x, y], i) => [x + 0.002 * Math.cos(i), y + 0.002 * Math.sin(i)]);
  if (kind === "one point, repeated") return draws.flat().map(([x, y]) => [1.7 + 0.01 * spread * x, -1 + 0.01 * spread * y]);
  const centre = (i) => (kind === "one cluster" ? CLUSTERS[1] : kind === "away from the data" ? [2.4, 1.6] : CLUSTERS[i]);
  return draws.flatMap((list, i) => list.map(([x, y]) => [centre(i)[0] + WITHIN * spread * x, centre(i)[1] + WITHIN * spread * y]));
}

function mountManifold(root, settings) {
  const [dataDraws, fakeDraws] = [unitDraws(3), unitDraws(8)];
  const data = CLUSTERS.flatMap(([x, y], i) => dataDraws[i].map(([u, v]) => [x + WITHIN * u, y + WITHIN * v]));
  let tapped = null; // where the reader put the first stray point

  const plane = new Plot({ height: 348, title: "Tap to place a stray data point", x: {}, y: { min: -3.2, max: 3.2 }, description: "Points of the data and of the generator in the plane, with balls about one of them" });
  const course = new Plot({ height: 224, title: "As the generator spreads", x: { min: 0, max: 3, label: "spread of the generator" }, y: { min: 0, max: 2 }, description: "The four measures against the spread of the generator" });
  const numbers = readings({ precision: "precision", recall: "recall", density: "density", coverage: "coverage" });
  const key = legend([["data", "dot", "data"], ["generator", "triangle", "generator"]]);
  key.append(make("span", {}, "hollow: in no ball that is drawn"));
  const note = make("p", { class: "note", role: "status" });
  const kind = choice({ label: "generator", options: FAKES, value: settings.generator, change: draw });
  const balls = choice({ label: "balls", options: Object.keys(BALLS), value: settings.balls, change: draw });
  const control = (label, min, max, step, value, show, role) => slider({ label, min, max, step, value, role, show, input: draw });
  const spread = control("spread", 0, 3, 0.05, settings.spread, (v) => fixed(v, 2), "generator");
  const strays = control("stray data points", 0, 3, 1, settings.strayData, String, "");
  const wild = control("stray samples", 0, 6, 1, settings.straySamples, String, "generator");

  root.append(
    ...taskLine(settings.task),
    make("div", { class: "columns two" }, make("div", {}, make("div", { class: "main" }, plane.element), key), make("div", {}, course.element, numbers.element, note)),
    make("div", { class: "controls", style: "margin-top:10px" }, kind.element, balls.element, spread.element, strays.element, wild.element),
  );
  plane.element.style.cursor = "crosshair";
  plane.element.style.touchAction = "manipulation";
  plane.element.addEventListener("click", (event) => {
    tapped = [plane.xAt(event), plane.yAt(event)];
    strays.value = Math.max(1, strays.value);
    draw();
  });

  /** Both clouds with their strays. Stray samples stand on a wide circle, in place of as many others. */
  function clouds(width = spread.value) {
    const real = [...data, ...STRAYS.slice(0, strays.value).map((place, i) => (i === 0 && tapped) || place)];
    const made = fakes(kind.value, width, fakeDraws, data);
    for (let i = 0; i < wild.value; i += 1) made[i] = [2.9 * Math.cos(1.1 + (Math.PI * i) / 3), 2.7 * Math.sin(1.1 + (Math.PI * i) / 3)];
    return [made, real];
  }

  function draw() {
    const [made, real] = clouds();
    const found = fidelity(made, real);
    const { left, right, top, bottom } = plane.box;
    const half = (3.2 * (right - left)) / (bottom - top); // one unit is as long across as up
    plane.x = { min: -half, max: half };
    const chosen = BALLS[balls.value];
    const [centres, others] = chosen && chosen[0] === "generator" ? [made, real] : [real, made];
    const radii = chosen ? squaredRadii(centres, chosen[1]) : [];
    const inside = chosen ? ballsAround(others, centres, radii).map((count) => count > 0) : others.map(() => true);
    const outside = (points, i) => (points === others && !inside[i] ? " hollow" : "");
    plane.draw([
      ...radii.map((radius, i) => ({ kind: "ball", role: chosen[0], xs: centres[i][0], ys: centres[i][1], radius: Math.sqrt(radius) })),
      ...real.map(([x, y], i) => ({ kind: "dot", role: `data${outside(real, i)}`, xs: x, ys: y, radius: 3.4 })),
      ...made.map(([x, y], i) => ({ kind: "triangle", role: `generator${outside(made, i)}`, xs: x, ys: y, radius: 4.6 })),
    ]);
    const widths = Array.from({ length: 31 }, (_, i) => i / 10);
    const along = widths.map((width) => fidelity(...clouds(width)));
    course.draw([
      ...Object.entries(FOUR).map(([name, role]) => ({ kind: "curve", role, xs: widths, ys: along.map((f) => f[name]), name })),
      ...Object.entries(FOUR).map(([name, role]) => ({ kind: "dot", role, xs: spread.value, ys: found[name], radius: 4 })),
    ]);
    numbers.set(Object.fromEntries(Object.keys(FOUR).map((name) => [name, fixed(found[name], 2)])));
    note.textContent = remark(found);
  }

  function remark({ precision, recall, density, coverage }) {
    if (kind.value === "copies of the data") return "Copies do better than new data by all four: a ball holds the copy of its own centre too, so density exceeds 1.";
    if (precision > 0.95 && density < 0.5) return "Nearly all samples are in some ball, and in few of them: precise, not dense.";
    if (recall > 0.75 && coverage < 0.3) return "Wide balls of a few samples recall what no sample is near to.";
    if (precision > 0.9 && coverage < 0.5) return "Good samples of a part of the data: precise, with little coverage.";
    if (precision < 0.5) return "Most samples lie where the data are not.";
    return "Two samples of one law score like this, not 1 everywhere.".repeat(kind.value === "like the data" && Math.abs(spread.value - 1) < 0.3);
  }

  draw();
  onAppearance(root, draw);
}
