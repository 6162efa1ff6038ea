// @ts-check
// Tables for spreadsheets: on the clipboard, and as the request for a file.

import { middleOf, sidesOf } from "./corners.js";
import { shown } from "./digit.js";
import { made } from "./elements.js";
import { canvasOf } from "./photograph.js";
import { textOfNumber } from "./sheet.js";

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
      numbers: [{ ...numberRequest(cell.number), ...(cell.checked ? {} : { confidence: cell.number.confidence, at_edge: cell.number.at_edge }) }],
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

/** Put tables on the clipboard as text with tabs, and as HTML, below each other.
 * @param {SheetTable[]} tables */
export function copyTables(tables) {
  const texts = tables.map(({ cells, rows, columns }) => {
    const table = Array.from({ length: rows }, () => Array(columns).fill(""));
    for (const { row, column, number } of cells) table[row][column] = textOfNumber(number);
    return table;
  });
  const html = texts.map((rows) => rows.map((row) => `<tr><td>${row.join("</td><td>")}</td></tr>`).join("")); // digits and signs
  const text = texts.map((rows) => rows.map((row) => row.join("\t")).join("\n")).join("\n\n");
  copyText(text, html.map((rows) => `<table>${rows}</table>`).join("<br>"));
}

/** Put a text, and the same as HTML, on the clipboard; also where the page is not served securely.
 * @param {string} text */
export function copyText(text, html = "") {
  document.oncopy = (event) => {
    event.preventDefault();
    event.clipboardData?.setData("text/plain", text);
    if (html) event.clipboardData?.setData("text/html", html);
  };
  document.execCommand("copy"); // as navigator.clipboard, but without HTTPS, too
  document.oncopy = null;
}

/** Save a file.
 * @param {Blob} blob @param {string} name */
export function download(blob, name) {
  const link = made("a", { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

/** Draw a number level and large enough to fill a canvas.
 * @param {CanvasImageSource} picture @param {Corner[]} quad @param {number} width @param {number} height of the canvas
 * @param {HTMLCanvasElement} [canvas] */
export function closeUp(picture, quad, width, height, canvas) {
  const [x, y] = middleOf(quad);
  const { wide, tall, angle } = sidesOf(quad);
  const margin = 2 * CLOSE_UP_MARGIN * Math.max(4, tall);
  const zoom = Math.min(height / (Math.max(4, tall) + margin), width / (wide + margin));
  const draw = (/** @type {CanvasRenderingContext2D} */ context) => {
    context.translate(width / 2, height / 2);
    context.rotate(-angle);
    context.scale(zoom, zoom);
    context.drawImage(picture, -x, -y);
  };
  return canvasOf(width, height, draw, canvas);
}

/** The picture of a number as a small JPEG file in base64.
 * @param {CanvasImageSource} picture @param {Corner[]} quad */
export function cellJpeg(picture, quad) {
  const { wide, tall } = sidesOf(quad);
  const [aspect, margins] = [Math.min(wide / Math.max(1, tall), MAX_JPEG_ASPECT), 2 * CLOSE_UP_MARGIN];
  const canvas = closeUp(picture, quad, Math.round((JPEG_PIXELS * (aspect + margins)) / (1 + margins)), JPEG_PIXELS);
  return canvas.toDataURL("image/jpeg", 0.85).split(",")[1];
}
