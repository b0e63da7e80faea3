"use strict";
// Constrained edits (Zhu et al., 2016): the code of a generator that fits painted colours and stays near where it was.

/** generate(), with what each layer was fed with and gave: what `slopeOfCode` needs. */
function generateKept(layers, code) {
  const kept = [];
  let x = code;
  let side = 1;
  for (const layer of layers) {
    const { y, size } = convolveTransposed(x, side, layer);
    kept.push({ x, side, y, size });
    ({ y: x, size: side } = { y, size });
  }
  return { pixels: x, side, kept };
}

// slope of each activation, from what it gave
const SLOPES = { relu: (y) => (y > 0 ? 1 : 0), tanh: (y) => 1 - y * y, none: () => 1 };

/** The slope of a loss in the layer's input, from its slope in the output: a convolution with the same kernel. */
function convolveBack(slope, { x, side, y, size }, layer) {
  const { inputs, outputs, kernel, stride, padding, weight } = layer;
  const before = SLOPES[layer.activation];
  const inner = Float32Array.from(slope, (v, j) => v * before(y[j]));
  const back = new Float32Array(x.length);
  for (let i = 0; i < inputs; i++) {
    for (let row = 0; row < side; row++) {
      const top = row * stride - padding;
      const [firstRow, lastRow] = [Math.max(0, -top), Math.min(kernel, size - top)];
      for (let column = 0; column < side; column++) {
        const left = column * stride - padding;
        const [first, last] = [Math.max(0, -left), Math.min(kernel, size - left)];
        let sum = 0;
        for (let o = 0; o < outputs; o++) {
          const w = (i * outputs + o) * kernel * kernel;
          const corner = o * size * size + left;
          for (let a = firstRow; a < lastRow; a++) {
            const at = corner + (top + a) * size;
            const from = w + a * kernel;
            for (let b = first; b < last; b++) sum += inner[at + b] * weight[from + b];
          }
        }
        back[(i * side + row) * side + column] = sum;
      }
    }
  }
  return back;
}

/**
 * Loss and its slope in the code: sum of mask * (image - target)^2 over channels and painted places, divided by the
 * number of painted values, plus near * |z - start|^2 / (2 d). mask is (side * side), target (channels * side * side).
 */
function brushLoss(layers, code, start, target, mask, near) {
  const { pixels, kept } = generateKept(layers, code);
  const area = mask.length;
  const channels = pixels.length / area;
  const painted = channels * mask.reduce((sum, m) => sum + m, 0);
  let fit = 0;
  let slope = new Float32Array(pixels.length);
  if (painted) {
    for (let j = 0; j < pixels.length; j++) {
      const [m, error] = [mask[j % area], pixels[j] - target[j]];
      fit += (m * error * error) / painted;
      slope[j] = (2 * m * error) / painted;
    }
  }
  for (let l = layers.length - 1; l >= 0; l--) slope = convolveBack(slope, kept[l], layers[l]);
  let away = 0;
  for (let i = 0; i < code.length; i++) {
    away += (code[i] - start[i]) ** 2;
    slope[i] += (near * (code[i] - start[i])) / code.length;
  }
  return { pixels, fit, away: Math.sqrt(away), loss: fit + (near * away) / (2 * code.length), slope };
}

/** One step of Adam (0.9, 0.99) on the first `free` numbers of the code; the others say what it is told, and stay. */
function adamStep(state, slope, rate, free) {
  state.step += 1;
  for (let i = 0; i < free; i++) {
    state.mean[i] = 0.9 * state.mean[i] + 0.1 * slope[i];
    state.square[i] = 0.99 * state.square[i] + 0.01 * slope[i] ** 2;
    const [m, s] = [state.mean[i] / (1 - 0.9 ** state.step), state.square[i] / (1 - 0.99 ** state.step)];
    state.code[i] -= (rate * m) / (Math.sqrt(s) + 1e-8);
  }
}

/** A search that begins at a code. */
function beginSearch(code) {
  return { code: Float32Array.from(code), mean: new Float32Array(code.length), square: new Float32Array(code.length), step: 0 };
}
