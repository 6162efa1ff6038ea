// @ts-check
// Pictures that are dropped, pasted, chosen or taken; large ones are scaled down before they are sent.

import { Trouble } from "./api.js";
import { drawingOn } from "./strokes.js";

const MAX_SIDE_PIXELS = 2400; // of a picture that is sent: enough for small writing on a whole page
const MAX_BYTES = 9e6; // of a file that is sent unchanged
const SUPPORTED_TYPES = ["image/jpeg", "image/png", "image/webp", "image/bmp", "image/gif"]; // by the server

const SCANS = /^(application\/pdf|image\/(tiff|hei[cf])(-sequence)?)$/;
const SCAN_SUFFIX = /\.(pdf|tiff?|hei[cf])$/i;

/** Whether a file is of a form that the server shows, not the browser.
 * @param {File} file */
export const isScan = (file) => SCANS.test(file.type) || SCAN_SUFFIX.test(file.name);

/** Open a picture file: {bitmap, blob to send, width, height}. Throws `Trouble` for any other file.
 * @param {File} file @returns {Promise<Opened>} */
export async function openPicture(file) {
  const bitmap = await createImageBitmap(file).catch(() => {
    throw new Trouble("noPicture");
  });
  const zoom = Math.min(1, MAX_SIDE_PIXELS / Math.max(bitmap.width, bitmap.height));
  if (zoom === 1 && file.size <= MAX_BYTES && SUPPORTED_TYPES.includes(file.type)) {
    return { bitmap, blob: file, width: bitmap.width, height: bitmap.height };
  }
  const opened = await asFile(
    canvasOf(bitmap.width * zoom, bitmap.height * zoom, (context, canvas) => {
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
export function canvasOf(width, height, draw) {
  const canvas = document.createElement("canvas");
  Object.assign(canvas, { width: Math.max(1, Math.round(width)), height: Math.max(1, Math.round(height)) });
  const context = drawingOn(canvas);
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

/** Call `opened(files)` for pictures that are chosen, taken, dropped on the page or pasted.
 * @param {HTMLInputElement[]} inputs @param {HTMLElement} paper @param {(files: File[]) => void} opened */
export function listenForPictures(inputs, paper, opened) {
  for (const input of inputs) {
    input.addEventListener("change", () => {
      if (input.files?.length) opened([...input.files]);
      input.value = ""; // so that the same picture can be chosen again
    });
  }
  addEventListener("dragover", (event) => {
    event.preventDefault();
    paper.classList.add("drop");
  });
  addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) paper.classList.remove("drop");
  });
  addEventListener("drop", (event) => {
    event.preventDefault();
    paper.classList.remove("drop");
    if (event.dataTransfer?.files.length) opened([...event.dataTransfer.files]);
  });
  addEventListener("paste", (event) => {
    if (event.clipboardData?.files.length) opened([...event.clipboardData.files]);
  });
}
