"use strict";
// GLO on points of the plane with one number as code, trained in the page: methods.glo with loss l2 and Adam, every
// point in every step. With codes of one number the generator's image is a curve, or a line where it is linear.

const LINE_CODES = { points: 160, hidden: 32, rates: { generator: 0.01, codes: 0.02 }, betas: [0.9, 0.999], start: 0.5, grid: 401, neighbours: 10 };

const intoBall = (z) => z / Math.max(1, Math.abs(z));

/** Mean, direction and the two variances (divided by n) of n points, flat: the direction is that of the greater variance. */
function principal(x) {
  const n = x.length / 2;
  let mean = [0, 0], a = 0, b = 0, c = 0;
  for (let i = 0; i < n; i++) mean = [mean[0] + x[2 * i] / n, mean[1] + x[2 * i + 1] / n];
  for (let i = 0; i < n; i++) {
    const [u, v] = [x[2 * i] - mean[0], x[2 * i + 1] - mean[1]];
    a += (u * u) / n;
    b += (u * v) / n;
    c += (v * v) / n;
  }
  const angle = 0.5 * Math.atan2(2 * b, a - c);
  const spread = Math.hypot((a - c) / 2, b);
  return { mean, direction: [Math.cos(angle), Math.sin(angle)], variances: [(a + c) / 2 + spread, (a + c) / 2 - spread] };
}

/**
 * A law of codes: a mixture of `count` Gaussians { weights, means, stds } by expectation maximisation, from quantiles.
 * One Gaussian has the mean and the standard deviation of the codes. from: a law to begin with instead of quantiles.
 * No variance falls below 10⁻⁴ of that of all.
 */
function fitLaw(codes, count, rounds = 100, from = null) {
  const n = codes.length;
  const mean = codes.reduce((s, z) => s + z, 0) / n;
  const variance = codes.reduce((s, z) => s + (z - mean) ** 2, 0) / n;
  if (count === 1) return { weights: [1], means: [mean], stds: [Math.sqrt((variance * n) / (n - 1))] };
  const sorted = Array.from(codes).sort((a, b) => a - b);
  const means = from ? [...from.means] : Array.from({ length: count }, (_, k) => sorted[Math.floor(((k + 0.5) / count) * n)]);
  const weights = from ? [...from.weights] : means.map(() => 1 / count);
  const variances = from ? from.stds.map((s) => s * s) : means.map(() => variance / count ** 2 + 1e-4 * variance);
  for (let round = 0; round < rounds; round++) {
    const sums = means.map(() => [0, 0, 0]);
    for (const z of codes) {
      const logs = means.map((m, k) => Math.log(weights[k]) - (z - m) ** 2 / (2 * variances[k]) - Math.log(variances[k]) / 2);
      softmax(logs).forEach((share, k) => {
        sums[k][0] += share;
        sums[k][1] += share * z;
        sums[k][2] += share * z * z;
      });
    }
    sums.forEach(([s, sz, szz], k) => {
      const held = Math.max(s, 1e-9);
      weights[k] = held / n;
      means[k] = sz / held;
      variances[k] = Math.max(0, szz / held - means[k] ** 2) + 1e-4 * variance;
    });
  }
  return { weights, means, stds: variances.map(Math.sqrt) };
}

function lawDensity(law, z) {
  return law.weights.reduce((sum, w, k) => sum + (w * Math.exp(-((z - law.means[k]) ** 2) / (2 * law.stds[k] ** 2))) / (law.stds[k] * Math.sqrt(2 * Math.PI)), 0);
}

/** A code for each pair of (uniform, normal) numbers: the first chooses the component. */
function drawCodes(law, draws) {
  return draws.map(([uniform, normal]) => {
    let k = 0;
    for (let left = uniform - law.weights[0]; left > 0 && k + 1 < law.weights.length; left -= law.weights[k]) k++;
    return law.means[k] + law.stds[k] * normal;
  });
}

/** Which of eight or two clusters each point belongs to; null for data without clusters. */
function labelsOf(dataSet, x) {
  if (dataSet.centres === null) return null;
  return Array.from({ length: x.length / 2 }, (_, i) => {
    const distances = dataSet.centres.map(([a, b]) => Math.hypot(x[2 * i] - a, x[2 * i + 1] - b));
    return distances.indexOf(Math.min(...distances));
  });
}

