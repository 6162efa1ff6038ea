// @ts-check
// The tables of a picture: cells with numbers, and their edits. Nothing here is changed in place: an edit returns new tables.

import { middleOf } from "./corners.js";
import { shown, signsOf } from "./digit.js";

/** The tables of a response.
 * @param {ReadingResponse} answer */
export const tablesOf = (answer) => arranged(answer.tables, sheetNumbers(answer));

/** The numbers of a response on the sheet; `left` and `top` are where the part that was read begins.
 * @param {ReadingResponse} answer @returns {SheetNumber[]} */
export function sheetNumbers({ lines }, { left, top } = { left: 0, top: 0 }) {
  return lines.flatMap(({ numbers }) => numbers).map((number) => ({
    signs: signsOf(number, { left, top, scale: 1 }),
    quad: number.quad.map(([x, y]) => [x + left, y + top]),
    confidence: number.confidence,
    at_edge: number.at_edge,
  }));
}

/** Tables of a response whose cells name their numbers by their places in `numbers`; a cell with several shows them as one.
 * @param {TableResponse[]} tables @param {SheetNumber[]} numbers @returns {SheetTable[]} */
export function arranged(tables, numbers) {
  return tables.map((table) => ({
    ...table,
    cells: table.cells.map(({ row, column, numbers: held }) => ({
      row,
      column,
      number: held.map((at) => numbers[at]).reduce((first, next) => joined(first, next, [" "])),
      checked: false,
    })),
  }));
}

/** The text of a number, with `?` where it is not sure.
 * @param {SheetNumber} number */
export const textOfNumber = ({ signs }) => signs.map(shown).join("");

/** The most probable text of a number; empty for none.
 * @param {SheetNumber | undefined} number */
export const guessOfNumber = (number) =>
  (number?.signs ?? []).map((sign) => (typeof sign !== "string" && shown(sign) === "?" ? sign.guess : shown(sign))).join("");

/** Whether something has the row and the column of a place.
 * @param {{row: number, column: number}} place @returns {(each: {row: number, column: number}) => boolean} */
const isAt = (place) => (each) => each.row === place.row && each.column === place.column;

/** @param {SheetTable[]} tables @param {CellPlace | null} place */
export const cellAt = (tables, place) => place && tables[place.table]?.cells.find(isAt(place)) || undefined;

/** The cells of a row from left to right.
 * @param {SheetTable} table @param {number} row */
export const rowOf = ({ cells }, row) => cells.filter((cell) => cell.row === row).sort((a, b) => a.column - b.column);

/** The places of the cells that pass a test.
 * @param {SheetTable[]} tables @param {(cell: SheetCell, table: SheetTable) => unknown} test @returns {CellPlace[]} */
export function placesOf(tables, test) {
  return tables.flatMap((table, at) =>
    table.cells.filter((cell) => test(cell, table)).map(({ row, column }) => ({ table: at, row, column })),
  );
}

/** The name that spreadsheets give to a column.
 * @param {number} column @returns {string} */
export const columnName = (column) =>
  (column >= 26 ? columnName(Math.floor(column / 26) - 1) : "") + String.fromCharCode(65 + (column % 26));

/** The name that spreadsheets give to a cell.
 * @param {CellPlace} place */
export const cellName = ({ row, column }) => `${columnName(column)}${row + 1}`;

/** What is to be checked in a cell, if anything is.
 * @param {SheetTable} table @param {SheetCell | undefined} cell */
export const remarksOn = (table, cell) => (!cell || cell.checked ? [] : table.remarks.filter(isAt(cell)));

/** @param {CellPlace} place */
const orderOf = ({ table, row, column }) => (table * 1e4 + row) * 1e4 + column;

/** The places of the cells that are to be checked, in reading order.
 * @param {SheetTable[]} tables */
export const placesToCheck = (tables) =>
  placesOf(tables, (cell, table) => remarksOn(table, cell).length).sort((a, b) => orderOf(a) - orderOf(b));

