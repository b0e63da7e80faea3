"use strict";
// BiGAN's game of n images and n codes, all equally probable: exact values of two maps.

/** encoder[x] is the code of image x, generator[z] the image of code z. { value, divergence, back, images, codes }. */
function jointGame(encoder, generator) {
  const n = encoder.length;
  let value = 0;
  for (let x = 0; x < n; x++) {
    for (let z = 0; z < n; z++) {
      const [p, q] = [(encoder[x] === z) / n, (generator[z] === x) / n];
      if (p > 0) value += p * Math.log(p / (p + q));
      if (q > 0) value += q * Math.log(q / (p + q));
    }
  }
  const back = generator.filter((x, z) => encoder[x] === z).length / n;
  const all = (map) => new Set(map).size === n;
  return { value, divergence: (value + Math.log(4)) / 2, back, images: all(generator), codes: all(encoder) };
}