/** Share of each code's nearest codes that belong to the same cluster. */
function sameClass(codes, labels, neighbours) {
  let same = 0;
  codes.forEach((z, i) => {
    const near = Array.from(codes, (other, j) => [Math.abs(other - z), j]).filter(([, j]) => j !== i).sort((a, b) => a[0] - b[0]);
    for (const [, j] of near.slice(0, neighbours)) same += labels[j] === labels[i];
  });
  return same / (codes.length * neighbours);
}

class LineCodes {
  /** data: a name in DATA_SETS; linear: whether G is; start: "noise" or "principal component". */
  constructor({ data, linear, start, seed }) {
    const { points, hidden } = LINE_CODES;
    const random = makeRandom(seed);
    this.dataSet = DATA_SETS[data];
    this.x = this.dataSet.sample(random, points);
    this.labels = labelsOf(this.dataSet, this.x);
    this.generator = new Mlp(linear ? [1, 2] : [1, hidden, hidden, 2], random);
    const { mean, direction, variances } = principal(this.x);
    const along = (i) => ((this.x[2 * i] - mean[0]) * direction[0] + (this.x[2 * i + 1] - mean[1]) * direction[1]) / Math.sqrt(variances[0]);
    const noise = normals(random, points);
    this.codes = noise.map((v, i) => intoBall(LINE_CODES.start * (start === "noise" ? v : along(i))));
    this.floor = variances[1]; // what the best line leaves
    this.forget();
    this.steps = 0;
  }

  /** Adam's memory of the codes begins anew. */
  forget() {
    this.memory = { means: this.codes.map(() => 0), squares: this.codes.map(() => 0), updates: 0 };
  }

  /** One step of GLO: the gradient of the mean square over points and coordinates moves G and every code. */
  step() {
    const { rates, betas } = LINE_CODES;
    const n = this.codes.length;
    const made = this.generator.forward(this.codes, n);
    const slopes = this.generator.backward(made.map((v, i) => (v - this.x[i]) / n));
    this.generator.update(rates.generator, ...betas);
    const { memory } = this;
    memory.updates++;
    const [first, second] = betas.map((beta) => 1 - beta ** memory.updates);
    for (let i = 0; i < n; i++) {
      memory.means[i] = betas[0] * memory.means[i] + (1 - betas[0]) * slopes[i];
      memory.squares[i] = betas[1] * memory.squares[i] + (1 - betas[1]) * slopes[i] ** 2;
      const move = (rates.codes * memory.means[i]) / first / (Math.sqrt(memory.squares[i] / second) + 1e-8);
      this.codes[i] = intoBall(this.codes[i] - move);
    }
    this.steps++;
  }

  /** For each point the best code of a fine grid, where it is better than what descent has found. */
  searchCodes() {
    const { grid } = LINE_CODES;
    const candidates = Float64Array.from({ length: grid }, (_, k) => -1 + (2 * k) / (grid - 1));
    const made = this.generator.forward(candidates, grid);
    const held = this.reconstructions();
    this.codes = this.codes.map((own, i) => {
      let best = (held[2 * i] - this.x[2 * i]) ** 2 + (held[2 * i + 1] - this.x[2 * i + 1]) ** 2, at = own;
      for (let k = 0; k < grid; k++) {
        const distance = (made[2 * k] - this.x[2 * i]) ** 2 + (made[2 * k + 1] - this.x[2 * i + 1]) ** 2;
        if (distance < best) [best, at] = [distance, candidates[k]];
      }
      return at;
    });
    this.forget();
  }

  reconstructions() {
    return this.generator.forward(this.codes, this.codes.length);
  }

  /** Mean over the points of the squared distance to their reconstructions. */
  get error() {
    return this.reconstructions().reduce((sum, v, i) => sum + (v - this.x[i]) ** 2, 0) / this.codes.length;
  }

  /** Share of the ten nearest codes that belong to the same cluster, null without clusters. */
  get order() {
    return this.labels && sameClass(this.codes, this.labels, LINE_CODES.neighbours);
  }

  /** Points (flat) of any codes. */
  make(codes) {
    return this.generator.forward(Float64Array.from(codes), codes.length);
  }
}
