"use strict";
// The Fréchet distance of two Gaussians in the plane, its two terms, and the transport that it is the cost of.
// A symmetric matrix [[a, b], [b, d]] is kept as [a, b, d].

/** Covariance of an ellipse with standard deviations `along` and `across`, its long axis turned by `angle` degrees. */
function covariance({ along, across, angle }) {
  const [c, s] = [Math.cos((angle * Math.PI) / 180), Math.sin((angle * Math.PI) / 180)];
  return [along ** 2 * c * c + across ** 2 * s * s, (along ** 2 - across ** 2) * c * s, along ** 2 * s * s + across ** 2 * c * c];
}

const determinant = ([a, b, d]) => a * d - b * b;

/** Symmetric square root, by Cayley and Hamilton: (M + √det M · I) / √(tr M + 2 √det M). */
function squareRoot(m) {
  const root = Math.sqrt(determinant(m));
  const scale = Math.sqrt(m[0] + m[2] + 2 * root);
  return [(m[0] + root) / scale, m[1] / scale, (m[2] + root) / scale];
}

/** K M K for symmetric K and M, itself symmetric. */
function sandwich([p, q, r], [a, b, d]) {
  const [top, side] = [[p * a + q * b, p * b + q * d], [q * a + r * b, q * b + r * d]];
  return [top[0] * p + top[1] * q, top[0] * q + top[1] * r, side[0] * q + side[1] * r];
}

/** The squared distance between Gaussians { mean: [x, y], along, across, angle }, as { shift, spread, distance }. */
function frechet(one, other) {
  const [a, b] = [covariance(one), covariance(other)];
  const shift = (one.mean[0] - other.mean[0]) ** 2 + (one.mean[1] - other.mean[1]) ** 2;
  const overlap = squareRoot(sandwich(squareRoot(a), b));
  const spread = Math.max(0, a[0] + a[2] + b[0] + b[2] - 2 * (overlap[0] + overlap[2]));
  return { shift, spread, distance: shift + spread };
}

/** The cheapest way to move `one` onto `other`, x -> n + A^-1/2 (A^1/2 B A^1/2)^1/2 A^-1/2 (x - m), as a function. */
function transport(one, other) {
  const a = squareRoot(covariance(one));
  const size = determinant(a);
  const inverse = [a[2] / size, -a[1] / size, a[0] / size];
  const [p, q, r] = sandwich(inverse, squareRoot(sandwich(a, covariance(other))));
  return ([x, y]) => {
    const [u, v] = [x - one.mean[0], y - one.mean[1]];
    return [other.mean[0] + p * u + q * v, other.mean[1] + q * u + r * v];
  };
}

/** `count` points of the ellipse at √2 standard deviations: their mean and covariance are those of the Gaussian. */
function ring(gaussian, count) {
  const root = squareRoot(covariance(gaussian));
  return Array.from({ length: count }, (_, i) => {
    const turn = (2 * Math.PI * i) / count;
    const [u, v] = [Math.SQRT2 * Math.cos(turn), Math.SQRT2 * Math.sin(turn)];
    return [gaussian.mean[0] + root[0] * u + root[1] * v, gaussian.mean[1] + root[1] * u + root[2] * v];
  });
}
