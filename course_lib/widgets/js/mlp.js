"use strict";
// A multilayer perceptron with backpropagation and Adam, written for speed without libraries.
// Points are rows of one flat array. JavaScript computes in float64: float32 storage would only add conversions.

/** One affine layer: y = x W + b, W stored row by row as (inputs, outputs). */
function makeLayer(inputs, outputs, random) {
  const scale = Math.sqrt(2 / inputs); // He et al. (2015)
  const weight = normals(random, inputs * outputs).map((w) => w * scale);
  const zeros = (n) => new Float64Array(n);
  const parameter = (value) => ({ value, gradient: zeros(value.length), m: zeros(value.length), v: zeros(value.length) });
  return { inputs, outputs, weight: parameter(weight), bias: parameter(zeros(outputs)) };
}

/** y = x W + b for n rows. Four inputs at a time: each output is then loaded and stored a quarter as often. */
function affine(layer, x, y, n) {
  const { inputs, outputs } = layer;
  const w = layer.weight.value;
  const b = layer.bias.value;
  for (let row = 0; row < n; row++) {
    const xo = row * inputs;
    const yo = row * outputs;
    for (let j = 0; j < outputs; j++) y[yo + j] = b[j];
    let k = 0;
    for (; k + 3 < inputs; k += 4) {
      const x0 = x[xo + k], x1 = x[xo + k + 1], x2 = x[xo + k + 2], x3 = x[xo + k + 3];
      const w0 = k * outputs, w1 = w0 + outputs, w2 = w1 + outputs, w3 = w2 + outputs;
      for (let j = 0; j < outputs; j++) y[yo + j] += x0 * w[w0 + j] + x1 * w[w1 + j] + x2 * w[w2 + j] + x3 * w[w3 + j];
    }
    for (; k < inputs; k++) {
      const x0 = x[xo + k], w0 = k * outputs;
      for (let j = 0; j < outputs; j++) y[yo + j] += x0 * w[w0 + j];
    }
  }
}

/** Add the gradient of W and b for n rows: dW += xᵀ g, db += Σ g. Four rows at a time where n allows. */
function accumulate(layer, x, g, n) {
  const { inputs, outputs } = layer;
  const dw = layer.weight.gradient;
  const db = layer.bias.gradient;
  for (let row = 0; row < n; row++) for (let j = 0; j < outputs; j++) db[j] += g[row * outputs + j];
  let row = 0;
  for (; row + 3 < n; row += 4) {
    const g0 = row * outputs, g1 = g0 + outputs, g2 = g1 + outputs, g3 = g2 + outputs;
    const o0 = row * inputs, o1 = o0 + inputs, o2 = o1 + inputs, o3 = o2 + inputs;
    for (let k = 0; k < inputs; k++) {
      const x0 = x[o0 + k], x1 = x[o1 + k], x2 = x[o2 + k], x3 = x[o3 + k];
      const wo = k * outputs;
      for (let j = 0; j < outputs; j++) dw[wo + j] += x0 * g[g0 + j] + x1 * g[g1 + j] + x2 * g[g2 + j] + x3 * g[g3 + j];
    }
  }
  for (; row < n; row++) {
    for (let k = 0; k < inputs; k++) {
      for (let j = 0; j < outputs; j++) dw[k * outputs + j] += x[row * inputs + k] * g[row * outputs + j];
    }
  }
}

/** dx = g Wᵀ for n rows, two inputs at a time. */
function pullBack(layer, g, dx, n) {
  const { inputs, outputs } = layer;
  const w = layer.weight.value;
  for (let row = 0; row < n; row++) {
    const go = row * outputs;
    let k = 0;
    for (; k + 1 < inputs; k += 2) {
      const w0 = k * outputs, w1 = w0 + outputs;
      let s0 = 0, s1 = 0;
      for (let j = 0; j < outputs; j++) {
        s0 += g[go + j] * w[w0 + j];
        s1 += g[go + j] * w[w1 + j];
      }
      dx[row * inputs + k] = s0;
      dx[row * inputs + k + 1] = s1;
    }
    for (; k < inputs; k++) {
      let s = 0;
      for (let j = 0; j < outputs; j++) s += g[go + j] * w[k * outputs + j];
      dx[row * inputs + k] = s;
    }
  }
}

class Mlp {
  /** sizes such as [2, 64, 64, 1]; LeakyReLU between layers, none at the end. */
  constructor(sizes, random, slope = 0.2) {
    this.slope = slope;
    this.updates = 0;
    this.layers = sizes.slice(1).map((outputs, i) => makeLayer(sizes[i], outputs, random));
  }

  /** (n rows of inputs) -> (n rows of outputs). Keeps what `backward` needs until the next call. */
  forward(x, n) {
    this.rows = n;
    this.activations = [x];
    this.layers.forEach((layer, i) => {
      const y = new Float64Array(n * layer.outputs);
      affine(layer, this.activations[i], y, n);
      if (i + 1 < this.layers.length) for (let j = 0; j < y.length; j++) if (y[j] < 0) y[j] *= this.slope;
      this.activations.push(y);
    });
    return this.activations[this.layers.length];
  }

  /** Gradient of the inputs, given that of the outputs; parameters' gradients are added up unless told not to. */
  backward(gradient, { parameters = true, inputs = true } = {}) {
    let g = gradient;
    for (let i = this.layers.length - 1; i >= 0; i--) {
      const layer = this.layers[i];
      const x = this.activations[i];
      if (parameters) accumulate(layer, x, g, this.rows);
      if (i === 0 && !inputs) return null;
      const dx = new Float64Array(this.rows * layer.inputs);
      pullBack(layer, g, dx, this.rows);
      // LeakyReLU keeps the sign, so the activation tells which side its argument was on
      if (i > 0) for (let j = 0; j < dx.length; j++) if (x[j] < 0) dx[j] *= this.slope;
      g = dx;
    }
    return g;
  }

  /** Length of the gradient of all weights that has been added up since the last update. */
  gradientLength() {
    let squares = 0;
    for (const layer of this.layers) for (const { gradient } of [layer.weight, layer.bias]) for (const g of gradient) squares += g * g;
    return Math.sqrt(squares);
  }

  /** One Adam update with the added-up gradients, which are then cleared. */
  update(rate, beta1 = 0.5, beta2 = 0.999) {
    this.updates++;
    const correct1 = 1 - beta1 ** this.updates;
    const correct2 = 1 - beta2 ** this.updates;
    for (const layer of this.layers) {
      for (const { value, gradient, m, v } of [layer.weight, layer.bias]) {
        for (let j = 0; j < value.length; j++) {
          const d = gradient[j];
          m[j] = beta1 * m[j] + (1 - beta1) * d;
          v[j] = beta2 * v[j] + (1 - beta2) * d * d;
          value[j] -= (rate * (m[j] / correct1)) / (Math.sqrt(v[j] / correct2) + 1e-8);
          gradient[j] = 0;
        }
      }
    }
  }
}