/** The next place to check after `here`, or before it if `step` is -1; the first, or the last, if none is left there.
 * @param {SheetTable[]} tables @param {CellPlace | null} here @param {number} step @returns {CellPlace | undefined} */
export function nextToCheck(tables, here, step) {
  const places = placesToCheck(tables);
  const beyond = here ? places.filter((place) => (orderOf(place) - orderOf(here)) * step > 0) : [];
  return step > 0 ? (beyond[0] ?? places[0]) : (beyond.at(-1) ?? places.at(-1));
}

/** The tables with a number in a cell, `checked` by a person or not; without `number`, the cell is empty.
 * @param {SheetTable[]} tables @param {CellPlace} place @param {SheetNumber | null} number @returns {SheetTable[]} */
export function withNumber(tables, { table: changed, row, column }, number, checked = false) {
  const isHere = isAt({ row, column });
  return tables.map((table, at) => {
    if (at !== changed) return table;
    const cells = table.cells.filter((cell) => !isHere(cell));
    if (number) cells.push({ row, column, number, checked });
    return { ...table, cells, remarks: table.remarks.filter((remark) => !isHere(remark)) };
  });
}

/** A number with the signs that a person typed. Digits keep what was read in their place if the signs are as many.
 * @param {SheetNumber} number @param {string} text @returns {SheetNumber} */
export function typed(number, text) {
  const before = number.signs.filter(shown);
  if (before.length !== text.length) return { signs: [...text], quad: number.quad };
  const signs = before.map((sign, at) => {
    if (typeof sign === "string" || !/[0-9]/.test(text[at])) return text[at];
    return shown(sign) === text[at] ? sign : { ...sign, label: Number(text[at]), kept: false };
  });
  return { signs, quad: number.quad };
}

/** The parts of a number before and from sign `at` on.
 * @param {SheetNumber} number @param {number} at @returns {[SheetNumber, SheetNumber]} */
export function parted({ signs, quad }, at) {
  const share = at / signs.length;
  const along = (/** @type {Corner} */ a, /** @type {Corner} */ b) =>
    /** @type {Corner} */ ([a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share]);
  const [upper, lower] = [along(quad[0], quad[1]), along(quad[3], quad[2])];
  return [
    { signs: signs.slice(0, at), quad: [quad[0], upper, lower, quad[3]] },
    { signs: signs.slice(at), quad: [upper, quad[1], quad[2], lower] },
  ];
}

/** Two numbers as one.
 * @param {SheetNumber} first @param {SheetNumber} next @param {Sign[]} [between] @returns {SheetNumber} */
export function joined(first, next, between = []) {
  const [a, b] = [first.quad, next.quad];
  return { signs: [...first.signs, ...between, ...next.signs], quad: [a[0], b[1], b[2], a[3]] };
}

/** Whether two lists hold the same.
 * @param {unknown[]} some @param {unknown[]} others */
export const areSame = (some, others) => some.length === others.length && some.every((each, at) => each === others[at]);

/** All numbers of tables.
 * @param {SheetTable[]} tables */
export const numbersOf = (tables) => tables.flatMap((table) => table.cells.map((cell) => cell.number));

/** Where the number of an empty cell would be: as far across as those of its column, as far down as those of its row.
 * @param {SheetTable} table @param {{row: number, column: number}} place @returns {Corner[]} */
export function placeOfEmpty({ cells }, { row, column }) {
  const nearest = (/** @type {(cell: SheetCell) => number} */ far) =>
    [...cells].sort((a, b) => far(a) - far(b))[0]?.number.quad;
  const above = nearest((cell) => Math.abs(cell.column - column) * 1000 + Math.abs(cell.row - row));
  const beside = nearest((cell) => Math.abs(cell.row - row) * 1000 + Math.abs(cell.column - column));
  if (!above) return [[0, 0], [1, 0], [1, 1], [0, 1]]; // prettier-ignore
  const shift = middleOf(beside)[1] - middleOf(above)[1];
  return above.map(([x, y]) => [x, y + shift]);
}
