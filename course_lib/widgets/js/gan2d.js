"use strict";
// A generative adversarial network on two-dimensional data: Algorithm 1 of Goodfellow et al. (2014), with Adam.

class Gan2d {
  /**
   * data: a name in DATA_SETS; game: a name in GAMES; rates of Adam; discriminatorSteps before each generator step.
   * Settings may be changed between steps.
   */
  constructor({ data, game, generatorRate, discriminatorRate, discriminatorSteps, seed, hidden = 64, batch = 128 }) {
    Object.assign(this, { data, game, generatorRate, discriminatorRate, discriminatorSteps, batch });
    this.latent = 2;
    this.steps = 0;
    this.flow = null; // of the last step: { player, weights, samples? }, lengths of gradients; kept where it is asked for
    this.random = makeRandom(seed);
    this.generator = new Mlp([this.latent, hidden, hidden, 2], this.random);
    this.discriminator = new Mlp([2, hidden, hidden, 1], this.random);
  }

  latents(n) {
    return normals(this.random, n * this.latent);
  }

  /** n generated points, flat. */
  sample(n, latents = this.latents(n)) {
    return this.generator.forward(latents, n);
  }

  /** What D believes at n points: the probability "real" (the clipped score in the least-squares game). */
  belief(x, n) {
    const squash = this.game === "least-squares" ? (v) => Math.min(1, Math.max(0, v)) : sigmoid;
    return this.discriminator.forward(x, n).map(squash);
  }

  /** Ascend the discriminator's stochastic gradient: real and generated points in one batch. */
  discriminatorStep({ watch = false } = {}) {
    const n = this.batch;
    const { real, fake } = GAMES[this.game];
    const x = new Float64Array(4 * n);
    x.set(DATA_SETS[this.data].sample(this.random, n));
    x.set(this.sample(n), 2 * n);
    const logits = this.discriminator.forward(x, 2 * n);
    let loss = 0;
    const slopes = logits.map((v, i) => {
      const side = i < n ? real : fake;
      loss += side.loss(v) / n;
      return side.slope(v) / n;
    });
    this.discriminator.backward(slopes, { inputs: false });
    if (watch) this.flow = { player: "discriminator", weights: this.discriminator.gradientLength() };
    this.discriminator.update(this.discriminatorRate);
    return loss;
  }

  /** Descend the generator's stochastic gradient on fresh latents, through a discriminator that stays as it is. */
  generatorStep({ watch = false } = {}) {
    const n = this.batch;
    const { generator } = GAMES[this.game];
    const logits = this.discriminator.forward(this.sample(n), n);
    let loss = 0;
    const slopes = logits.map((v) => {
      loss += generator.loss(v) / n;
      return generator.slope(v) / n;
    });
    const ofSamples = this.discriminator.backward(slopes, { parameters: false });
    this.generator.backward(ofSamples, { inputs: false });
    if (watch) {
      let samples = 0; // the mean over samples of the gradient of one sample's cost
      for (let i = 0; i < n; i++) samples += Math.hypot(ofSamples[2 * i], ofSamples[2 * i + 1]);
      this.flow = { player: "generator", weights: this.generator.gradientLength(), samples };
    }
    this.generator.update(this.generatorRate);
    return loss;
  }

  /** One iteration of Algorithm 1. Returns both players' losses. */
  step() {
    let discriminator = 0;
    for (let k = 0; k < this.discriminatorSteps; k++) discriminator = this.discriminatorStep();
    const generator = this.generatorStep();
    this.steps++;
    return { discriminator, generator };
  }

  /** Where gradient descent on the generator's cost would move each of n points: minus the gradient with respect to x. */
  pull(x, n) {
    const slopes = this.discriminator.forward(x, n).map(GAMES[this.game].generator.slope);
    return this.discriminator.backward(slopes, { parameters: false }).map((g) => -g);
  }
}
