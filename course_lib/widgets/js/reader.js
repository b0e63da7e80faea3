"use strict";
// The forward pass of the course's residual classifier, with batch normalisation already folded into its weights.

/** spec { layers: [{ inputs, outputs, kernel, stride }], features, outputs, precision, weights } -> the same with arrays. */
function unpackReader(spec) {
  const bytes = Uint8Array.from(atob(spec.weights), (character) => character.charCodeAt(0));
  const numbers = spec.precision === "float16" ? Float32Array.from(new Uint16Array(bytes.buffer), fromHalf) : new Float32Array(bytes.buffer);
  let start = 0;
  const take = (n) => numbers.subarray(start, (start += n));
  const layers = spec.layers.map((layer) => ({ ...layer, weight: take(layer.inputs * layer.outputs * layer.kernel ** 2), bias: take(layer.outputs) }));
  return { ...spec, layers, head: { weight: take(spec.features * spec.outputs), bias: take(spec.outputs) } };
}

/** Convolution with a border of one zero, then ReLU. x is (inputs, side, side), flat. */
function convolve(x, side, { inputs, outputs, kernel, stride, weight, bias }) {
  const size = Math.floor((side + 2 - kernel) / stride) + 1;
  const y = new Float32Array(outputs * size * size);
  for (let o = 0; o < outputs; o++) {
    for (let row = 0; row < size; row++) {
      for (let column = 0; column < size; column++) {
        let sum = bias[o];
        for (let a = 0; a < kernel; a++) {
          const r = row * stride - 1 + a;
          if (r < 0 || r >= side) continue;
          for (let b = 0; b < kernel; b++) {
            const c = column * stride - 1 + b;
            if (c < 0 || c >= side) continue;
            for (let i = 0; i < inputs; i++) sum += x[(i * side + r) * side + c] * weight[((o * inputs + i) * kernel + a) * kernel + b];
          }
        }
        y[(o * size + row) * size + column] = sum > 0 ? sum : 0;
      }
    }
  }
  return { y, size };
}

/** Pixels (channels, side, side), flat, in [-1, 1] -> the outputs of the classifier. */
function readImage(reader, pixels, side) {
  let [x, size] = [pixels, side];
  for (let k = 0; k < reader.layers.length; k += 3) {
    ({ y: x, size } = convolve(x, size, reader.layers[k]));
    const first = convolve(x, size, reader.layers[k + 1]);
    const { y } = convolve(first.y, size, reader.layers[k + 2]);
    x = x.map((v, i) => v + y[i]);
  }
  const area = size * size;
  const features = Array.from({ length: reader.features }, (_, f) => x.subarray(f * area, (f + 1) * area).reduce((a, b) => a + b, 0) / area);
  return Array.from({ length: reader.outputs }, (_, o) => features.reduce((sum, v, f) => sum + v * reader.head.weight[o * reader.features + f], reader.head.bias[o]));
}
