"use strict";
// Paths between latent codes.

const norm = (a) => Math.hypot(...a);
const lerp = (a, b, t) => a.map((v, i) => (1 - t) * v + t * b[i]);

/** Spherical interpolation (White, 2016): between codes of equal length, along the great circle at constant speed. */
function slerp(a, b, t) {
  const cosine = a.reduce((sum, v, i) => sum + v * b[i], 0) / (norm(a) * norm(b));
  const angle = Math.acos(Math.min(1, Math.max(-1, cosine)));
  if (Math.sin(angle) < 1e-6) return lerp(a, b, t); // parallel codes: there is nothing to turn
  const [wa, wb] = [(1 - t) * angle, t * angle].map((part) => Math.sin(part) / Math.sin(angle));
  return a.map((v, i) => wa * v + wb * b[i]);
}

/** A code between four corners [top left, top right, bottom left, bottom right], u to the right and v downwards. */
function between(corners, u, v, path) {
  return path(path(corners[0], corners[1], u), path(corners[2], corners[3], u), v);
}
