// @ts-check
// Turning a picture, and a part of it chosen by hand: by dragging a frame, or with the arrow keys.

import { ARROWS, page } from "./elements.js";
import { canvasOf } from "./photograph.js";

const MIN_SIDE = 0.01; // of the picture: a smaller frame is a slip of the hand
const STEP = 0.02; // of an arrow key
const MIDDLE = { left: 0.1, top: 0.1, width: 0.8, height: 0.8 };

/** A picture after quarter turns to the right.
 * @param {HTMLCanvasElement} picture @param {number} quarters */
export function turned(picture, quarters) {
  const { width, height } = picture;
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
  #frame = MIDDLE; // in shares of the picture
  /** @type {{x: number, y: number} | null} */
  #start = null;

  /** `closed()` is called when the frame is gone.
   * @param {() => void} closed */
  constructor(closed) {
    this.closed = closed;
    page.frame.onpointerdown = (event) => this.#down(event);
    page.frame.onpointermove = (event) => this.#move(event);
    page.frame.onpointerup = () => this.#start && this.#apply();
    page.frame.onpointercancel = () => (this.#start = null);
    page.frame.onkeydown = (event) => this.#key(event);
    addEventListener("keydown", (event) => event.key === "Escape" && this.isOpen && this.close());
  }

  /** Let the user choose a part; `chosen` gets it in pixels of the picture.
   * @param {string} label @param {(part: Spot) => void} chosen */
  open(label, chosen) {
    this.#chosen = chosen;
    page.frame.ariaLabel = label;
    page.frame.hidden = false;
    this.#place(MIDDLE);
    page.frame.focus({ preventScroll: true });
    page.paper.scrollIntoView({ block: "nearest" });
  }

  close() {
    this.#chosen = this.#start = null;
    page.frame.hidden = true;
    this.closed();
  }

  get isOpen() {
    return !page.frame.hidden;
  }

  #apply() {
    const chosen = this.#chosen;
    const { left, top, width, height } = this.#frame;
    this.#start = null;
    if (width <= MIN_SIDE || height <= MIN_SIDE) return;
    this.close();
    const { width: wide, height: high } = page.photograph;
    chosen?.(new DOMRect(left * wide, top * high, width * wide, height * high));
  }

  /** @param {typeof MIDDLE} frame */
  #place(frame) {
    const [left, top] = [inPicture(frame.left), inPicture(frame.top)];
    this.#frame = { left, top, width: Math.min(frame.width, 1 - left), height: Math.min(frame.height, 1 - top) };
    const box = /** @type {HTMLElement} */ (page.frame.firstElementChild);
    for (const [side, share] of Object.entries(this.#frame)) box.style.setProperty(side, `${100 * share}%`);
  }

  /** @param {PointerEvent} event */
  #at(event) {
    const { left, top, width, height } = page.frame.getBoundingClientRect();
    return { x: inPicture((event.clientX - left) / width), y: inPicture((event.clientY - top) / height) };
  }

  /** @param {PointerEvent} event */
  #down(event) {
    if (event.button !== 0) return;
    event.preventDefault();
    page.frame.setPointerCapture(event.pointerId);
    this.#start = this.#at(event);
  }

  /** @param {PointerEvent} event */
  #move(event) {
    if (!this.#start) return;
    const [from, to] = [this.#start, this.#at(event)];
    const [left, top] = [Math.min(from.x, to.x), Math.min(from.y, to.y)];
    this.#place({ left, top, width: Math.abs(to.x - from.x), height: Math.abs(to.y - from.y) });
  }

  /** Arrow keys move the frame, with Shift they change its size.
   * @param {KeyboardEvent} event */
  #key(event) {
    const [down, across] = (ARROWS[event.key] ?? [0, 0]).map((step) => step * STEP);
    const { left, top, width, height } = this.#frame;
    if (event.key === "Enter") this.#apply();
    else if (!(across || down)) return;
    else if (event.shiftKey) this.#place({ left, top, width: Math.max(STEP, width + across), height: Math.max(STEP, height + down) });
    else this.#place({ left: Math.min(left + across, 1 - width), top: Math.min(top + down, 1 - height), width, height });
    event.preventDefault();
  }
}

/** A share of the picture that is not beyond its edges.
 * @param {number} share */
const inPicture = (share) => Math.min(1, Math.max(0, share));
