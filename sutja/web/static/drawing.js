// @ts-check
// The paper: strokes by finger, pen and mouse, undo and clear, and the picture of it that is sent to the reader.

import { decode } from "./api.js";
import { around, cornersOf, isInside, middleOf } from "./corners.js";
import { cleared, drawingOn, drawStep, drawStroke, redrawn, strokeBox, usualHeight } from "./strokes.js";

const PEN_PIXELS = 8; // width of a stroke at a middle pressure
const DIGIT_PIXELS = 36; // height of digits in the picture: small pictures are read quickly
const MARGIN = 1; // around the writing, in digit heights
const MAX_SIDE_PIXELS = 1400; // of the picture
const MIN_STROKE = 0.055; // of the digit height: thinner strokes would vanish in the small picture
const MAX_TAP_PIXELS = 4; // that a tap may move

export class Drawing {
  #context;
  #small = drawingOn(document.createElement("canvas"), { willReadFrequently: true, alpha: false });
  /** @type {Stroke[]} */
  #strokes = [];
  /** @type {number | null} */
  #pointer = null;
  #started = { x: 0, y: 0 };

  /** @param {HTMLCanvasElement} canvas @param {DrawingCalls} called */
  constructor(canvas, { changed, tapped }) {
    this.canvas = canvas;
    this.changed = changed;
    this.tapped = tapped;
    this.#context = drawingOn(canvas);
    canvas.onpointerdown = (event) => this.#down(event);
    addEventListener("pointermove", (event) => this.#move(event));
    addEventListener("pointerup", (event) => this.#up(event));
    addEventListener("pointercancel", (event) => this.#up(event));
    redrawn(canvas, () => this.#fit());
  }

  get empty() {
    return this.#strokes.length === 0;
  }

  get size() {
    return { width: this.canvas.clientWidth, height: this.canvas.clientHeight };
  }

  /** Begin a stroke; returns it.
   * @param {number} x @param {number} y */
  begin(x, y, pressure = 0.5) {
    /** @type {Stroke} */
    const stroke = [];
    this.#strokes.push(stroke);
    this.extend(x, y, pressure);
    return stroke;
  }

  /** @param {Stroke} stroke */
  isLast(stroke) {
    return this.#strokes.at(-1) === stroke;
  }

  /** @param {number} x @param {number} y */
  extend(x, y, pressure = 0.5) {
    const points = this.#strokes[this.#strokes.length - 1];
    points.push({ x, y, width: PEN_PIXELS * (0.4 + 1.2 * pressure) });
    drawStep(this.#context, points, points.length - 1);
    this.changed(false);
  }

  end() {
    this.changed(true);
  }

  undo() {
    this.#replace(this.#strokes.slice(0, -1));
  }

  clear() {
    this.#pointer = null;
    this.#replace([]);
  }

  /** @param {Stroke[]} strokes */
  #replace(strokes) {
    this.#strokes = strokes;
    this.draw();
    this.changed(true);
  }

  /** Redraw everything in the colours of the page. */
  draw() {
    this.#context = cleared(this.canvas);
    this.#context.strokeStyle = getComputedStyle(this.canvas).color;
    this.#strokes.forEach((points) => drawStroke(this.#context, points));
  }

  /** The picture for the reader: a PNG of the ink, black on white, with its size and its place on the page
   * (`x = left + scale × x of the picture`). The digits on it are about `DIGIT_PIXELS` pixels high. */
  picture() {
    const boxes = this.#strokes.map(strokeBox);
    const all = around(boxes);
    const tall = usualHeight(boxes);
    const margin = MARGIN * tall;
    const [wide, high] = [all.width + 2 * margin, all.height + 2 * margin];
    const scale = Math.max(tall / DIGIT_PIXELS, Math.max(wide, high) / MAX_SIDE_PIXELS);
    const place = { left: all.left - margin, top: all.top - margin, scale };
    const size = { width: Math.ceil(wide / scale), height: Math.ceil(high / scale) };
    return { blob: pngOf(this.#rendered(size, place, MIN_STROKE * tall)), ...size, place };
  }

  /** The exact box of the strokes inside a box of the reader, which is coarse because the picture is small.
   * @param {Spot} spot @returns {Spot} */
  inkIn(spot) {
    const inside = this.#strokes.map(strokeBox).filter((box) => {
      const isNarrow = box.width < 1.5 * spot.width; // else it continues into the next digit
      return isNarrow && isInside(middleOf(cornersOf(box)), spot);
    });
    return inside.length ? around(inside) : spot;
  }

  /** @param {{width: number, height: number}} size @param {Place} place @param {number} finest */
  #rendered({ width, height }, { left, top, scale }, finest) {
    const context = this.#small;
    Object.assign(context.canvas, { width, height });
    context.fillStyle = "#fff";
    context.fillRect(0, 0, width, height);
    context.setTransform(1 / scale, 0, 0, 1 / scale, -left / scale, -top / scale);
    for (const points of this.#strokes) {
      drawStroke(context, points.map((point) => ({ ...point, width: Math.max(point.width, finest) })));
    }
    return context.canvas;
  }

  /** Shrink writing that a narrower page would cut off, as after a phone is turned. */
  #fit() {
    const { width, height } = this.size;
    if (!width) return; // hidden
    const { right, bottom } = around([...this.#strokes.map(strokeBox), new DOMRect(0, 0, 1, 1)]);
    const zoom = Math.min(1, width / right, height / bottom);
    if (zoom === 1) return this.draw();
    this.#replace(
      this.#strokes.map((points) =>
        points.map((point) => ({ x: point.x * zoom, y: point.y * zoom, width: point.width * zoom })),
      ),
    );
  }

  /** @param {PointerEvent} event */
  #down(event) {
    if (this.#pointer !== null || event.button !== 0) return; // ignore a second finger or the palm
    event.preventDefault(); // do not select text
    this.#pointer = event.pointerId;
    this.#started = this.#at(event);
    this.begin(this.#started.x, this.#started.y, pressure(event));
  }

  /** @param {PointerEvent} event */
  #move(event) {
    if (event.pointerId !== this.#pointer) return;
    const steps = event.getCoalescedEvents?.() ?? [];
    for (const step of steps.length ? steps : [event]) {
      const { x, y } = this.#at(step);
      this.extend(x, y, pressure(step));
    }
  }

  /** @param {PointerEvent} event */
  #up(event) {
    if (event.pointerId !== this.#pointer) return;
    this.#pointer = null;
    const box = strokeBox(this.#strokes[this.#strokes.length - 1]);
    const still = Math.max(box.width, box.height) < 2 * PEN_PIXELS + MAX_TAP_PIXELS;
    if (still && this.tapped(this.#started.x, this.#started.y)) this.undo();
    else this.end();
  }

  /** @param {PointerEvent} event */
  #at(event) {
    const edge = this.canvas.getBoundingClientRect();
    return { x: event.clientX - edge.left, y: event.clientY - edge.top };
  }
}

/** The pressure of a pen; a constant for fingers and mice, which report none.
 * @param {PointerEvent} event */
const pressure = (event) => (event.pointerType === "pen" ? event.pressure : 0.5);

/** A canvas as a PNG. canvas.toBlob() is too slow here: it waits until the browser is idle.
 * @param {HTMLCanvasElement} canvas */
const pngOf = (canvas) => new Blob([decode(canvas.toDataURL().split(",")[1])], { type: "image/png" });
