"use strict";
// The information curve of a table, solved beforehand; the reader turns the price and sees which values share a code.

/** The values of each code, the larger groups first. */
function sharing(codes) {
  const groups = new Map();
  codes.forEach((code, value) => groups.set(code, [...(groups.get(code) ?? []), value]));
  return [...groups.entries()].sort(([a, x], [b, y]) => y.length - x.length || a - b).map(([, values]) => values);
}

/** What the figure says in words. */
function bottleneckText(price, codes, kept, told) {
  const number = codes === 1 ? "one code is left, and it says nothing" : `${codes} codes keep ${kept.toFixed(2)} nats and tell ${told.toFixed(2)}`;
  return `At a price of ${price}, ${number}.`;
}

function mountBottleneck(root, settings) {
  const { prices, kept, told, groups, width, height } = settings;
  const top = 1.08 * Math.max(...told);
  const most = 1.04 * Math.max(...kept);
  const plane = new Plot({
    height: 300, x: { min: 0, max: most, label: "I(Z; X), nats kept" }, y: { min: 0, max: top, label: "I(Z; Y), nats told" },
    description: "The information curve, with the point of the chosen price and the line of that slope",
  });
  const price = slider({
    label: "price of a nat, β", min: 0, max: prices.length - 1, step: 1, value: settings.start, role: "data",
    show: (k) => String(prices[k]), input: draw,
  });
  const shelf = make("div", { class: "pictures", role: "img" });
  const note = make("p", { class: "note", role: "status" });
  const sheet = new Image();
  sheet.addEventListener("load", () => draw());
  sheet.src = settings.sheet;
  root.append(
    ...taskLine(settings.task),
    make("div", { class: "controls" }, price.element),
    make("div", { class: "main" }, plane.element),
    note, shelf,
  );
  const order = prices.map((_, k) => k).sort((a, b) => kept[a] - kept[b]);

  function picture(value) {
    const canvas = make("canvas", { class: "pixels", width, height, style: `width:${Math.max(32, width)}px` });
    if (sheet.complete) canvas.getContext("2d").drawImage(sheet, value * width, 0, width, height, 0, 0, width, height);
    return canvas;
  }

  function draw() {
    const k = price.value;
    const line = [0, most].map((x) => told[k] + prices[k] * (x - kept[k]));
    plane.draw([
      { kind: "curve", role: "theory", xs: [0, most], ys: line, name: "slope β" },
      { kind: "curve", role: "data", xs: [0, ...order.map((i) => kept[i])], ys: [0, ...order.map((i) => told[i])], name: "best codes" },
      { kind: "dot", role: "data", xs: kept[k], ys: told[k] },
    ]);
    const sets = sharing(groups[k]);
    shelf.replaceChildren(...sets.map((values) =>
      make("div", { style: "display:flex; flex-wrap:wrap; gap:2px; border-bottom:3px solid var(--data); padding-bottom:3px" }, ...values.map(picture))));
    shelf.setAttribute("aria-label", `Values that share a code: groups of ${sets.map((values) => values.length).join(", ")}`);
    note.textContent = bottleneckText(prices[k], sets.length, kept[k], told[k]);
  }

  draw();
  onAppearance(root, draw);
}
