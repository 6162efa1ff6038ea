// @ts-check
// A square to draw on: strokes by finger, pen and mouse, as lines on the screen and as ink for the networks.

const INK_SIDE = 140; // pixels of the ink, a side
const PEN_SHARE = 0.075; // width of the pen, of the side of the square

export class Pad {
  /** @type {{x: number, y: number}[][]} in shares of the side */
  #strokes = [];
  /** @type {number | null} */
  #pointer = null;
  #edge = new DOMRect();

  /** @type {Ink} */
  ink = { data: new Float32Array(INK_SIDE * INK_SIDE), width: INK_SIDE, height: INK_SIDE };

  /** `began` is called before the first point of a stroke, `changed` after each new piece of ink, `lifted` after a
   * stroke.
   * @param {HTMLCanvasElement} canvas @param {{began: () => void, changed: () => void, lifted: () => void}} called */
  constructor(canvas, called) {
    this.canvas = canvas;
    this.called = called;
    this.context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
    canvas.addEventListener("pointerdown", (event) => this.#down(event));
    canvas.addEventListener("pointermove", (event) => this.#move(event));
    for (const end of /** @type {const} */ (["pointerup", "pointercancel"])) {
      canvas.addEventListener(end, (event) => this.#up(event));
    }
  }

  get empty() {
    return this.#strokes.length === 0;
  }

  clear() {
    this.#strokes = [];
    this.ink.data.fill(0);
    this.draw();
  }

  /** Draw all strokes again, as after a change of colours. */
  draw() {
    const { width } = this.canvas;
    this.context.clearRect(0, 0, width, width);
    this.context.strokeStyle = getComputedStyle(this.canvas).color;
    for (const stroke of this.#strokes) stroke.forEach((_, index) => this.#drawLine(stroke, index));
  }

  /** @param {PointerEvent} event */
  #down(event) {
    if (this.#pointer !== null || event.button !== 0) return; // ignore a second finger or the palm
    event.preventDefault();
    this.#pointer = event.pointerId;
    if (event.isTrusted) this.canvas.setPointerCapture(event.pointerId);
    this.called.began();
    this.#edge = this.canvas.getBoundingClientRect(); // asked for at each event, it would cost a layout
    this.context.strokeStyle = getComputedStyle(this.canvas).color;
    this.#strokes.push([]);
    this.#extend(event);
    this.called.changed();
  }

  /** @param {PointerEvent} event */
  #move(event) {
    if (event.pointerId !== this.#pointer) return;
    const steps = event.getCoalescedEvents?.() ?? [];
    for (const step of steps.length ? steps : [event]) this.#extend(step);
    this.called.changed();
  }

  /** @param {PointerEvent} event */
  #up(event) {
    if (event.pointerId !== this.#pointer) return;
    this.#pointer = null;
    this.called.lifted();
  }

  /** @param {PointerEvent} event */
  #extend(event) {
    const edge = this.#edge;
    const stroke = this.#strokes[this.#strokes.length - 1];
    stroke.push({ x: (event.clientX - edge.left) / edge.width, y: (event.clientY - edge.top) / edge.height });
    this.#drawLine(stroke, stroke.length - 1);
    this.#layInk(stroke, stroke.length - 1);
  }

  /** @param {{x: number, y: number}[]} stroke @param {number} index */
  #drawLine(stroke, index) {
    const { width } = this.canvas;
    const [from, to] = [stroke[Math.max(0, index - 1)], stroke[index]];
    this.context.lineWidth = PEN_SHARE * width;
    this.context.lineCap = "round";
    this.context.beginPath();
    this.context.moveTo(from.x * width, from.y * width);
    this.context.lineTo(to.x * width, to.y * width);
    this.context.stroke();
  }

  /** Ink covers a pixel by how far the pen's edge passes its centre: no canvas is read, whose pixels some browsers blur.
   * @param {{x: number, y: number}[]} stroke @param {number} index */
  #layInk(stroke, index) {
    const [from, to] = [stroke[Math.max(0, index - 1)], stroke[index]];
    const radius = (PEN_SHARE * INK_SIDE) / 2;
    const [x0, y0, x1, y1] = [from.x, from.y, to.x, to.y].map((share) => share * INK_SIDE - 0.5);
    const [dx, dy] = [x1 - x0, y1 - y0];
    const square = dx * dx + dy * dy;
    const low = (/** @type {number} */ a, /** @type {number} */ b) => Math.max(0, Math.floor(Math.min(a, b) - radius - 1));
    const high = (/** @type {number} */ a, /** @type {number} */ b) =>
      Math.min(INK_SIDE - 1, Math.ceil(Math.max(a, b) + radius + 1));
    for (let y = low(y0, y1); y <= high(y0, y1); y++) {
      for (let x = low(x0, x1); x <= high(x0, x1); x++) {
        const along = square && Math.min(1, Math.max(0, ((x - x0) * dx + (y - y0) * dy) / square));
        const distance = Math.hypot(x - x0 - along * dx, y - y0 - along * dy);
        const at = y * INK_SIDE + x;
        this.ink.data[at] = Math.max(this.ink.data[at], Math.min(1, Math.max(0, radius + 0.5 - distance)));
      }
    }
  }
}
