// @ts-check
// An example: a number that is written stroke by stroke.

import { pause } from "./timing.js";

const SVG = "http://www.w3.org/2000/svg";
const DIGITS = [
  "M50 0C10 5-10 100 40 100 90 100 105 5 45 2",
  "M5 35C25 25 45 5 48 0L45 100",
  "M5 25C10-10 90-5 85 25 80 60 20 85 5 100 30 92 70 95 100 95",
  "M5 10C40-5 85-5 85 20 85 40 60 45 40 45 70 45 90 55 90 72 90 105 35 105 0 90",
  "M50 0 5 60 95 58M75 30 70 100",
  "M20 0 10 44C50 30 90 50 85 72 80 105 30 105 0 92M20 2 90 0",
  "M70 0C25 30 5 55 5 75 5 110 85 110 80 75 75 45 20 55 10 75",
  "M0 5 85 2C60 35 40 65 30 100",
  "M80 10C70-5 10-5 10 20 10 45 85 55 85 80 85 107 5 107 5 77 5 50 85 45 82 12",
  "M80 20C70-5 10-5 10 25 10 60 75 50 80 12 78 50 70 80 60 100",
]; // paths of the pen, in hundredths of a digit's width and height
const NUMBERS = ["2026", "314", "1789", "50"];
const STEP = 5; // between two points of a path
const STEP_MS = 9;

let turn = 0;

/** Write the next number on an empty drawing; stops if the user clears the paper or writes meanwhile.
 * @param {Drawing} drawing */
export async function writeExample(drawing) {
  const number = NUMBERS[turn++ % NUMBERS.length];
  const { width, height } = drawing.size;
  const wide = Math.min((0.8 * width) / number.length / 1.4, 0.36 * height);
  const left = (width - wide * (1.4 * number.length - 0.4)) / 2;
  const top = (height - 1.5 * wide) / 2;
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  for (const [index, digit] of [...number].entries()) {
    for (const path of DIGITS[Number(digit)].split(/(?=M)/)) {
      let stroke;
      for (const { x, y } of pointsOf(path)) {
        const across = left + wide * (1.4 * index + x / 100 + (0.5 - y / 100) * 0.18); // handwriting leans
        const down = top + wide * ((1.5 * y) / 100 + 0.06 * ((index * 7) % 3));
        if (!stroke) stroke = drawing.begin(across, down);
        else if (drawing.isLast(stroke)) drawing.extend(across, down);
        else return;
        if (!still) await pause(STEP_MS);
      }
      drawing.end();
    }
  }
}

/** Points along a path, equally apart.
 * @param {string} shape of the path, in the notation of SVG */
function pointsOf(shape) {
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", shape);
  const length = path.getTotalLength();
  const steps = Math.ceil(length / STEP);
  return Array.from({ length: steps + 1 }, (_, step) => path.getPointAtLength((length * step) / steps));
}
