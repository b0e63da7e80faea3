"use strict";
// Where the inputs of a transposed convolution fall: theory.convolutions in the page.

/** How many inputs reach each output: s (H - 1) + K - 2p numbers. */
function overlaps(inputs, kernel, stride, padding) {
  const outputs = stride * (inputs - 1) + kernel - 2 * padding;
  const counts = new Array(Math.max(0, outputs)).fill(0);
  for (let i = 0; i < inputs; i++) {
    for (let k = 0; k < kernel; k++) {
      const j = stride * i + k - padding;
      if (j >= 0 && j < outputs) counts[j] += 1;
    }
  }
  return counts;
}

/** What the figure says in words. */
function stampsText(kernel, stride) {
  const [low, high] = [Math.floor(kernel / stride), Math.ceil(kernel / stride)];
  if (kernel < stride) return "The kernel is shorter than the stride: some outputs are reached by no input.";
  if (low === high) return `Even: ${stride} divides ${kernel}, and every output away from the ends is reached by ${low} ${low === 1 ? "input" : "inputs"}.`;
  return `Uneven: ${stride} does not divide ${kernel}. Outputs are reached by ${low} or by ${high} inputs, in a pattern that repeats every ${stride}.`;
}
