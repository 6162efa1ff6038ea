// @ts-check
// Drawing on canvases: strokes of a pen, their boxes, and the height of the writing.
// A stroke is a list of points {x, y, width} in pixels of the page.

import { around } from "./corners.js";

/** The 2D context of a canvas.
 * @param {HTMLCanvasElement} canvas @param {CanvasRenderingContext2DSettings} [settings] */
export function drawingOn(canvas, settings) {
  return /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d", settings));
}

/** Clear a canvas and make it as fine as the screen; its context then takes pixels of the page.
 * @param {HTMLCanvasElement} canvas */
export function cleared(canvas) {
  const [width, height] = [canvas.clientWidth, canvas.clientHeight].map((side) => Math.round(side * devicePixelRatio));
  Object.assign(canvas, { width, height });
  const context = drawingOn(canvas);
  context.scale(devicePixelRatio, devicePixelRatio);
  return context;
}

/** Call `draw()` when a canvas has another size, or the page other colours.
 * @param {HTMLCanvasElement} canvas @param {() => void} draw */
export function redrawn(canvas, draw) {
  new ResizeObserver(draw).observe(canvas);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
}

/** Draw a whole stroke.
 * @param {CanvasRenderingContext2D} context @param {Stroke} points */
export const drawStroke = (context, points) => points.forEach((_, index) => drawStep(context, points, index));

/** Draw the last part of a stroke up to the point at `index`: a curve through midpoints, and a line to the point.
 * @param {CanvasRenderingContext2D} context @param {Stroke} points @param {number} index */
export function drawStep(context, points, index) {
  const tip = points[index];
  const before = points[index - 1] ?? tip;
  const start = points[index - 2] ? middle(points[index - 2], before) : before;
  const end = middle(before, tip);
  context.lineCap = context.lineJoin = "round";
  context.lineWidth = (before.width + tip.width) / 2;
  context.beginPath();
  context.moveTo(start.x, start.y);
  context.quadraticCurveTo(before.x, before.y, end.x, end.y);
  context.lineTo(tip.x, tip.y);
  context.stroke();
}

/** @type {(a: Point, b: Point) => {x: number, y: number}} */
const middle = (a, b) => ({ x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 });

/** The box around a stroke's ink.
 * @param {Stroke} points */
export const strokeBox = (points) => around(points.map(({ x, y, width }) => new DOMRect(x - width / 2, y - width / 2, width, width)));

/** The usual height of digits, the 75th percentile; strokes whose boxes touch belong to one digit.
 * @param {Spot[]} boxes */
export function usualHeight(boxes) {
  /** @type {Spot[]} */
  const digits = [];
  for (const box of boxes) {
    let digit = box;
    for (let index = digits.length - 1; index >= 0; index--) {
      if (touch(digits[index], digit)) digit = around([digit, ...digits.splice(index, 1)]);
    }
    digits.push(digit);
  }
  const heights = digits.map((digit) => Math.max(digit.height, digit.width / 2));
  return heights.sort((a, b) => a - b)[Math.floor(heights.length * 0.75)];
}

/** @type {(a: Spot, b: Spot) => boolean} */
const touch = (a, b) => a.left <= b.right && b.left <= a.right && a.top <= b.bottom && b.top <= a.bottom;
