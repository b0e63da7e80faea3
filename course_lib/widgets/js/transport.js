"use strict";
// Two bumps of earth against one that the reader moves: W1, JS and KL by quadrature, with their slopes in the position.

const EARTH = { low: -9, high: 9, count: 3601 };

function logBump(x, mean, width) {
  return -0.5 * ((x - mean) / width) ** 2 - Math.log(width) - 0.5 * Math.log(2 * Math.PI);
}

/** log of p_data: ½ N(-gap/2, width²) + ½ N(gap/2, width²). */
function logData(x, gap, width) {
  const [a, b] = [logBump(x, -gap / 2, width), logBump(x, gap / 2, width)];
  return Math.max(a, b) + Math.log1p(Math.exp(-Math.abs(a - b))) - Math.LN2;
}

/**
 * p_data as above against p_g = N(position, width²).
 * w1 = ∫ |F - G| dx, js and kl = KL(p_data‖p_g) in nats, and the derivative of each with respect to the position.
 */
function solveTransport({ position, gap, width }, { low, high, count } = EARTH) {
  const step = (high - low) / (count - 1);
  const [xs, p, q, below, ground] = Array.from({ length: 5 }, () => new Float64Array(count));
  const sums = { w1: 0, js: 0, w1Slope: 0, jsSlope: 0 };
  let [F, G, lastP, lastQ] = [0, 0, 0, 0];
  for (let i = 0; i < count; i++) {
    const x = low + i * step;
    const [logP, logQ] = [logData(x, gap, width), logBump(x, position, width)];
    xs[i] = x;
    p[i] = Math.exp(logP);
    q[i] = Math.exp(logQ);
    F += (step * (p[i] + lastP)) / 2;
    G += (step * (q[i] + lastQ)) / 2;
    [lastP, lastQ, below[i], ground[i]] = [p[i], q[i], F, G];
    const weight = i === 0 || i === count - 1 ? step / 2 : step;
    // log(q/m) with m = (p + q)/2, without forming a density that underflows
    const ratio = logP - logQ;
    const [fromP, fromQ] = [Math.LN2 - softplus(-ratio), Math.LN2 - softplus(ratio)];
    const drift = (q[i] * (x - position)) / width ** 2; // derivative of q for the position
    sums.w1 += weight * Math.abs(F - G);
    sums.w1Slope += weight * Math.sign(Math.abs(F - G) < 1e-9 ? 0 : F - G) * q[i]; // G falls by q where p_g moves right
    sums.js += (weight * (p[i] * fromP + q[i] * fromQ)) / 2;
    sums.jsSlope += (weight * drift * fromQ) / 2;
  }
  // E_p log p has no closed form for two bumps, the rest has: KL = E_p[log p] - E_p[log q]
  let kl = 0;
  for (let i = 0; i < count; i++) {
    const weight = i === 0 || i === count - 1 ? step / 2 : step;
    if (p[i] > 0) kl += weight * p[i] * (logData(xs[i], gap, width) - logBump(xs[i], position, width));
  }
  return { xs, p, q, below, ground, ...sums, kl, klSlope: position / width ** 2 };
}

/** Where the distribution function, given at xs, reaches each of the levels: its quantiles. */
function quantiles(xs, distribution, levels) {
  let i = 0;
  return levels.map((level) => {
    while (i < xs.length - 2 && distribution[i + 1] < level) i++;
    const rise = distribution[i + 1] - distribution[i];
    return rise > 0 ? xs[i] + ((level - distribution[i]) / rise) * (xs[i + 1] - xs[i]) : xs[i];
  });
}
