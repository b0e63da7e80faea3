"use strict";
// The lab around CodeSearch: a target on the plane, what the generator can make, and the distance over the code.

/** What the figure says in words: how far the best code is from the target, and how much farther this one; searched: whether descent has led to it. */
function codeSearchText(now, best, searched) {
  const farther = now - best;
  const share = best < 0.005 ? "The generator can make this point" : `The nearest point that the generator can make is ${fixed(best, 2)} away`;
  if (farther < 0.005) return `${share}; ${searched ? "the search has found it" : "this is its code"}.`;
  const where = searched ? "the search ended at a code that" : "this code";
  return `${share}; ${where} is ${fixed(farther, 2)} farther from the target than the best one.`;
}

function mountCodeSearch(root, settings) {
  const { networks, heldOut, seed } = settings;
  const names = Object.keys(networks);
  const searches = Object.fromEntries(names.map((name) => [name, new CodeSearch(loadPerceptron(networks[name]), networks[name].reach)]));
  const typical = Object.fromEntries(names.map((name) => {
    const distances = heldOut.map((point) => searches[name].best(point).distance).sort((a, b) => a - b);
    return [name, distances[Math.floor(distances.length / 2)]];
  }));
  const random = makeRandom(seed);
  const kinds = ["made by G", "held-out", "own"];
  let drawn = settings.target; // the kind of the last target that was not the reader's own
  let target, z = 0, walking = null, searched = false; // searched: z is where a descent ended

  const plane = new Plane({ description: "" });
  const line = new Plot({ height: 235, title: "Distance from the target", x: { min: -1, max: 1, label: "code z" }, y: { min: 0, max: 4 } });
  const status = make("p", { class: "note", role: "status" });
  const numbers = readings({ now: "distance now", best: "of the best code", missed: "farther than the best", typical: "best, median held-out" });
  const generator = choice({ label: "generator", options: names, value: settings.generator, change: () => { z = 0; another(); } });
  const kind = choice({ label: "target", options: kinds, value: settings.target, change: () => (kind.value === kinds[2] ? own(target) : another()) });
  const code = slider({ label: "code z", role: "generator", min: -1000, max: 1000, step: 1, value: 0, show: () => fixed(z, 2), input: (v) => { stop(); z = (v / 1000) * search().reach; draw(); } });
  const buttons = make("div", { class: "buttons", style: "margin-top:10px" }, make("button", { class: "primary", click: descend }, "Descend"),
    make("button", { click: toBest }, "Best code"), make("button", { click: another }, "Another target"));

  root.append(
    ...taskLine(settings.task),
    make("div", { class: "columns two" },
      make("div", {}, make("div", { class: "main" }, plane.element), legend([["data", "dot", "held-out points, target large"], ["theory", "line", "what G can make"], ["generator", "triangle", "G(z)"]])),
      make("div", {}, line.element, code.element, buttons, status)),
    make("div", { class: "columns", style: "margin-top:10px" },
      make("div", { class: "controls" }, generator.element, kind.element), numbers.element),
  );
  plane.element.addEventListener("click", (event) => {
    const box = plane.element.getBoundingClientRect();
    const [px, py] = [event.clientX - box.left, event.clientY - box.top];
    own([((px - plane.margin.left) / plane.side) * 2 * plane.reach - plane.reach, plane.reach - ((py - plane.margin.top) / plane.side) * 2 * plane.reach]);
  });
  Object.entries({ tabindex: "0", role: "application", style: "cursor:crosshair;touch-action:manipulation" }).forEach(([name, value]) => plane.element.setAttribute(name, value));
  plane.element.addEventListener("keydown", (event) => {
    const by = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key];
    if (!by) return;
    event.preventDefault();
    own(target.map((c, k) => c + (by[k] * plane.reach) / 12));
  });

  /** A target of the reader's own, inside the plane. */
  function own(point) {
    stop();
    target = point.map((c) => Math.min(plane.reach, Math.max(-plane.reach, c)));
    kind.value = kinds[2];
    draw();
  }

  function search() {
    return searches[generator.value];
  }

  function another() {
    stop();
    if (kind.value === kinds[2]) kind.value = drawn;
    drawn = kind.value;
    if (drawn === kinds[0]) {
      const { law, reach } = networks[generator.value];
      const z0 = law === "uniform" ? reach * (2 * random.uniform() - 1) : Math.max(-reach, Math.min(reach, random.normal()));
      target = search().point(z0);
    } else target = heldOut[Math.floor(random.uniform() * heldOut.length)];
    draw();
  }

  function stop() {
    walking = null;
    searched = false;
  }

  function descend() {
    if (walking) return;
    searched = false;
    walking = search().descend(z, target);
    requestAnimationFrame(walk);
  }

  function walk() {
    if (!walking) return;
    z = walking[Math.min(2, walking.length - 1)];
    walking = walking.length > 3 ? walking.slice(2) : null;
    searched = !walking;
    draw();
    if (walking) requestAnimationFrame(walk);
  }

  function toBest() {
    stop();
    z = search().best(target).z;
    draw();
  }

  function drawPlane(here) {
    const { context, margin, side } = plane;
    const { curve } = search();
    context.save();
    context.beginPath();
    context.rect(margin.left, margin.top, side, side);
    context.clip();
    context.strokeStyle = colour("theory");
    context.lineWidth = 2;
    context.setLineDash([2, 3]); // as in the key
    context.beginPath();
    for (let k = 0; k < curve.length; k += 10) context.lineTo(plane.px(curve[k]), plane.py(curve[k + 1]));
    context.stroke();
    context.setLineDash([]);
    context.strokeStyle = colour("ink");
    context.lineWidth = 1.2;
    context.beginPath();
    context.moveTo(plane.px(target[0]), plane.py(target[1]));
    context.lineTo(plane.px(here[0]), plane.py(here[1]));
    context.stroke();
    context.fillStyle = colour("data");
    context.beginPath();
    context.arc(plane.px(target[0]), plane.py(target[1]), 6, 0, 7);
    context.fill();
    context.stroke();
    context.fillStyle = colour("generator");
    const [px, py] = [plane.px(here[0]), plane.py(here[1])];
    context.beginPath();
    context.moveTo(px, py - 7);
    context.lineTo(px + 6.5, py + 4.5);
    context.lineTo(px - 6.5, py + 4.5);
    context.closePath();
    context.fill();
    context.stroke();
    context.restore();
  }

  function draw() {
    const finder = search();
    const here = finder.point(z);
    const now = finder.distance(z, target);
    const best = finder.best(target);
    const text = codeSearchText(now, best.distance, searched);
    plane.start();
    plane.points(Float64Array.from(heldOut.flat()), "data");
    drawPlane(here);
    plane.axes();
    plane.element.setAttribute("aria-label", `Tap to choose a target; with the keyboard, move it with the arrows. Held-out points, what the generator can make, the target at ${fixed(target[0], 1)}, ${fixed(target[1], 1)}, and G(z). ${text}`);
    line.x.min = -finder.reach;
    line.x.max = finder.reach;
    const values = finder.profile(target);
    line.y.max = Math.ceil(Math.max(...values, now));
    line.element.setAttribute("aria-label", `Distance from the target over the code; now ${fixed(now, 2)} at ${fixed(z, 2)}, least ${fixed(best.distance, 2)} at ${fixed(best.z, 2)}`);
    line.draw([
      { kind: "curve", role: "theory", xs: finder.codes.filter((_, k) => k % 5 === 0), ys: values.filter((_, k) => k % 5 === 0), name: "distance" },
      { kind: "mark", role: "data", xs: best.z, name: "best code" },
      { kind: "triangle", role: "generator", xs: z, ys: now, radius: 7 },
    ]);
    code.value = Math.round((1000 * z) / finder.reach);
    numbers.set({ now: fixed(now, 2), best: fixed(best.distance, 2), missed: fixed(now - best.distance, 2), typical: fixed(typical[generator.value], 2) });
    announce(status, text, walking !== null);
  }

  another();
  onAppearance(root, draw);
  return { search, get target() { return target; }, set target(point) { stop(); target = point; draw(); }, get z() { return z; }, set z(value) { stop(); z = value; draw(); }, get walking() { return walking !== null; } };
}
