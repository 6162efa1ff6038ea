// @ts-check
// Boxes around the digits on the page, labelled with the digits.

import { shown, certainty } from "./digit.js";
import { drawingOn } from "./strokes.js";

const PADDING_PIXELS = 4; // between a digit and its box

export class Marks {
  /** @type {Digit[]} */
  #digits = [];
  /** @type {Digit | null} */
  #selected = null;
  #across = 1;

  /** @param {HTMLCanvasElement} canvas */
  constructor(canvas) {
    this.canvas = canvas;
    new ResizeObserver(() => this.draw()).observe(canvas);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.draw());
  }

  /** Show the boxes of `digits`; `across` is the width of the page in the units of their spots.
   * @param {Digit[]} digits @param {Digit | null} selected @param {number} across */
  show(digits, selected, across) {
    this.#digits = digits;
    this.#selected = selected;
    this.#across = across;
    this.draw();
  }

  /** The digit at a point of the page in pixels, the smallest if boxes overlap.
   * @param {number} x @param {number} y @returns {Digit | undefined} */
  at(x, y) {
    const scale = this.#scale;
    const hit = this.#digits.filter(({ spot }) => {
      const [left, top] = [x - spot.left * scale, y - spot.top * scale];
      return Math.min(left, top, spot.width * scale - left, spot.height * scale - top) > -PADDING_PIXELS;
    });
    return hit.sort((a, b) => a.spot.width * a.spot.height - b.spot.width * b.spot.height)[0];
  }

  get #scale() {
    return this.canvas.clientWidth / this.#across;
  }

  draw() {
    const { clientWidth: width, clientHeight: height } = this.canvas;
    const dense = devicePixelRatio;
    Object.assign(this.canvas, { width: Math.round(width * dense), height: Math.round(height * dense) });
    const context = drawingOn(this.canvas);
    context.scale(dense, dense);
    const style = getComputedStyle(this.canvas);
    const above = this.#digits.filter((digit) => digit === this.#selected); // draw it last, above the others
    for (const digit of [...this.#digits, ...above]) this.#drawBox(context, digit, style);
  }

  /** @param {CanvasRenderingContext2D} context @param {Digit} digit @param {CSSStyleDeclaration} style */
  #drawBox(context, digit, style) {
    const scale = this.#scale;
    const chosen = digit === this.#selected;
    const left = digit.spot.left * scale - PADDING_PIXELS;
    const top = digit.spot.top * scale - PADDING_PIXELS;
    const width = digit.spot.width * scale + 2 * PADDING_PIXELS;
    const height = digit.spot.height * scale + 2 * PADDING_PIXELS;
    context.strokeStyle = context.fillStyle = style.getPropertyValue(`--${certainty(digit)}`);
    context.lineWidth = chosen ? 3 : 1.5;
    context.setLineDash(digit.label === null && digit.digit === null ? [5, 4] : []);
    context.beginPath();
    context.roundRect(left, top, width, height, 5);
    context.stroke();
    const size = Math.min(16, Math.max(9, height * 0.35));
    const above = top - size - 4 >= 0 ? top - size - 4 : top + height; // below the box if there is no room above
    context.beginPath();
    context.roundRect(left, above, size + 2, size + 3, 3);
    context.fill();
    context.font = `700 ${size}px ${style.fontFamily}`;
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.fillStyle = style.getPropertyValue("--card");
    context.fillText(shown(digit), left + (size + 2) / 2, above + (size + 5) / 2);
  }
}
