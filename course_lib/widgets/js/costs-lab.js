"use strict";
// Three generator costs as functions of D(G(z)), and what each sends back: its slope in the discriminator's logit.

// name, role that lends its line style, radius of its dot: where two dots coincide, both stay visible
const COSTS = [
  ["maximum-likelihood", "data", 8],
  ["non-saturating", "generator", 6],
  ["minimax", "discriminator", 4.5],
];

function mountCosts(root, settings) {
  const axes = {
    "D(G(z))": { x: { min: 0, max: 1, label: "D(G(z))" }, place: sigmoid },
    "logit of D(G(z))": { x: { min: -6, max: 6, label: "logit: log D/(1 − D)" }, place: (v) => v },
  };
  const logits = Array.from({ length: 481 }, (_, i) => -12 + i / 20);
  const cost = new Plot({ height: 262, title: "Cost of one sample", x: {}, y: { min: -5, max: 5, label: "cost (nats)" }, description: "Three generator costs" });
  const slope = new Plot({ height: 262, title: "Size of its gradient", x: {}, y: { min: 0, max: 2, label: "|∂cost/∂logit|" }, description: "Size of the gradient of three generator costs" });
  const at = slider({
    label: "D(G(z)) of one sample", min: -6, max: 6, step: 0.05, value: settings.logit, role: "theory",
    show: (v) => `${sigmoid(v).toPrecision(2)}  (logit ${fixed(v, 2)})`, input: draw,
  });
  const axis = choice({ label: "horizontal axis", options: Object.keys(axes), value: "D(G(z))", change: draw });
  const body = make("tbody");
  const head = make("tr", {}, ...["game", "cost", "value", "∂/∂logit"].map((t) => make("th", { scope: "col" }, t)));
  const note = make("p", { class: "note", role: "status" });
  root.append(
    ...taskLine(settings.task),
    make("div", { class: "controls wide-first", style: "margin-bottom:10px" }, at.element, axis.element),
    make("div", { class: "columns two" }, cost.element, slope.element),
    make("table", {}, make("thead", {}, head), body), note,
  );

  function draw() {
    const { x, place } = axes[axis.value];
    const v = at.value;
    const xs = logits.map(place);
    const lines = (f) => COSTS.flatMap(([name, role, radius]) => [
      { kind: "curve", role, xs, ys: logits.map((t) => f(GAMES[name].generator, t)), name },
      { kind: "dot", role, xs: place(v), ys: f(GAMES[name].generator, v), radius },
    ]);
    const mark = { kind: "mark", role: "theory", xs: place(v) };
    cost.x = slope.x = x;
    cost.draw([mark, ...lines((g, t) => g.loss(t))]);
    slope.draw([mark, ...lines((g, t) => Math.abs(g.slope(t)))]);
    body.replaceChildren(...COSTS.map(([name, role]) => {
      const { formula, loss, slope: derivative } = GAMES[name].generator;
      const cells = [legend([[role, "line", name]]), formula, fixed(loss(v), 3), number(derivative(v))];
      return make("tr", {}, ...cells.map((c) => make("td", {}, c)));
    }));
    const d = sigmoid(v);
    note.textContent =
      d < 0.05 ? "A sample that D rejects: the minimax gradient has almost vanished; the non-saturating one is near its largest."
      : d > 0.95 ? "A sample that D takes for real: only maximum likelihood pulls hard here, so a few samples decide its gradient."
      : "At D = 1/2, the fixed point, minimax and non-saturating send the same gradient, −1/2; maximum likelihood sends −1.";
  }

  /** Small gradients keep two digits, however small. */
  function number(value) {
    return Math.abs(value) >= 0.01 ? fixed(value, 3) : value.toExponential(1).replace(/-/g, "−");
  }

  draw();
  onAppearance(root, draw);
}
