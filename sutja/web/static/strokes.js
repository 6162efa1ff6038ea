// @ts-check
// Strokes of a pen: drawing them, their boxes, and the height of the writing.
// A stroke is a list of points {x, y, width} in pixels of the page.

/** The 2D context of a canvas.
 * @param {HTMLCanvasElement} canvas @param {CanvasRenderingContext2DSettings} [settings] */
export function drawingOn(canvas, settings) {
  return /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d", settings));
}

/** Draw a whole stroke.
 * @param {CanvasRenderingContext2D} context @param {Stroke} points */
export function drawStroke(context, points) {
  points.forEach((_, index) => drawStep(context, points, index));
}

/** Draw the last part of a stroke up to the point at `index`: a curve through midpoints, and a line to the point.
 * @param {CanvasRenderingContext2D} context @param {Stroke} points @param {number} index */
export function drawStep(context, points, index) {
  const tip = points[index];
  const before = points[index - 1] ?? tip;
  const start = points[index - 2] ? middle(points[index - 2], before) : before;
  const end = middle(before, tip);
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
 * @param {Stroke} points @returns {Edges} */
export function strokeBox(points) {
  const box = { left: Infinity, top: Infinity, right: -Infinity, bottom: -Infinity };
  for (const { x, y, width } of points) {
    box.left = Math.min(box.left, x - width / 2);
    box.top = Math.min(box.top, y - width / 2);
    box.right = Math.max(box.right, x + width / 2);
    box.bottom = Math.max(box.bottom, y + width / 2);
  }
  return box;
}

/** The box around several boxes.
 * @param {Edges[]} boxes @returns {Edges} */
export function around(boxes) {
  return {
    left: Math.min(...boxes.map((box) => box.left)),
    top: Math.min(...boxes.map((box) => box.top)),
    right: Math.max(...boxes.map((box) => box.right)),
    bottom: Math.max(...boxes.map((box) => box.bottom)),
  };
}

/** The usual height of digits, the 75th percentile; strokes whose boxes touch belong to one digit.
 * @param {Edges[]} boxes */
export function usualHeight(boxes) {
  /** @type {Edges[]} */
  const digits = [];
  for (const box of boxes) {
    let digit = box;
    for (let index = digits.length - 1; index >= 0; index--) {
      if (touch(digits[index], digit)) digit = around([digit, ...digits.splice(index, 1)]);
    }
    digits.push(digit);
  }
  const heights = digits.map((digit) => Math.max(digit.bottom - digit.top, (digit.right - digit.left) / 2));
  heights.sort((a, b) => a - b);
  return heights[Math.floor(heights.length * 0.75)];
}

/** @type {(a: Edges, b: Edges) => boolean} */
const touch = (a, b) => a.left <= b.right && b.left <= a.right && a.top <= b.bottom && b.top <= a.bottom;
