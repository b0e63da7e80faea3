"use strict";
// K equally probable codes on a line, seen through Gaussian noise, and a reading q that assumes another noise.

/** Levels two apart, centred at 0. */
const levelsOf = (count) => Array.from({ length: count }, (_, k) => 2 * k - (count - 1));

const logNormal = (away, width) => -0.5 * (away / width) ** 2 - Math.log(width) - 0.5 * Math.log(2 * Math.PI);

/** Points and their common weight, wide enough for every code. */
function lineFor(levels, noise, count = 1601) {
  const reach = levels[levels.length - 1] + 8 * noise + 0.01;
  return { points: Array.from({ length: count }, (_, i) => -reach + (2 * reach * i) / (count - 1)), weight: (2 * reach) / (count - 1) };
}

/** log of the law of codes that goes with a noise, at one x: the posterior where the noise is the channel's own. */
function logReading(levels, noise, x) {
  const logits = levels.map((level) => -0.5 * ((x - level) / noise) ** 2);
  const top = Math.max(...logits);
  const total = top + Math.log(logits.reduce((sum, l) => sum + Math.exp(l - top), 0));
  return logits.map((l) => l - total);
}

/** { exact, bound } in nats: log K + E[log p(c|x)], and log K + E[log q(c|x)] for a reading that assumes a noise. */
function channelBounds(levels, noise, assumed, shift = 0) {
  const { points, weight } = lineFor(levels, noise);
  let [exact, bound] = [Math.log(levels.length), Math.log(levels.length)];
  for (const x of points) {
    const [true_, read] = [logReading(levels, noise, x), logReading(levels, assumed, x - shift)];
    levels.forEach((level, k) => {
      const mass = (Math.exp(logNormal(x - level, noise)) * weight) / levels.length;
      exact += mass * true_[k];
      bound += mass * read[k];
    });
  }
  return { exact, bound };
}
