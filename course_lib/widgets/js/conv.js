"use strict";
// The forward pass of a convolutional generator, with batch normalisation already folded into its weights.

/** One IEEE half-precision number from its 16 bits (weights are finite, so infinities need no case). */
function fromHalf(bits) {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  return sign * (exponent ? (1 + fraction / 1024) * 2 ** (exponent - 15) : fraction * 2 ** -24);
}

/** spec { layers: [{ inputs, outputs, kernel, stride, padding, activation }], precision, weights } -> layers with arrays. */
function unpackGenerator(spec) {
  const bytes = Uint8Array.from(atob(spec.weights), (character) => character.charCodeAt(0));
  const numbers = spec.precision === "float16" ? Float32Array.from(new Uint16Array(bytes.buffer), fromHalf) : new Float32Array(bytes.buffer);
  let start = 0;
  const take = (n) => numbers.subarray(start, (start += n));
  return spec.layers.map((layer) => ({
    ...layer,
    weight: take(layer.inputs * layer.outputs * layer.kernel ** 2),
    bias: take(layer.outputs),
  }));
}

const ACTIVATIONS = { relu: (v) => (v > 0 ? v : 0), tanh: Math.tanh, none: (v) => v };

/** Transposed convolution: every input pixel stamps its kernel on the output. x is (inputs, side, side), flat. */
function convolveTransposed(x, side, layer) {
  const { inputs, outputs, kernel, stride, padding, weight, bias } = layer;
  const size = (side - 1) * stride - 2 * padding + kernel;
  const y = new Float32Array(outputs * size * size);
  for (let o = 0; o < outputs; o++) y.fill(bias[o], o * size * size, (o + 1) * size * size);
  for (let i = 0; i < inputs; i++) {
    for (let row = 0; row < side; row++) {
      const top = row * stride - padding;
      const [firstRow, lastRow] = [Math.max(0, -top), Math.min(kernel, size - top)];
      for (let column = 0; column < side; column++) {
        const v = x[(i * side + row) * side + column];
        if (v === 0) continue; // after a ReLU about half of the pixels have nothing to stamp
        const left = column * stride - padding;
        const [first, last] = [Math.max(0, -left), Math.min(kernel, size - left)];
        for (let o = 0; o < outputs; o++) {
          const w = (i * outputs + o) * kernel * kernel;
          const corner = o * size * size + left;
          for (let a = firstRow; a < lastRow; a++) {
            const to = corner + (top + a) * size;
            const from = w + a * kernel;
            for (let b = first; b < last; b++) y[to + b] += v * weight[from + b];
          }
        }
      }
    }
  }
  const activation = ACTIVATIONS[layer.activation];
  if (layer.activation !== "none") for (let j = 0; j < y.length; j++) y[j] = activation(y[j]);
  return { y, size };
}

/** A latent code (flat) -> { pixels: (channels, side, side) flat in [-1, 1], side }. */
function generate(layers, code) {
  let x = code;
  let side = 1;
  for (const layer of layers) ({ y: x, size: side } = convolveTransposed(x, side, layer));
  return { pixels: x, side };
}
