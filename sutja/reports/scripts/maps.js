// @ts-check
// Values as pictures: colours, maps side by side on one canvas, and the choice of one value by click or arrow keys.

const LEVELS = 256; // of colour on either side of zero
const MIN_TILE_PIXELS = 12; // smaller maps are drawn larger, so that the gaps between them stay narrow
const SHARES = 48; // of brightness that the answer of a unit has
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
  /** @param {HTMLCanvasElement} canvas @param {MapLayout} sheet */
  constructor(canvas, sheet) {
    this.sheet = sheet;
    this.area = sheet.height * sheet.width;
    this.zoom = Math.ceil(MIN_TILE_PIXELS / sheet.width);
    const rows = Math.ceil(sheet.count / sheet.columns);
    canvas.width = sheet.columns * (sheet.width * this.zoom + 1) - 1;
    canvas.height = rows * (sheet.height * this.zoom + 1) - 1;
    this.context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
    this.picture = this.context.createImageData(canvas.width, canvas.height);
    this.pixels = new Uint32Array(this.picture.data.buffer);
    this.colours = new Uint32Array(this.area); // of one map
    /** @type {Palette | null} */
    this.palette = null;
    this.shares = new Int16Array(sheet.count);
  }

  /** Paint values that are ink, from 0 to 255.
   * @param {Uint8Array} values @param {Palette} palette @param {number} [accented] the map in another colour */
  paintInk(values, palette, accented = -1) {
    for (let map = 0; map < this.sheet.count; map++) {
      const inks = map === accented ? palette.accents : palette.inks;
      for (let at = 0; at < this.area; at++) this.colours[at] = inks[values[map * this.area + at]];
      this.#lay(map);
    }
    this.context.putImageData(this.picture, 0, 0);
  }

  /** Paint signed values; `limit` is the full colour.
   * @param {Float32Array} values @param {number} limit @param {Palette} palette */
  paintSigned(values, limit, palette) {
    this.#prepare(palette);
    for (let map = 0; map < this.sheet.count; map++) {
      this.#colourSigned(values, map, LEVELS / limit, palette);
      this.#lay(map);
    }
    this.context.putImageData(this.picture, 0, 0);
  }

  /** Paint the weights of units, bright where a unit answers; those whose answer has not changed are left alone.
   * @param {Float32Array} weights @param {number} limit @param {Float32Array} answers @param {number} full an answer
   * @param {Palette} palette */
  paintWeights(weights, limit, answers, full, palette) {
    if (this.#prepare(palette)) this.shares.fill(-1);
    for (let unit = 0; unit < this.sheet.count; unit++) {
      const share = Math.min(SHARES, Math.round((SHARES * Math.abs(answers[unit])) / full));
      if (this.shares[unit] === share) continue;
      this.shares[unit] = share;
      const strength = MIN_ANSWER + ((1 - MIN_ANSWER) * share) / SHARES;
      this.#colourSigned(weights, unit, (strength * LEVELS) / limit, palette);
      this.#lay(unit);
    }
    this.context.putImageData(this.picture, 0, 0);
  }

  /** Fill the gaps with the colour of a palette, if it is new; returns whether it is.
   * @param {Palette} palette */
  #prepare(palette) {
    if (this.palette === palette) return false;
    this.palette = palette;
    const { columns, count, height, width } = this.sheet;
    const [tall, wide] = [height * this.zoom + 1, width * this.zoom + 1];
    const stride = this.picture.width;
    for (let map = 0; map < count; map++) {
      const [top, left] = [Math.floor(map / columns) * tall, (map % columns) * wide];
      for (let y = top; y < Math.min(top + tall, this.picture.height); y++) {
        this.pixels.fill(palette.gap, y * stride + left, y * stride + Math.min(left + wide, stride));
      }
    }
    return true;
  }

  /** @param {Float32Array} values @param {number} map @param {number} scale from values to levels of colour
   * @param {Palette} palette */
  #colourSigned(values, map, scale, { signed }) {
    const { area, colours } = this;
    for (let at = 0; at < area; at++) {
      const level = values[map * area + at] * scale;
      colours[at] = signed[level >= LEVELS ? 2 * LEVELS : level <= -LEVELS ? 0 : (level + LEVELS + 0.5) | 0];
    }
  }

  /** Lay the colours of a map into the picture.
   * @param {number} map */
  #lay(map) {
    const { columns, height, width } = this.sheet;
    const { zoom, pixels, colours } = this;
    const stride = this.picture.width;
    const top = Math.floor(map / columns) * (height * zoom + 1);
    const corner = top * stride + (map % columns) * (width * zoom + 1);
    for (let y = 0, at = 0; y < height; y++) {
      let first = corner + y * zoom * stride;
      for (let x = 0; x < width; x++, at++, first += zoom) {
        if (zoom === 1) pixels[first] = colours[at];
        else for (let row = first; row < first + zoom * stride; row += stride) pixels.fill(colours[at], row, row + zoom);
      }
    }
  }
}

/** Let one of many places on a canvas be chosen, by click or with the arrow keys.
 *
 * The places lie in maps of `height` × `width`, `columns` of them in a row; `chosen` receives the index of a place.
 * For assistive technology it is a slider, whose value the caller describes by `aria-valuetext`.
 * @param {HTMLCanvasElement} canvas @param {MapLayout} sheet @param {(index: number) => void} chosen */
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
