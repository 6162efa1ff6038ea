// @ts-check
// Ink in MNIST's form: the JavaScript twin of `normalise` in sutja/reading/normalise.py, step by step.

import { SIDE } from "./network.js";

const DIGIT_BOX_PIXELS = 20; // longer side of an MNIST digit
const CENTRE_OF_MASS = SIDE / 2 + 0.5;
const STROKE_WIDTH_PIXELS = [1.8, 4]; // 5th and 95th percentile of MNIST's digits
const MIN_INK = 0.3; // ink that belongs to the digit
const STROKE_INK = 0.5; // ink that belongs to the core of a stroke

/** A digit in MNIST's form, 28×28 pixels, 0 = paper, 255 = ink; empty without ink.
 * @param {Ink} ink @returns {Uint8Array} */
export function normaliseInk(ink) {
  const bounds = inkBounds(ink);
  if (!bounds) return new Uint8Array(SIDE * SIDE);
  const digit = withMnistStrokes(cut(ink, bounds));
  const zoom = DIGIT_BOX_PIXELS / Math.max(digit.width, digit.height);
  const width = Math.max(1, roundHalfEven(digit.width * zoom));
  const height = Math.max(1, roundHalfEven(digit.height * zoom));
  const small = resized(digit, width, height, zoom < 1 ? areaTaps : linearTaps);
  const full = Math.max(percentile(small.data, 98), MIN_INK);
  return centred({ ...small, data: small.data.map((value) => Math.min(value / full, 1)) });
}

/** @param {Ink} ink */
function inkBounds({ data, width, height }) {
  let [left, top, right, bottom] = [width, height, 0, 0];
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++, at++) {
      if (data[at] <= MIN_INK) continue;
      left = Math.min(left, x);
      top = Math.min(top, y);
      right = Math.max(right, x + 1);
      bottom = y + 1;
    }
  }
  return right ? { left, top, right, bottom } : null;
}

/** @param {Ink} ink @param {Edges} edges @returns {Ink} */
function cut({ data, width }, { left, top, right, bottom }) {
  const part = new Float32Array((right - left) * (bottom - top));
  for (let y = top; y < bottom; y++) {
    part.set(data.subarray(y * width + left, y * width + right), (y - top) * (right - left));
  }
  return { data: part, width: right - left, height: bottom - top };
}

/** Thicken or thin the strokes so that they are as wide as MNIST's once the digit is scaled to MNIST's size.
 * @param {Ink} digit */
function withMnistStrokes(digit) {
  const longer = Math.max(digit.width, digit.height);
  const zoom = DIGIT_BOX_PIXELS / longer;
  const width = strokeWidth(digit) * zoom;
  const target = Math.min(Math.max(width, STROKE_WIDTH_PIXELS[0]), STROKE_WIDTH_PIXELS[1]);
  const wanted = roundHalfEven((target - width) / zoom); // in pixels before scaling
  if (wanted === 0) return digit;
  const change = Math.min(Math.max(wanted, Math.floor(-longer / 4)), Math.floor(longer / 4));
  const brush = ellipse(Math.abs(change) + 1);
  if (change > 0) return morphed(padded(digit, Math.floor(change / 2) + 1), brush, Math.max, -Infinity);
  const thinned = morphed(digit, brush, Math.min, Infinity);
  return strokePixels(thinned) > 0.3 * strokePixels(digit) ? thinned : digit;
}

/** @param {Ink} ink */
const strokePixels = ({ data }) => data.reduce((sum, value) => sum + Number(value > STROKE_INK), 0);

/** The mean width of the strokes in pixels: twice the area over the perimeter.
 * @param {Ink} ink */
function strokeWidth({ data, width, height }) {
  const inked = (/** @type {number} */ x, /** @type {number} */ y) =>
    x >= 0 && y >= 0 && x < width && y < height && data[y * width + x] > STROKE_INK;
  let [area, perimeter] = [0, 0];
  for (let y = 0; y <= height; y++) {
    for (let x = 0; x <= width; x++) {
      const here = inked(x, y);
      area += Number(here);
      perimeter += Number(here !== inked(x - 1, y)) + Number(here !== inked(x, y - 1));
    }
  }
  return perimeter ? (2 * area) / ((perimeter * Math.PI) / 4) : 0;
}

/** The offsets of OpenCV's elliptic brush of a size in pixels, as runs [row, first column, last column + 1].
 * @param {number} size @returns {[number, number, number][]} */
function ellipse(size) {
  const radius = Math.floor(size / 2);
  const inverse = radius ? 1 / (radius * radius) : 0;
  return Array.from({ length: size }, (_, row) => {
    const dy = row - radius;
    const reach = roundHalfEven(radius * Math.sqrt((radius * radius - dy * dy) * inverse));
    return [dy, Math.max(radius - reach, 0) - radius, Math.min(radius + reach + 1, size) - radius];
  });
}

