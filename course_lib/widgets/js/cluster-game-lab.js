"use strict";
// The lab around ClusterGame: shares and verdicts of D now, the shares of all steps so far, and what changes the game.

/** What the figure says in words. */
function clusterGameText(game, jumps, still) {
  if (!game.steps) return "Press Train. All settings may be changed while it runs.";
  const moves = jumps === 1 ? "once" : `${jumps} times`;
  const held = still ? " D stands still." : "";
  return `After ${game.steps} step${game.steps === 1 ? "" : "s"} G covers ${game.covered} of ${game.logits.length} clusters. In the last 200 steps the largest share moved ${moves} to another cluster.${held}`;
}

function mountClusterGame(root, settings) {
  const { ratios, batches, mostAhead, seed } = settings;
  const count = CLUSTER_GAME.clusters;
  const most = 6000; // steps at which training pauses by itself
  const kept = 600; // columns of the record
  const numbersOf = Array.from({ length: count }, (_, c) => c + 1);
  let game, history;

  const axis = () => ({ min: 0.4, max: count + 0.6, ticks: numbersOf, label: "cluster" });
  const now = new Plot({ height: 215, title: "Share of the samples", x: axis(), y: { min: 0, max: 1 } });
  const verdict = new Plot({ height: 165, title: "D on samples of each cluster", x: axis(), y: { min: 0, max: 1 } });
  const record = make("canvas", { role: "img", width: kept, height: count, style: "height:150px;image-rendering:pixelated;border:1px solid var(--edge)" });
  const span = make("span");
  const status = make("p", { class: "note", role: "status" });
  const numbers = readings({ step: "step of G", covered: "clusters covered", loss: "loss of D", js: "JS (nats)" });
  const ratio = slider({
    label: "steps of G per step of D", role: "generator", min: 0, max: ratios.length - 1, step: 1,
    value: ratios.indexOf(settings.ratio), show: (v) => String(ratios[v]), input: draw,
  });
  const batch = slider({
    label: "samples that D compares", role: "discriminator", min: 0, max: batches.length - 1, step: 1,
    value: batches.indexOf(settings.batch), show: (v) => (batches[v] === 1 ? "1 (one by one)" : String(batches[v])),
    input: (v) => { game.setBatch(batches[v]); draw(); },
  });
  const ahead = slider({ label: "steps of D that G looks ahead", role: "generator", min: 0, max: mostAhead, step: 1, value: settings.ahead, input: draw });
  const still = check({ label: "D stands still", value: false, change: draw });
  const play = trainButton({ frame: () => { advance(1); return game.steps < most; }, rest: draw });
  const buttons = make("div", { class: "buttons", style: "margin-top:10px" }, play.element,
    make("button", { click: () => advance(1) }, "One step"), make("button", { click: collapse }, "Collapse G"), make("button", { click: reset }, "Reset"));

  root.append(
    ...taskLine(settings.task),
    make("div", { class: "columns two" },
      make("div", {}, make("div", { class: "main" }, now.element), verdict.element),
      make("div", {}, make("div", { class: "main" }, record, make("p", { class: "note" }, span)), status, buttons)),
    make("div", { class: "columns", style: "margin-top:10px" },
      make("div", { class: "controls" }, ratio.element, batch.element, ahead.element, still.element), numbers.element),
  );

  function reset() {
    game = new ClusterGame({ seed, batch: batches[batch.value] });
    history = [game.shares];
    draw();
  }

  /** Nearly all samples on the cluster that has most of them. */
  function collapse() {
    const held = game.shares;
    const top = held.indexOf(Math.max(...held));
    game.logits = held.map((_, c) => (c === top ? Math.log(0.965 / 0.005) : 0));
    history[history.length - 1] = game.shares; // an entry for each step, as the record's labels count
    draw();
  }

  function advance(steps) {
    for (let i = 0; i < steps; i++) {
      game.step({ ratio: ratios[ratio.value], ahead: ahead.value, still: still.value });
      history.push(game.shares);
    }
    draw();
  }

  function jumps() {
    const tops = history.slice(-201).map((q) => q.indexOf(Math.max(...q)));
    return tops.slice(1).filter((top, i) => top !== tops[i]).length;
  }

  function drawRecord() {
    const rgb = (name) => colour(name).match(/[\da-f]{2}/gi).map((h) => parseInt(h, 16));
    const [none, full] = ["paper", "generator"].map(rgb);
    const shown = history.slice(-kept);
    const context = record.getContext("2d");
    const image = context.createImageData(kept, count);
    for (let column = 0; column < kept; column++) {
      for (let row = 0; row < count; row++) {
        const share = column < shown.length ? Math.min(1, 2 * shown[column][count - 1 - row]) : 0;
        const i = 4 * (row * kept + column);
        for (let k = 0; k < 3; k++) image.data[i + k] = none[k] + share * (full[k] - none[k]);
        image.data[i + 3] = 255;
      }
    }
    context.putImageData(image, 0, 0);
    const first = history.length - shown.length;
    span.textContent = `Shares over steps ${first} to ${first + kept}, a row for each cluster (1 below). The stronger the colour, the larger the share.`;
  }

  function draw() {
    const held = game.shares;
    const text = clusterGameText(game, jumps(), still.value);
    const bar = (q, c) => ({ kind: "area", role: "generator", xs: [c + 0.65, c + 1.35], ys: [q, q] });
    now.element.setAttribute("aria-label", `Shares of the samples in clusters 1 to 8: ${held.map((q) => q.toFixed(2)).join(", ")}; the data have 0.125 each`);
    now.draw([
      ...held.map(bar),
      { kind: "level", role: "data", ys: 1 / count, name: "data" },
      ...held.map((q, c) => ({ kind: "curve", role: "generator", xs: [c + 0.65, c + 1.35], ys: [q, q], name: c ? "" : "samples" })),
    ]);
    const verdicts = game.verdicts;
    verdict.element.setAttribute("aria-label", `D on samples of clusters 1 to 8: ${verdicts.map((v) => v.toFixed(2)).join(", ")}`);
    verdict.draw([
      { kind: "level", role: "theory", ys: 0.5, name: "undecided" },
      ...verdicts.map((v, c) => ({ kind: "dot", role: "discriminator", xs: c + 1, ys: v, radius: 5, name: c ? "" : "D" })),
    ]);
    drawRecord();
    record.setAttribute("aria-label", `Shares over the steps. ${text}`);
    numbers.set({ step: String(game.steps), covered: `${game.covered} of ${count}`, loss: fixed(-game.value, 2), js: fixed(game.js, 3) });
    announce(status, text, play.running);
  }

  reset();
  onAppearance(root, draw);
  return { get game() { return game; }, advance };
}
