"use strict";
// A one-step student whose law is a mixture of eight Gaussians, so that its denoiser and the best D are exact.
// The formulas are those of theory.one_step.

const ONE_STEP = { levels: [0.05, 5], batch: 256, rate: 0.03, betas: [0.5, 0.99], start: [0.3, 0.5], near: 0.4 };

/** At (a, b), a mixture of equal weights with noise of standard deviation sigma: the best denoiser, log-density. */
function noisedMixture(means, std, a, b, sigma) {
  const total = std * std + sigma * sigma;
  const logs = means.map(([u, v]) => -((a - u) ** 2 + (b - v) ** 2) / (2 * total));
  const most = Math.max(...logs);
  let sum = 0, u = 0, v = 0;
  logs.forEach((value, k) => {
    const share = Math.exp(value - most);
    sum += share;
    u += share * means[k][0];
    v += share * means[k][1];
  });
  const clean = (here, mean) => (std * std * here + (sigma * sigma * mean) / sum) / total;
  return { a: clean(a, u), b: clean(b, v), log: most + Math.log(sum / means.length) - Math.log(2 * Math.PI * total) };
}

/**
 * Gradients for given draws, a list of { cluster, normal: [2], sigma, noise: [2] }: of the means, of the logarithm of
 * the standard deviation, and how long the two pulls on a sample are on average, the second times its weight.
 */
function studentGradients(student, draws, teacher, data, weight) {
  const { means, logStd } = student;
  const std = Math.exp(logStd);
  const byMean = means.map(() => [0, 0]);
  let byStd = 0, matching = 0, adversarial = 0;
  for (const { cluster, normal, sigma, noise } of draws) {
    const x = [0, 1].map((i) => means[cluster][i] + std * normal[i]);
    const y = [0, 1].map((i) => x[i] + sigma * noise[i]);
    const fake = noisedMixture(means, std, ...y, sigma);
    const wanted = noisedMixture(teacher.means, teacher.std, ...y, sigma);
    const size = Math.max(1e-8, (Math.abs(x[0] - wanted.a) + Math.abs(x[1] - wanted.b)) / 2);
    let pull = [(fake.a - wanted.a) / size, (fake.b - wanted.b) / size];
    matching += Math.hypot(...pull) / draws.length;
    if (weight > 0) {
      const real = noisedMixture(data.means, data.std, ...y, sigma);
      const share = -weight / (1 + Math.exp(real.log - fake.log)) / (sigma * sigma);
      const more = [share * (real.a - fake.a), share * (real.b - fake.b)];
      adversarial += Math.hypot(...more) / draws.length;
      pull = [pull[0] + more[0], pull[1] + more[1]];
    }
    for (const i of [0, 1]) {
      byMean[cluster][i] += pull[i] / draws.length;
      byStd += (pull[i] * normal[i] * std) / draws.length;
    }
  }
  return { means: byMean, logStd: byStd, matching, adversarial };
}

/** The student with Adam's memory; data: { means, std }. */
class OneStepStudent {
  constructor(data, seed) {
    this.data = data;
    this.means = data.means.map((mean) => mean.map((m) => ONE_STEP.start[0] * m));
    this.logStd = Math.log(ONE_STEP.start[1]);
    this.random = makeRandom(seed);
    this.memory = Array.from({ length: 2 * data.means.length + 1 }, () => [0, 0]);
    this.steps = 0;
  }

  get std() {
    return Math.exp(this.logStd);
  }

  /** How many of the data's clusters have one of the student's near them. */
  get reached() {
    const near = ([a, b]) => this.means.some(([u, v]) => Math.hypot(a - u, b - v) < ONE_STEP.near);
    return this.data.means.filter(near).length;
  }

  draws() {
    const { random } = this;
    const [low, high] = ONE_STEP.levels.map((level) => level ** (1 / 7));
    return Array.from({ length: ONE_STEP.batch }, () => ({
      cluster: Math.floor(random.uniform() * this.means.length),
      normal: [random.normal(), random.normal()],
      sigma: (low + random.uniform() * (high - low)) ** 7,
      noise: [random.normal(), random.normal()],
    }));
  }

  step(teacher, weight) {
    const found = studentGradients(this, this.draws(), teacher, this.data, weight);
    const slopes = [...found.means.flat(), found.logStd];
    const [first, second] = ONE_STEP.betas;
    this.steps++;
    const moves = slopes.map((slope, i) => {
      const [mean, square] = this.memory[i];
      this.memory[i] = [first * mean + (1 - first) * slope, second * square + (1 - second) * slope * slope];
      const [m, s] = [this.memory[i][0] / (1 - first ** this.steps), this.memory[i][1] / (1 - second ** this.steps)];
      return (ONE_STEP.rate * m) / (Math.sqrt(s) + 1e-8);
    });
    this.means = this.means.map((mean, k) => mean.map((m, i) => m - moves[2 * k + i]));
    this.logStd -= moves[moves.length - 1];
    return found;
  }
}
