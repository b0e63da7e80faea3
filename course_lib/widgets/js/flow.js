"use strict";
// One step of one player, drawn: numbers run forward from the latent to the cost, gradients back to the player's weights.

class Flow {
  constructor() {
    this.element = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    this.element.setAttribute("class", "flow");
    this.element.setAttribute("viewBox", "0 0 320 112");
    this.element.setAttribute("role", "img");
    this.draw(null);
  }

  /** step: { player: "generator" | "discriminator", weights, samples? }, lengths of gradients; null before the first. */
  draw(step) {
    const forward = [[22, 48], [84, 106], [172, 196], [232, 262]].map(([from, to]) => this.#arrow(from, to, 28, ""));
    const byG = step?.player === "generator";
    const back = !step ? [] : byG ? [[262, 234], [194, 168], [110, 86]] : [[262, 234]];
    const role = step?.player ?? "";
    const length = (value) => (value === 0 ? "0" : value.toPrecision(2));
    const below = (x, text, more) => `<text x="${x}" y="88" text-anchor="middle">${text}</text><text x="${x}" y="104" text-anchor="middle">${more}</text>`;
    const said = !step ? "" : byG
      ? below(66, "∂/∂weights", length(step.weights)) + below(139, "∂/∂x", length(step.samples)) + below(214, "D stays", "")
      : below(214, "∂/∂weights", length(step.weights)) + below(66, "G stays", "");
    this.element.innerHTML = `
      <text x="12" y="33" text-anchor="middle">z</text><text x="139" y="33" text-anchor="middle">samples</text>
      <text x="290" y="33" text-anchor="middle">cost</text>
      ${byG ? "" : `<text x="139" y="64" text-anchor="middle">data</text><path class="arrow" d="M158 60L194 42"/>`}
      ${this.#box(50, "G", "generator", role)}${this.#box(198, "D", "discriminator", role)}
      ${forward.join("")}${back.map(([from, to]) => this.#arrow(from, to, 46, role)).join("")}${said}`;
    this.element.setAttribute("aria-label", this.#words(step, length));
  }

  #words(step, length) {
    if (!step) return "Latents go through G to samples; samples and data go through D to the cost. No step has been made.";
    return step.player === "generator"
      ? `Step of G: the gradient runs from the cost through D, which stays as it is, to the samples (mean length ${length(step.samples)}) and to the weights of G (length ${length(step.weights)}).`
      : `Step of D: the gradient runs from the cost to the weights of D (length ${length(step.weights)}). G stays as it is.`;
  }

  #box(x, name, of, role) {
    const chosen = of === role ? ` fill-opacity="0.25"` : "";
    return `<rect class="player ${of}" x="${x}" y="12" width="34" height="50" rx="5"${chosen}/><text x="${x + 17}" y="42" text-anchor="middle" font-weight="600">${name}</text>`;
  }

  #arrow(from, to, y, role) {
    const barb = Math.sign(from - to) * 5;
    return `<path class="arrow ${role}" d="M${from} ${y}H${to}m${barb} -4l${-barb} 4l${barb} 4"/>`;
  }
}
