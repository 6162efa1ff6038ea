// @ts-check
// Tables for spreadsheets: on the clipboard, and as the request for a file.

import { shown } from "./digit.js";
import { cellAt, textOfNumber } from "./sheet.js";

const JPEG_PIXELS = 44; // height of the picture of a cell in a workbook
const MAX_JPEG_ASPECT = 7;
const CLOSE_UP_MARGIN = 0.45; // around a number, in its heights

/** The tables of a page for the server; `picture` makes the picture of a cell that is to be checked.
 * @param {string} name @param {SheetTable[]} tables @param {(cell: SheetCell, table: SheetTable) => string | null} picture */
export function pageRequest(name, tables, picture = () => null) {
  const asked = tables.map((table) => ({
    aligned: table.aligned,
    cells: table.cells.map((cell) => ({
      row: cell.row,
      column: cell.column,
      numbers: [numberRequest(cell.number)],
      jpeg: picture(cell, table),
    })),
  }));
  return { name: name.slice(0, 200), tables: asked.filter(({ cells }) => cells.length) };
}

/** @param {SheetNumber} number */
function numberRequest({ signs, quad }) {
  const written = signs.filter((sign) => shown(sign)).map(signRequest);
  return { signs: written.length ? written : [{ guess: "?", sure: false }], quad };
}

/** @param {Sign} sign */
function signRequest(sign) {
  const text = shown(sign);
  if (typeof sign === "string" || text !== "?") return { guess: text, sure: text !== "?" };
  return { guess: String(sign.guess), sure: false, probabilities: sign.probabilities };
}

/** Rows of texts, with empty ones for cells without a number.
 * @param {SheetTable} table */
const rowsOf = (table) =>
  Array.from({ length: table.rows }, (_, row) =>
    Array.from({ length: table.columns }, (_, column) => {
      const cell = cellAt(table, row, column);
      return cell ? textOfNumber(cell.number) : "";
    }),
  );

/** The tables as text with tabs, and as HTML, below each other.
 * @param {SheetTable[]} tables */
export function clipboardTexts(tables) {
  const all = tables.map(rowsOf);
  const text = all.map((rows) => rows.map((row) => row.join("\t")).join("\n")).join("\n\n");
  const html = all.map((rows) => `<table>${rows.map(htmlRow).join("")}</table>`).join("<br>"); // the texts are digits and signs
  return { text, html };
}

/** @param {string[]} row */
const htmlRow = (row) => `<tr>${row.map((text) => `<td>${text}</td>`).join("")}</tr>`;

/** Put a text, and the same as HTML, on the clipboard; also where the page is not served securely.
 * @param {string} text @param {string} html */
export function copyTexts(text, html) {
  document.addEventListener(
    "copy",
    (event) => {
      event.preventDefault();
      event.clipboardData?.setData("text/plain", text);
      if (html) event.clipboardData?.setData("text/html", html);
    },
    { once: true },
  );
  document.execCommand("copy"); // as navigator.clipboard, but without HTTPS, too
}

/** Save a file.
 * @param {Blob} blob @param {string} name */
export function download(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

/** Draw a number level and large enough to fill the canvas.
 * @param {HTMLCanvasElement} canvas @param {CanvasImageSource} picture @param {Corner[]} quad */
export function drawCloseUp(canvas, picture, [a, b, c, d]) {
  const [x, y] = [(a[0] + b[0] + c[0] + d[0]) / 4, (a[1] + b[1] + c[1] + d[1]) / 4];
  const angle = Math.atan2(b[1] + c[1] - a[1] - d[1], b[0] + c[0] - a[0] - d[0]);
  const tall = Math.max(4, Math.hypot(d[0] - a[0], d[1] - a[1]));
  const wide = Math.hypot(b[0] - a[0], b[1] - a[1]);
  const margin = 2 * CLOSE_UP_MARGIN * tall;
  const zoom = Math.min(canvas.height / (tall + margin), canvas.width / (wide + margin));
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d", { alpha: false }));
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.fillStyle = "#fff";
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.translate(canvas.width / 2, canvas.height / 2);
  context.rotate(-angle);
  context.scale(zoom, zoom);
  context.drawImage(picture, -x, -y);
}

/** The picture of a number as a small JPEG file in base64.
 * @param {CanvasImageSource} picture @param {Corner[]} quad */
export function cellJpeg(picture, quad) {
  const [a, b, , d] = quad;
  const aspect = Math.hypot(b[0] - a[0], b[1] - a[1]) / Math.max(1, Math.hypot(d[0] - a[0], d[1] - a[1]));
  const canvas = document.createElement("canvas");
  canvas.height = JPEG_PIXELS;
  canvas.width = Math.round((JPEG_PIXELS * (Math.min(aspect, MAX_JPEG_ASPECT) + 2 * CLOSE_UP_MARGIN)) / (1 + 2 * CLOSE_UP_MARGIN));
  drawCloseUp(canvas, picture, quad);
  return canvas.toDataURL("image/jpeg", 0.85).split(",")[1];
}
