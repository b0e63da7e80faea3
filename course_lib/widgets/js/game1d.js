"use strict";
// The game on the line with the best response: p_data is fixed, p_g is two equal bumps that the reader moves.

const GAME_1D = { low: -20, high: 20, count: 2001 };
const DATA_1D = { mean: 0, gap: 3, deviation: 0.6 };

function logGaussian(x, mean, deviation) {
  return -0.5 * ((x - mean) / deviation) ** 2 - Math.log(deviation) - 0.5 * Math.log(2 * Math.PI);
}

/** log of ½ N(mean - gap/2, deviation²) + ½ N(mean + gap/2, deviation²) at x; finite where the density underflows. */
function logPair(x, { mean, gap, deviation }) {
  const a = logGaussian(x, mean - gap / 2, deviation);
  const b = logGaussian(x, mean + gap / 2, deviation);
  return Math.max(a, b) + Math.log1p(Math.exp(-Math.abs(a - b))) - Math.LN2;
}

/**
 * Densities, the optimal discriminator D* = p/(p + q) and the game's numbers, by the trapezoid rule.
 * `js` and `value` are integrated separately: V(G, D*) = 2 JS - log 4 is for the reader to see, not put in.
 */
function solveGame(data, model, { low, high, count } = GAME_1D) {
  const width = (high - low) / (count - 1);
  const [xs, p, q, best] = Array.from({ length: 4 }, () => new Float64Array(count));
  let js = 0;
  let value = 0;
  for (let i = 0; i < count; i++) {
    xs[i] = low + i * width;
    const [logP, logQ] = [logPair(xs[i], data), logPair(xs[i], model)];
    p[i] = Math.exp(logP);
    q[i] = Math.exp(logQ);
    const logit = logP - logQ;
    best[i] = sigmoid(logit);
    const weight = i === 0 || i === count - 1 ? width / 2 : width;
    const mixture = (p[i] + q[i]) / 2;
    const part = (d) => (d > 0 ? d * Math.log(d / mixture) : 0);
    js += (weight * (part(p[i]) + part(q[i]))) / 2;
    value += weight * (-p[i] * softplus(-logit) - q[i] * softplus(logit)); // E_p[log D*] + E_g[log(1 - D*)]
  }
  return { xs, p, q, best, js, value };
}
