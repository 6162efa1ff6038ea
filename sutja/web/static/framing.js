// @ts-check
// Turning a picture, and a part of it chosen by hand: by dragging a frame, or with the arrow keys.

import { canvasOf } from "./photograph.js";

const MIN_SIDE = 0.01; // of the picture: a smaller frame is a slip of the hand
const STEP = 0.02; // of an arrow key

/** A picture after quarter turns to the right.
 * @param {CanvasImageSource} picture @param {number} width @param {number} height @param {number} quarters */
export function turned(picture, width, height, quarters) {
  const [wide, high] = quarters % 2 ? [height, width] : [width, height];
  return canvasOf(wide, high, (context) => {
    context.translate(wide / 2, high / 2);
    context.rotate((quarters * Math.PI) / 2);
    context.drawImage(picture, -width / 2, -height / 2);
  });
}

/** A part of a picture.
 * @param {CanvasImageSource} picture @param {Spot} part */
export function cropped(picture, { left, top, width, height }) {
  return canvasOf(width, height, (context) => context.drawImage(picture, -left, -top));
}

export class Framing {
  /** @type {((part: Spot) => void) | null} */
  #chosen = null;
  #frame = { left: 0.1, top: 0.1, width: 0.8, height: 0.8 }; // in shares of the picture
  /** @type {{x: number, y: number} | null} */
  #start = null;

  /** `closed()` is called when the frame is gone.
   * @param {HTMLElement} element @param {() => void} closed */
  constructor(element, closed) {
    this.element = element;
    this.box = /** @type {HTMLElement} */ (element.firstElementChild);
    this.closed = closed;
    element.addEventListener("pointerdown", (event) => this.#down(event));
    element.addEventListener("pointermove", (event) => this.#move(event));
    element.addEventListener("pointerup", () => this.#up());
    element.addEventListener("pointercancel", () => (this.#start = null));
    element.addEventListener("keydown", (event) => this.#key(event));
  }

  /** Let the user choose a part; `chosen` gets it in shares of the picture.
   * @param {string} label @param {(part: Spot) => void} chosen */
  open(label, chosen) {
    this.#chosen = chosen;
    this.element.ariaLabel = label;
    this.element.hidden = false;
    this.#place({ left: 0.1, top: 0.1, width: 0.8, height: 0.8 });
    this.element.focus({ preventScroll: true });
  }

  close() {
    this.#chosen = this.#start = null;
    this.element.hidden = true;
    this.closed();
  }

  get isOpen() {
    return !this.element.hidden;
  }

  #apply() {
    const [chosen, frame] = [this.#chosen, this.#frame];
    this.close();
    if (frame.width > MIN_SIDE && frame.height > MIN_SIDE) chosen?.(frame);
  }

  /** @param {Spot} frame */
  #place(frame) {
    const left = Math.min(Math.max(0, frame.left), 1);
    const top = Math.min(Math.max(0, frame.top), 1);
    const width = Math.min(frame.width, 1 - left);
    const height = Math.min(frame.height, 1 - top);
    this.#frame = { left, top, width, height };
    const style = this.box.style;
    [style.left, style.top, style.width, style.height] = [left, top, width, height].map((share) => `${100 * share}%`);
  }

  /** @param {PointerEvent} event */
  #at(event) {
    const edge = this.element.getBoundingClientRect();
    const share = (/** @type {number} */ value) => Math.min(1, Math.max(0, value));
    return { x: share((event.clientX - edge.left) / edge.width), y: share((event.clientY - edge.top) / edge.height) };
  }

  /** @param {PointerEvent} event */
  #down(event) {
    if (event.button !== 0) return;
    event.preventDefault();
    this.element.setPointerCapture(event.pointerId);
    this.#start = this.#at(event);
  }

  /** @param {PointerEvent} event */
  #move(event) {
    if (!this.#start) return;
    const [from, to] = [this.#start, this.#at(event)];
    const [left, top] = [Math.min(from.x, to.x), Math.min(from.y, to.y)];
    this.#place({ left, top, width: Math.abs(to.x - from.x), height: Math.abs(to.y - from.y) });
  }

  #up() {
    if (!this.#start) return;
    this.#start = null;
    if (this.#frame.width > MIN_SIDE && this.#frame.height > MIN_SIDE) this.#apply();
  }

  /** Arrow keys move the frame, with Shift they change its size.
   * @param {KeyboardEvent} event */
  #key(event) {
    const across = event.key === "ArrowRight" ? STEP : event.key === "ArrowLeft" ? -STEP : 0;
    const down = event.key === "ArrowDown" ? STEP : event.key === "ArrowUp" ? -STEP : 0;
    const { left, top, width, height } = this.#frame;
    if (event.key === "Enter") this.#apply();
    else if (event.key === "Escape") this.close();
    else if (!(across || down)) return;
    else if (event.shiftKey) this.#place({ left, top, width: Math.max(STEP, width + across), height: Math.max(STEP, height + down) });
    else this.#place({ left: Math.min(left + across, 1 - width), top: Math.min(top + down, 1 - height), width, height });
    event.preventDefault();
  }
}