/** Dilate (`choose` is the maximum) or erode (the minimum) with a brush; beyond the picture is nothing.
 * @param {Ink} ink @param {[number, number, number][]} brush
 * @param {(a: number, b: number) => number} choose @param {number} none @returns {Ink} */
function morphed({ data, width, height }, brush, choose, none) {
  const result = new Float32Array(data.length).fill(none);
  for (const [dy, first, stop] of brush) {
    for (let y = Math.max(0, -dy); y < Math.min(height, height - dy); y++) {
      for (let x = 0; x < width; x++) {
        let best = result[y * width + x];
        const end = (y + dy) * width + Math.min(width, x + stop);
        for (let at = (y + dy) * width + Math.max(0, x + first); at < end; at++) best = choose(best, data[at]);
        result[y * width + x] = best;
      }
    }
  }
  return { data: result, width, height };
}

/** @param {Ink} ink @param {number} margin @returns {Ink} */
function padded({ data, width, height }, margin) {
  const wide = width + 2 * margin;
  const result = new Float32Array(wide * (height + 2 * margin));
  for (let y = 0; y < height; y++) {
    result.set(data.subarray(y * width, (y + 1) * width), (y + margin) * wide + margin);
  }
  return { data: result, width: wide, height: height + 2 * margin };
}

/** The source pixels of each target pixel along one side, with their shares: [[index, share], …].
 * @typedef {(from: number, to: number) => [number, number][][]} Taps */

/** Averages over areas, as OpenCV's INTER_AREA.
 * @type {Taps} */
function areaTaps(from, to) {
  const scale = from / to;
  return Array.from({ length: to }, (_, target) => {
    const start = target * scale;
    const stop = start + scale;
    const cell = Math.min(scale, from - start);
    const last = Math.min(Math.floor(stop), from - 1);
    const first = Math.min(Math.ceil(start), last);
    /** @type {[number, number][]} */
    const taps = first - start > 1e-3 ? [[first - 1, (first - start) / cell]] : [];
    for (let at = first; at < last; at++) taps.push([at, 1 / cell]);
    if (stop - last > 1e-3) taps.push([last, Math.min(stop - last, 1, cell) / cell]);
    return taps;
  });
}

/** Interpolates linearly, as OpenCV's INTER_LINEAR.
 * @type {Taps} */
function linearTaps(from, to) {
  return Array.from({ length: to }, (_, target) => {
    const position = Math.min(Math.max(((target + 0.5) * from) / to - 0.5, 0), from - 1);
    const low = Math.min(Math.floor(position), Math.max(0, from - 2));
    const part = position - low;
    return part ? [[low, 1 - part], [low + 1, part]] : [[low, 1]];
  });
}

/** @param {Ink} ink @param {number} width @param {number} height @param {Taps} taps @returns {Ink} */
function resized(ink, width, height, taps) {
  const across = taps(ink.width, width);
  const down = taps(ink.height, height);
  const narrow = new Float32Array(width * ink.height);
  for (let y = 0; y < ink.height; y++) {
    for (let x = 0; x < width; x++) {
      let sum = 0;
      for (const [at, share] of across[x]) sum += share * ink.data[y * ink.width + at];
      narrow[y * width + x] = sum;
    }
  }
  const data = new Float32Array(width * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      let sum = 0;
      for (const [at, share] of down[y]) sum += share * narrow[at * width + x];
      data[y * width + x] = sum;
    }
  }
  return { data, width, height };
}

/** @param {Float32Array} values @param {number} percent */
function percentile(values, percent) {
  const ordered = values.slice().sort();
  const rank = (values.length - 1) * (percent / 100);
  const low = Math.floor(rank);
  const [below, above] = [ordered[low], ordered[Math.min(low + 1, values.length - 1)]];
  return below + (above - below) * (rank - low);
}

/** Place a digit of at most 20×20 pixels on 28×28 with its centre of mass where MNIST has it.
 * @param {Ink} digit */
function centred({ data, width, height }) {
  let [mass, massX, massY] = [0, 0, 0];
  data.forEach((value, at) => {
    mass += value;
    massX += value * ((at % width) + 0.5);
    massY += value * (Math.floor(at / width) + 0.5);
  });
  const offset = (/** @type {number} */ moment, /** @type {number} */ size) =>
    Math.min(Math.max(roundHalfEven(CENTRE_OF_MASS - moment / (mass || 1)), 0), SIDE - size);
  const [left, top] = [offset(massX, width), offset(massY, height)];
  const image = new Uint8Array(SIDE * SIDE);
  data.forEach((value, at) => {
    image[(top + Math.floor(at / width)) * SIDE + left + (at % width)] = roundHalfEven(Math.fround(value * 255));
  });
  return image;
}

/** Round as Python and OpenCV do: a half goes to the even neighbour.
 * @param {number} value */
function roundHalfEven(value) {
  const low = Math.floor(value);
  return value - low === 0.5 ? low + (low % 2 ? 1 : 0) : Math.round(value);
}
