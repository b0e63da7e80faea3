"use strict";
// Two-dimensional data to train on. Every set lies within [-2.6, 2.6]².

/** A mixture of Gaussians with equal weights and one standard deviation. */
function clusters(centres, deviation) {
  const sample = (random, n) => {
    const x = new Float64Array(2 * n);
    for (let i = 0; i < n; i++) {
      const [a, b] = centres[Math.floor(random.uniform() * centres.length)];
      x[2 * i] = a + deviation * random.normal();
      x[2 * i + 1] = b + deviation * random.normal();
    }
    return x;
  };
  return { sample, centres, deviation };
}

/** Points along a curve t -> (x, y), t uniform on [0, 1], with Gaussian noise. It has no modes to count. */
function curve(position, deviation) {
  const sample = (random, n) => {
    const x = new Float64Array(2 * n);
    for (let i = 0; i < n; i++) {
      const [a, b] = position(random.uniform());
      x[2 * i] = a + deviation * random.normal();
      x[2 * i + 1] = b + deviation * random.normal();
    }
    return x;
  };
  return { sample, centres: null, deviation };
}

const ring = Array.from({ length: 8 }, (_, k) => [2 * Math.cos((k * Math.PI) / 4), 2 * Math.sin((k * Math.PI) / 4)]);
const roll = (t) => {
  const angle = 1.5 * Math.PI * (1 + 2 * t);
  return [(2.3 * angle * Math.cos(angle)) / (4.5 * Math.PI), (2.3 * angle * Math.sin(angle)) / (4.5 * Math.PI)];
};

const DATA_SETS = {
  "ring of eight": clusters(ring, 0.1),
  "two blobs": clusters([[-1.2, -0.6], [1.2, 0.6]], 0.25),
  "Swiss roll": curve(roll, 0.06),
};

/**
 * Which modes n points (flat array) reach: a point belongs to its nearest centre, and is good when it lies within
 * three standard deviations of it; a mode counts as covered when it holds at least a tenth of its fair share of n.
 */
function coverage(dataSet, x, n) {
  if (dataSet.centres === null) return null;
  const counts = dataSet.centres.map(() => 0);
  let good = 0;
  for (let i = 0; i < n; i++) {
    const distances = dataSet.centres.map(([a, b]) => Math.hypot(x[2 * i] - a, x[2 * i + 1] - b));
    const nearest = distances.indexOf(Math.min(...distances));
    if (distances[nearest] <= 3 * dataSet.deviation) {
      counts[nearest]++;
      good++;
    }
  }
  const covered = counts.filter((c) => c >= (0.1 * n) / counts.length).length;
  return { covered, modes: counts.length, good: good / n };
}
