// @ts-check
// The easel: the canvas with the picture that is open.

import { page } from "./elements.js";
import { drawingOn } from "./strokes.js";

const BLANK_SIZE = { width: 600, height: 400 }; // until a picture is decoded

export class Easel {
  canvas = page.photograph;
  /** @type {Blob | null} */
  #drawn = null;

  /** @param {() => void} changed called when another picture is drawn */
  constructor(changed) {
    this.changed = changed;
  }

  /** Draw the picture of an entry, if it is not drawn yet.
   * @param {SheetEntry} entry */
  async show({ state, bitmap }) {
    if (!state || this.#drawn === state.blob) return;
    const { blob, width, height } = state;
    this.#drawn = blob;
    const picture = bitmap ?? (await createImageBitmap(blob));
    if (this.#drawn !== blob) return; // another one has been opened meanwhile
    Object.assign(this.canvas, { width, height });
    drawingOn(this.canvas).drawImage(picture, 0, 0);
    this.changed();
  }

  /** Take the picture down, as before one that is not known yet. */
  clear() {
    this.#drawn = null;
    Object.assign(this.canvas, BLANK_SIZE);
  }

  /** A part of the picture in its pixels.
   * @param {Spot} share in shares of the picture @returns {Spot} */
  part({ left, top, width, height }) {
    const { width: wide, height: high } = this.canvas;
    return { left: left * wide, top: top * high, width: width * wide, height: height * high };
  }
}
