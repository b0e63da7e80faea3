"use strict";
// The game on clusters as two tables, exactly: G is a share for each cluster, D adds a number for the cluster of a
// sample and one for how many others of its batch lie there. The formulas are those of theory.cluster_game.

const CLUSTER_GAME = { clusters: 8, rates: { cluster: 12, companions: 1, shares: 0.5 }, spread: 0.3, covered: 0.01 };

/** How probable it is that n of the `others` samples of a batch lie in a cluster of share q, n = 0..others, and slopes in q. */
function companions(q, others) {
  const law = [], slope = [];
  let ways = 1;
  for (let n = 0; n <= others; n++) {
    law.push(ways * q ** n * (1 - q) ** (others - n));
    const up = n > 0 ? n * q ** (n - 1) * (1 - q) ** (others - n) : 0;
    const down = n < others ? (others - n) * q ** n * (1 - q) ** (others - n - 1) : 0;
    slope.push(ways * (up - down));
    ways = (ways * (others - n)) / (n + 1);
  }
  return { law, slope };
}

/** For each cluster, the mass of each number of companions under shares q: q_c Bin(n), and its slope in q_c. */
function batchMasses(q, batch) {
  return q.map((share) => {
    const { law, slope } = companions(share, batch - 1);
    return { mass: law.map((l) => share * l), slope: law.map((l, n) => l + share * slope[n]) };
  });
}

/** D's gradient of the value: for clusters and for numbers of companions; `data` and `made` from batchMasses. */
function discriminatorGradient(data, made, cluster, companion) {
  const ofCluster = cluster.map(() => 0), ofCompanion = companion.map(() => 0);
  cluster.forEach((a, c) => companion.forEach((b, n) => {
    const real = sigmoid(a + b);
    const g = data[c].mass[n] * (1 - real) - made[c].mass[n] * real;
    ofCluster[c] += g;
    ofCompanion[n] += g;
  }));
  return { cluster: ofCluster, companion: ofCompanion };
}

/** The value of the game, E log D on data + E log(1 - D) on samples, per sample. */
function clusterValue(data, made, cluster, companion) {
  let value = 0;
  cluster.forEach((a, c) => companion.forEach((b, n) => {
    value -= data[c].mass[n] * softplus(-a - b) + made[c].mass[n] * softplus(a + b);
  }));
  return value;
}

/**
 * The slope of G's objective in each share: the value at the D of `ahead` more steps, through these steps.
 * For each share the derivatives of D's numbers are carried forward.
 */
function generatorSlope(data, made, cluster, companion, ahead) {
  const { rates } = CLUSTER_GAME;
  let a = [...cluster], b = [...companion];
  let byA = a.map(() => a.map(() => 0)), byB = a.map(() => b.map(() => 0)); // [share][number of D]
  for (let k = 0; k < ahead; k++) {
    const found = discriminatorGradient(data, made, a, b);
    const nextA = byA.map((row) => [...row]), nextB = byB.map((row) => [...row]);
    a.forEach((ac, c) => b.forEach((bn, n) => {
      const real = sigmoid(ac + bn);
      const bend = (data[c].mass[n] + made[c].mass[n]) * real * (1 - real);
      for (let j = 0; j < a.length; j++) {
        const change = -bend * (byA[j][c] + byB[j][n]) - (j === c ? made[c].slope[n] * real : 0);
        nextA[j][c] += rates.cluster * change;
        nextB[j][n] += rates.companions * change;
      }
    }));
    a = a.map((v, c) => v + rates.cluster * found.cluster[c]);
    b = b.map((v, n) => v + rates.companions * found.companion[n]);
    byA = nextA;
    byB = nextB;
  }
  const slopes = a.map((ac, c) => b.reduce((sum, bn, n) => sum - made[c].slope[n] * softplus(ac + bn), 0));
  if (ahead === 0) return slopes;
  const left = discriminatorGradient(data, made, a, b);
  const dot = (x, y) => x.reduce((sum, v, i) => sum + v * y[i], 0);
  return slopes.map((direct, j) => direct + dot(left.cluster, byA[j]) + dot(left.companion, byB[j]));
}

class ClusterGame {
  /** start: the logarithms of G's shares, up to a constant; made from the seed where none is given. */
  constructor({ seed = 1, batch = 1, start = null }) {
    const random = makeRandom(seed);
    this.logits = start ?? Array.from({ length: CLUSTER_GAME.clusters }, () => CLUSTER_GAME.spread * random.normal());
    this.cluster = this.logits.map(() => 0);
    this.setBatch(batch);
    this.steps = 0;
  }

  /** How many samples D compares; D begins anew with what it makes of companions. */
  setBatch(batch) {
    this.batch = batch;
    this.companion = Array.from({ length: batch }, () => 0);
    this.data = batchMasses(this.logits.map(() => 1 / this.logits.length), batch);
  }

  get shares() {
    return softmax(this.logits);
  }

  get made() {
    return batchMasses(this.shares, this.batch);
  }

  get covered() {
    return this.shares.filter((q) => q >= CLUSTER_GAME.covered).length;
  }

  get value() {
    return clusterValue(this.data, this.made, this.cluster, this.companion);
  }

  /** The Jensen-Shannon divergence of data and samples, one by one, in nats. */
  get js() {
    const even = 1 / this.logits.length;
    const part = (x, m) => (x > 0 ? (x * Math.log(x / m)) / 2 : 0);
    return this.shares.reduce((sum, q) => sum + part(even, (even + q) / 2) + part(q, (even + q) / 2), 0);
  }

  /** How probable D finds it that a sample of each cluster is real, on average over its companions. */
  get verdicts() {
    return this.shares.map((q, c) =>
      companions(q, this.batch - 1).law.reduce((sum, l, n) => sum + l * sigmoid(this.cluster[c] + this.companion[n]), 0));
  }

  discriminatorStep() {
    const { rates } = CLUSTER_GAME;
    const found = discriminatorGradient(this.data, this.made, this.cluster, this.companion);
    this.cluster = this.cluster.map((v, c) => v + rates.cluster * found.cluster[c]);
    this.companion = this.companion.map((v, n) => v + rates.companions * found.companion[n]);
  }

  /** G multiplies each share by exp(-rate · slope of its objective) and divides by the sum. */
  generatorStep(ahead) {
    const slopes = generatorSlope(this.data, this.made, this.cluster, this.companion, ahead);
    const moved = this.logits.map((u, c) => u - CLUSTER_GAME.rates.shares * slopes[c]);
    const mean = moved.reduce((a, b) => a + b) / moved.length;
    this.logits = moved.map((u) => u - mean);
  }

  /** One step of G; before it one of D where its turn has come and it does not stand still. */
  step({ ratio = 1, ahead = 0, still = false } = {}) {
    if (this.steps % ratio === 0 && !still) this.discriminatorStep();
    this.generatorStep(ahead);
    this.steps++;
  }
}
