"use strict";
// Trained perceptrons of two latents, and places along a curve.

/** The network of { sizes, slope, layers: [{ weight, bias }] }, weights as PyTorch has them, (outputs, inputs). */
function loadPerceptron({ sizes, slope, layers }) {
  const network = new Mlp(sizes, makeRandom(1), slope);
  network.layers.forEach((layer, i) => {
    const { weight, bias } = layers[i];
    for (let k = 0; k < layer.inputs; k++) {
      for (let j = 0; j < layer.outputs; j++) layer.weight.value[k * layer.outputs + j] = weight[j * layer.inputs + k];
    }
    layer.bias.value.set(bias);
  });
  return network;
}

/** The points (n pairs, flat) that the network makes of latents (n pairs, flat). */
function pointsOf(network, latents) {
  return network.forward(Float64Array.from(latents), latents.length / 2);
}

/** A curve of points [[x, y], ...] with the share of its length that lies before each of them. */
function measured(curve) {
  const before = [0];
  for (let i = 1; i < curve.length; i++) before.push(before[i - 1] + Math.hypot(curve[i][0] - curve[i - 1][0], curve[i][1] - curve[i - 1][1]));
  return { curve, shares: before.map((length) => length / before[before.length - 1]) };
}

/** Where the point of the curve nearest to (x, y) lies, as a share of its length, and how far it is. */
function placeOn({ curve, shares }, x, y) {
  let [place, least] = [0, Infinity];
  for (let i = 1; i < curve.length; i++) {
    const [[ax, ay], [bx, by]] = [curve[i - 1], curve[i]];
    const [dx, dy] = [bx - ax, by - ay];
    const t = Math.min(1, Math.max(0, ((x - ax) * dx + (y - ay) * dy) / (dx * dx + dy * dy)));
    const distance = Math.hypot(x - ax - t * dx, y - ay - t * dy);
    if (distance < least) [place, least] = [shares[i - 1] + t * (shares[i] - shares[i - 1]), distance];
  }
  return { place, distance: least };
}
