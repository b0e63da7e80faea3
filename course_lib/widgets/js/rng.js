"use strict";
// Seeded randomness for the labs: the same seed gives the same run in every browser.

/** A generator of uniform and standard normal numbers (mulberry32, and the polar-free Box–Muller transform). */
function makeRandom(seed) {
  let state = seed >>> 0;
  let spare = null;
  function uniform() {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  }
  function normal() {
    if (spare !== null) {
      const kept = spare;
      spare = null;
      return kept;
    }
    const radius = Math.sqrt(-2 * Math.log(1 - uniform())); // 1 - u lies in (0, 1]: the logarithm is finite
    const angle = 2 * Math.PI * uniform();
    spare = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  }
  return { uniform, normal };
}

/** n numbers from N(0, 1). */
function normals(random, n) {
  return Float64Array.from({ length: n }, random.normal);
}
