"use strict";
// f-divergences as functions: f(u) for u = p/q, its conjugate f*(t), and the u at which the line of slope t touches f.

const clampBelow = (x, low) => (x < low ? low : x);
const xlogx = (u) => (u > 0 ? u * Math.log(u) : 0);
const inside = (t, top, value) => (t < top ? value() : Infinity);

// slopes, heights: what the lab shows of t and of f; values: what it shows of f*
const F_DIVERGENCES = {
  KL: {
    name: "kl", f: xlogx, conjugate: (t) => Math.exp(t - 1), contact: (t) => Math.exp(t - 1),
    slopes: [-2, 2.5], heights: [-1.5, 4], values: [-0.5, 4.5],
  },
  "reverse KL": {
    name: "reverse-kl", f: (u) => -Math.log(u), conjugate: (t) => inside(t, 0, () => -1 - Math.log(-t)),
    contact: (t) => -1 / t, slopes: [-4, 0.5], heights: [-2, 3.5], values: [-2.5, 3],
  },
  JS: {
    name: "js", f: (u) => (xlogx(u) - (1 + u) * Math.log((1 + u) / 2)) / 2,
    conjugate: (t) => inside(t, Math.LN2 / 2, () => -Math.log(2 - Math.exp(2 * t)) / 2),
    contact: (t) => Math.exp(2 * t) / (2 - Math.exp(2 * t)), slopes: [-1.5, 0.5], heights: [-0.5, 0.7], values: [-0.5, 1.2],
  },
  "squared Hellinger": {
    name: "squared-hellinger", f: (u) => (Math.sqrt(u) - 1) ** 2, conjugate: (t) => inside(t, 1, () => t / (1 - t)),
    contact: (t) => (1 - t) ** -2, slopes: [-3, 1.2], heights: [-1, 2], values: [-1, 4],
  },
  "total variation": {
    name: "total-variation", f: (u) => Math.abs(u - 1) / 2, conjugate: (t) => (t <= 0.5 ? clampBelow(t, -0.5) : Infinity),
    contact: (t) => (t < -0.5 ? 0 : 1), slopes: [-0.9, 0.7], heights: [-0.6, 1.6], values: [-0.8, 0.8],
  },
  Pearson: {
    name: "pearson", f: (u) => (u - 1) ** 2, conjugate: (t) => (t >= -2 ? t * t / 4 + t : -1),
    contact: (t) => clampBelow(1 + t / 2, 0), slopes: [-4, 5], heights: [-2, 5], values: [-2, 9],
  },
  Neyman: {
    name: "neyman", f: (u) => (u - 1) ** 2 / u, conjugate: (t) => (t <= 1 ? 2 - 2 * Math.sqrt(1 - t) : Infinity),
    contact: (t) => 1 / Math.sqrt(1 - t), slopes: [-4, 1.3], heights: [-1.5, 4], values: [-3, 2.5],
  },
  GAN: {
    name: "gan", f: (u) => xlogx(u) - (1 + u) * Math.log1p(u), conjugate: (t) => inside(t, 0, () => -Math.log(-Math.expm1(t))),
    contact: (t) => Math.exp(t) / -Math.expm1(t), slopes: [-3, 0.3], heights: [-4.5, 0.5], values: [-0.5, 4],
  },
};

/** Fenchel and Young: how far the line of slope t lies below f at u. Zero where it touches, never negative. */
const gapAt = (row, u, t) => row.f(u) + row.conjugate(t) - u * t;
