"use strict";
// The search for the one number from which a generator makes a point: the distance as a function of the code.

const CODE_SEARCH = { steps: 200, rate: 0.03, betas: [0.9, 0.999], grid: 2001 };

class CodeSearch {
  /** network: a perceptron of one number and two outputs; codes are searched for in [-reach, reach]. */
  constructor(network, reach) {
    Object.assign(this, { network, reach });
    const { grid } = CODE_SEARCH;
    this.codes = Float64Array.from({ length: grid }, (_, k) => reach * (-1 + (2 * k) / (grid - 1)));
    this.curve = network.forward(this.codes, grid);
  }

  point(z) {
    return Array.from(this.network.forward(Float64Array.of(z), 1));
  }

  distance(z, [x, y]) {
    const [u, v] = this.point(z);
    return Math.hypot(u - x, v - y);
  }

  /** Distance of the target from the point of every code of the grid. */
  profile([x, y]) {
    return this.codes.map((_, k) => Math.hypot(this.curve[2 * k] - x, this.curve[2 * k + 1] - y));
  }

  /** The best code in the interval: the best of the grid, then the best between its neighbours. */
  best(target) {
    const values = this.profile(target);
    const k = values.indexOf(Math.min(...values));
    let low = this.codes[Math.max(0, k - 1)], high = this.codes[Math.min(this.codes.length - 1, k + 1)];
    for (let i = 0; i < 60; i++) {
      const [a, b] = [low + (high - low) / 3, high - (high - low) / 3];
      if (this.distance(a, target) < this.distance(b, target)) high = b;
      else low = a;
    }
    const z = (low + high) / 2;
    return this.distance(z, target) < values[k] ? { z, distance: this.distance(z, target) } : { z: this.codes[k], distance: values[k] };
  }

  /** Slope of the squared distance in the code. */
  slope(z, [x, y]) {
    const [u, v] = this.network.forward(Float64Array.of(z), 1);
    return this.network.backward(Float64Array.of(2 * (u - x), 2 * (v - y)), { parameters: false })[0];
  }

  /** Codes of every step of Adam from z, whose rate falls to 0 along half a cosine. Codes stay in the interval. */
  descend(z, target) {
    const { steps, rate, betas } = CODE_SEARCH;
    const path = [z];
    let mean = 0, square = 0;
    for (let step = 0; step < steps; step++) {
      const slope = this.slope(z, target);
      mean = betas[0] * mean + (1 - betas[0]) * slope;
      square = betas[1] * square + (1 - betas[1]) * slope * slope;
      const size = (rate * this.reach * (1 + Math.cos((Math.PI * step) / steps))) / 2;
      const move = (size * mean) / (1 - betas[0] ** (step + 1)) / (Math.sqrt(square / (1 - betas[1] ** (step + 1))) + 1e-8);
      z = Math.min(this.reach, Math.max(-this.reach, z - move));
      path.push(z);
    }
    return path;
  }
}
