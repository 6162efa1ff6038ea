// @ts-check
// Pictures that are dropped, pasted, chosen or taken, and the canvas that shows the open one; large ones are scaled down
// before they are sent.

import { Trouble } from "./api.js";
import { page } from "./elements.js";
import { drawingOn } from "./strokes.js";

const MAX_SIDE_PIXELS = 2400; // of a picture that is sent: enough for small writing on a whole page
const MAX_BYTES = 9e6; // of a file that is sent unchanged
const BLANK_SIZE = { width: 600, height: 400 }; // until a picture is decoded
const SUPPORTED_TYPES = /^image\/(jpeg|png|webp|bmp|gif)$/; // by the server
const SCAN = /[/.](pdf|tiff?|hei[cf](-sequence)?)$/i; // the end of a type, or of a name

/** Whether a file is of a form that the server shows, not the browser.
 * @param {File} file */
export const isScan = ({ type, name }) => SCAN.test(type) || SCAN.test(name);

/** Open a picture file: {bitmap, blob to send, width, height}. Throws `Trouble` for any other file.
 * @param {File} file @returns {Promise<Opened>} */
export async function openPicture(file) {
  const bitmap = await createImageBitmap(file).catch(() => {
    throw new Trouble("noPicture");
  });
  const { width, height } = bitmap;
  const zoom = Math.min(1, MAX_SIDE_PIXELS / Math.max(width, height));
  if (zoom === 1 && file.size <= MAX_BYTES && SUPPORTED_TYPES.test(file.type)) return { bitmap, blob: file, width, height };
  const opened = await asFile(
    canvasOf(width * zoom, height * zoom, (context, canvas) => {
      context.imageSmoothingQuality = "high";
      context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
    }),
  );
  bitmap.close();
  return opened;
}

/** A canvas of paper on which something is drawn.
 * @param {number} width @param {number} height
 * @param {(context: CanvasRenderingContext2D, canvas: HTMLCanvasElement) => void} draw */
export function canvasOf(width, height, draw, canvas = document.createElement("canvas")) {
  Object.assign(canvas, { width: Math.max(1, Math.round(width)), height: Math.max(1, Math.round(height)) });
  const context = drawingOn(canvas, { alpha: false });
  context.fillStyle = "#fff"; // behind transparent pixels
  context.fillRect(0, 0, canvas.width, canvas.height);
  draw(context, canvas);
  return canvas;
}

/** A canvas as a picture with its file.
 * @param {HTMLCanvasElement} canvas @returns {Promise<Opened>} */
export async function asFile(canvas) {
  /** @type {Blob} */
  const blob = await new Promise((resolve) => canvas.toBlob((made) => resolve(/** @type {Blob} */ (made)), "image/jpeg", 0.92));
  return { bitmap: canvas, blob, width: canvas.width, height: canvas.height };
}

/** The canvas with the picture that is open. */
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
}

/** Call `opened(files)` for pictures that are chosen, taken, dropped on the page or pasted.
 * @param {(files: File[]) => void} opened */
export function listenForPictures(opened) {
  const take = (/** @type {FileList | undefined | null} */ files) => files?.length && opened([...files]);
  for (const input of [page.choose, page.take]) {
    input.onchange = () => {
      take(input.files);
      input.value = ""; // so that the same picture can be chosen again
    };
  }
  const { classList } = page.paper;
  document.ondragover = (event) => {
    event.preventDefault();
    classList.add("drop");
  };
  document.ondragleave = (event) => event.relatedTarget || classList.remove("drop");
  document.ondrop = (event) => {
    event.preventDefault();
    classList.remove("drop");
    take(event.dataTransfer?.files);
  };
  document.onpaste = (event) => take(event.clipboardData?.files);
}
