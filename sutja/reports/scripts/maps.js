// @ts-check
// Values as pictures: colours, maps side by side on one canvas, and the choice of one value by click or arrow keys.

const LEVELS = 256; // of colour on either side of zero
const MIN_TILE_PIXELS = 12; // smaller maps are drawn larger, so that the gaps between them stay narrow
const MIN_ANSWER = 0.25; // of its colours, which a picture of weights keeps when its unit is silent

/** Colours of a page by day or night, as pixels: signed values around zero, and ink on paper. */
export class Palette {
  /** @param {Element} element */
  constructor(element) {
    const style = getComputedStyle(element);
    const colour = (/** @type {string} */ name) => rgb(style.getPropertyValue(name).trim());
    const [paper, ink, accent] = ["--paper", "--ink", "--accent"].map(colour);
    const [positive, negative, gap] = ["--positive", "--negative", "--line"].map(colour);
    this.signed = Uint32Array.from({ length: 2 * LEVELS + 1 }, (_, level) =>
      mixed(paper, level > LEVELS ? positive : negative, Math.abs(level / LEVELS - 1)),
    );
    this.inks = Uint32Array.from({ length: 256 }, (_, level) => mixed(paper, ink, level / 255));
    this.accents = Uint32Array.from({ length: 256 }, (_, level) => mixed(paper, accent, level / 255));
    this.gap = mixed(paper, gap, 0.6);
  }

  /** The pixel of a value from -1 to 1; beyond, of the nearer end.
   * @param {number} value */
  of(value) {
    return this.signed[Math.round(LEVELS * (1 + Math.min(1, Math.max(-1, value))))];
  }
}

/** @param {string} hex such as #0072b2 */
const rgb = (hex) => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));

/** A colour between two, as a pixel of `ImageData`: red is its lowest byte.
 * @param {number[]} from @param {number[]} to @param {number} share */
function mixed(from, to, share) {
  const [red, green, blue] = from.map((channel, at) => Math.round(channel + (to[at] - channel) * share));
  return (255 << 24) | (blue << 16) | (green << 8) | red;
}

/** Maps of values on a canvas, side by side. */
export class MapSheet {
  /** @param {HTMLCanvasElement} canvas @param {Sheet} sheet */
  constructor(canvas, sheet) {
    this.sheet = sheet;
    this.zoom = Math.ceil(MIN_TILE_PIXELS / sheet.width);
    const rows = Math.ceil(sheet.count / sheet.columns);
    this.tiles = rows * sheet.columns;
    canvas.width = sheet.columns * (sheet.width * this.zoom + 1) - 1;
    canvas.height = rows * (sheet.height * this.zoom + 1) - 1;
    this.context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
    this.picture = this.context.createImageData(canvas.width, canvas.height);
    this.pixels = new Uint32Array(this.picture.data.buffer);
  }

  /** Paint all values, `colour(index)` each, and the gaps between maps.
   * @param {(index: number) => number} colour @param {number} [gap] */
  paint(colour, gap = 0) {
    const { count, columns, height, width } = this.sheet;
    const { zoom, pixels } = this;
    const wide = this.picture.width;
    pixels.fill(gap);
    for (let tile = 0, index = 0; tile < this.tiles; tile++) {
      const corner = Math.floor(tile / columns) * (height * zoom + 1) * wide + (tile % columns) * (width * zoom + 1);
      if (tile >= count) {
        for (let y = 0; y < height * zoom; y++) pixels.fill(0, corner + y * wide, corner + y * wide + width * zoom + 1);
        continue; // the last row may be shorter
      }
      for (let y = 0; y < height; y++) {
        for (let x = 0; x < width; x++, index++) {
          const pixel = colour(index);
          const first = corner + y * zoom * wide + x * zoom;
          for (let row = 0; row < zoom; row++) pixels.fill(pixel, first + row * wide, first + row * wide + zoom);
        }
      }
    }
    this.context.putImageData(this.picture, 0, 0);
  }

  /** Paint signed values; `limit` is the full colour.
   * @param {Float32Array} values @param {number} limit @param {Palette} palette */
  paintSigned(values, limit, palette) {
    this.paint((index) => palette.of(values[index] / limit), palette.gap);
  }

  /** Paint the weights of units, bright where a unit answers.
   * @param {Float32Array} weights @param {number} limit @param {Float32Array} answers each in shares of the strongest
   * @param {Palette} palette */
  paintWeights(weights, limit, answers, palette) {
    const area = this.sheet.height * this.sheet.width;
    this.paint((index) => {
      const share = Math.min(1, Math.abs(answers[Math.floor(index / area)]));
      return palette.of((weights[index] / limit) * (MIN_ANSWER + (1 - MIN_ANSWER) * share));
    }, palette.gap);
  }
}

/** Let one of many places on a canvas be chosen, by click or with the arrow keys.
 *
 * The places lie in maps of `height` × `width`, `columns` of them in a row; `chosen` receives the index of a place.
 * For assistive technology it is a slider, whose value the caller describes by `aria-valuetext`.
 * @param {HTMLCanvasElement} canvas @param {Sheet} sheet @param {(index: number) => void} chosen */
export function letChoose(canvas, sheet, chosen) {
  const { count, columns, height, width } = sheet;
  const [across, down] = [columns * width, Math.ceil(count / columns) * height];
  let at = { x: 0, y: 0 };
  const choose = (/** @type {number} */ x, /** @type {number} */ y) => {
    const tile = Math.floor(y / height) * columns + Math.floor(x / width);
    if (x < 0 || y < 0 || x >= across || y >= down || tile >= count) return;
    at = { x, y };
    const index = (tile * height + (y % height)) * width + (x % width);
    canvas.setAttribute("aria-valuenow", String(index + 1));
    chosen(index);
  };
  canvas.tabIndex = 0;
  canvas.role = "slider";
  canvas.setAttribute("aria-valuemin", "1");
  canvas.setAttribute("aria-valuemax", String(count * height * width));
  canvas.setAttribute("aria-valuenow", "1");
  canvas.addEventListener("click", ({ offsetX, offsetY }) => {
    choose(Math.floor((offsetX / canvas.clientWidth) * across), Math.floor((offsetY / canvas.clientHeight) * down));
  });
  canvas.addEventListener("keydown", (event) => {
    const step = STEPS[event.key];
    if (!step || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault(); // do not scroll
    choose(at.x + step[0], at.y + step[1]);
  });
}

/** @type {Record<string, [number, number]>} */
const STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
