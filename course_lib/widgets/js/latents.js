"use strict";
// Paths between latent codes.

const norm = (a) => Math.hypot(...a);
const lerp = (a, b, t) => a.map((v, i) => (1 - t) * v + t * b[i]);

/** Spherical interpolation (Shoemake, 1985): turns at constant speed, and the length goes linearly from |a| to |b|. */
function slerp(a, b, t) {
  const [lengthA, lengthB] = [norm(a), norm(b)];
  const cosine = a.reduce((sum, v, i) => sum + v * b[i], 0) / (lengthA * lengthB);
  const angle = Math.acos(Math.min(1, Math.max(-1, cosine)));
  if (Math.sin(angle) < 1e-6) return lerp(a, b, t); // parallel codes: there is nothing to turn
  const length = (1 - t) * lengthA + t * lengthB;
  const [wa, wb] = [Math.sin((1 - t) * angle), Math.sin(t * angle)].map((s) => (s / Math.sin(angle)) * length);
  return a.map((v, i) => (wa * v) / lengthA + (wb * b[i]) / lengthB);
}

/** A code between four corners [top left, top right, bottom left, bottom right], u to the right and v downwards. */
function between(corners, u, v, path) {
  return path(path(corners[0], corners[1], u), path(corners[2], corners[3], u), v);
}
