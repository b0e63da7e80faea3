"use strict";
// Games of two numbers: the direction in which each player descends its own loss, and paths of gradient steps.
// The same as course_lib/theory/dynamics.py, where the formulas have their sources.

/** Nodes and weights of the mean over a standard normal number: an equally spaced sum, exact to ten digits. */
const NOISE = Array.from({ length: 81 }, (_, i) => -8 + i / 5);
const NOISE_WEIGHTS = ((w) => w.map((v) => v / w.reduce((a, b) => a + b)))(NOISE.map((z) => Math.exp(-z * z / 2)));

/** V(x, y) = x y: x descends, y ascends. */
const bilinear = ([x, y]) => [-y, x];

/** The Dirac-GAN, point (θ, ψ): data at 0, generator at θ, logit ψ x. r1, noise and penalty may be left out. */
function dirac(loss, { r1 = 0, noise = 0, penalty = 0 } = {}) {
  const one = () => 1;
  const real = loss === "wasserstein" ? one : (v) => sigmoid(-v); // slopes of the losses in the logit
  const fake = loss === "wasserstein" ? one : sigmoid;
  const generator = loss === "wasserstein" ? one : loss === "minimax" ? sigmoid : (v) => sigmoid(-v);
  const mean = (f) => (noise === 0 ? f(0) : NOISE.reduce((sum, z, i) => sum + NOISE_WEIGHTS[i] * f(noise * z), 0));
  return ([theta, psi]) => [
    psi * mean((e) => generator(psi * (theta + e))),
    mean((e) => e * real(psi * e) - (theta + e) * fake(psi * (theta + e)))
      - r1 * psi - penalty * (Math.abs(psi) - 1) * Math.sign(psi),
  ];
}

/** [start, ...] under `steps` steps; ends early where it has left every picture. The second player moves first. */
function play(field, start, rate, steps, order) {
  const along = ([x, y], [u, v]) => [x + rate * u, y + rate * v];
  const path = [start];
  for (let i = 0; i < steps; i++) {
    let at = path[i];
    if (order === "alternating") {
      at = [at[0], along(at, field(at))[1]];
      at = [along(at, field(at))[0], at[1]];
    } else {
      at = along(at, field(order === "extragradient" ? along(at, field(at)) : at));
    }
    if (!(Math.hypot(...at) < 1e9)) break;
    path.push(at);
  }
  return path;
}

/** The mean of all points so far, at each point of a path. */
function runningMean(path) {
  let [x, y] = [0, 0];
  return path.map((p, i) => {
    [x, y] = [x + p[0], y + p[1]];
    return [x / (i + 1), y / (i + 1)];
  });
}
