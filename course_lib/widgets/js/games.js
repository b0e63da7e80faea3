"use strict";
// The games' losses as functions of the discriminator's logit v, with their derivatives. Mean over the batch, nats.

const softplus = (v) => Math.max(v, 0) + Math.log1p(Math.exp(-Math.abs(v))); // log(1 + e^v) without overflow
const sigmoid = (v) => (v >= 0 ? 1 / (1 + Math.exp(-v)) : Math.exp(v) / (1 + Math.exp(v)));

/** The probabilities of which the logits are the logarithms, up to a constant. */
function softmax(logits) {
  const most = Math.max(...logits);
  const weights = logits.map((u) => Math.exp(u - most));
  const sum = weights.reduce((a, b) => a + b);
  return weights.map((w) => w / sum);
}

/** -log D(x) on data and -log(1 - D(x)) on samples: the discriminator of the first three games. */
const CROSS_ENTROPY = {
  real: { loss: (v) => softplus(-v), slope: (v) => -sigmoid(-v) },
  fake: { loss: (v) => softplus(v), slope: (v) => sigmoid(v) },
};

const GAMES = {
  "non-saturating": {
    ...CROSS_ENTROPY,
    generator: { formula: "−log D(G(z))", loss: (v) => softplus(-v), slope: (v) => -sigmoid(-v) },
    fixedPoint: 2 * Math.LN2,
  },
  minimax: {
    ...CROSS_ENTROPY,
    generator: { formula: "log(1 − D(G(z)))", loss: (v) => -softplus(v), slope: (v) => -sigmoid(v) },
    fixedPoint: 2 * Math.LN2,
  },
  "maximum-likelihood": {
    ...CROSS_ENTROPY,
    // D/(1 - D) = e^v
    generator: { formula: "−D/(1 − D)", loss: (v) => -Math.exp(v), slope: (v) => -Math.exp(v) },
    fixedPoint: 2 * Math.LN2,
  },
  "least-squares": {
    real: { loss: (v) => 0.5 * (v - 1) ** 2, slope: (v) => v - 1 },
    fake: { loss: (v) => 0.5 * v ** 2, slope: (v) => v },
    generator: { formula: "½ (D(G(z)) − 1)²", loss: (v) => 0.5 * (v - 1) ** 2, slope: (v) => v - 1 },
    fixedPoint: 0.25,
  },
};
