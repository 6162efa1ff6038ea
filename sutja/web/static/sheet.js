// @ts-check
// The tables of a picture: cells with numbers, and their edits. Nothing here is changed in place: an edit returns new tables.

import { middleOf } from "./corners.js";
import { NONE, shown, signsOf } from "./digit.js";

const AS_IT_IS = { left: 0, top: 0, scale: 1 };

/** The tables of a response.
 * @param {ReadingResponse} answer @returns {SheetTable[]} */
export function tablesOf(answer) {
  const numbers = answer.lines.flatMap((line) => line.numbers).map((number) => sheetNumber(number));
  return arranged(answer.tables, numbers);
}

/** A number of a response on the sheet; `left` and `top` are where the part that was read begins.
 * @param {NumberResponse} number @returns {SheetNumber} */
export function sheetNumber(number, left = 0, top = 0) {
  const place = { ...AS_IT_IS, left, top };
  return { signs: signsOf(number, place), quad: number.quad.map(([x, y]) => [x + left, y + top]) };
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

/** The most probable text of a number.
 * @param {SheetNumber} number */
export const guessOfNumber = ({ signs }) =>
  signs.map((sign) => (typeof sign !== "string" && shown(sign) === "?" ? sign.guess : shown(sign))).join("");

/** @param {SheetTable} table @param {number} row @param {number} column */
export const cellAt = (table, row, column) => table.cells.find((cell) => cell.row === row && cell.column === column);

/** The cells of a row from left to right.
 * @param {SheetTable} table @param {number} row */
export const rowOf = ({ cells }, row) => cells.filter((cell) => cell.row === row).sort((a, b) => a.column - b.column);

/** The place of the cell that holds a digit.
 * @param {SheetTable[]} tables @param {Digit} digit @returns {CellPlace | undefined} */
export function placeOfDigit(tables, digit) {
  for (const [table, { cells }] of tables.entries()) {
    const cell = cells.find(({ number }) => number.signs.includes(digit));
    if (cell) return { table, row: cell.row, column: cell.column };
  }
}

/** The name that spreadsheets give to a column.
 * @param {number} column @returns {string} */
export const columnName = (column) =>
  (column >= 26 ? columnName(Math.floor(column / 26) - 1) : "") + String.fromCharCode(65 + (column % 26));

/** What is to be checked in a cell, if anything is.
 * @param {SheetTable} table @param {SheetCell | undefined} cell @returns {RemarkResponse[]} */
export function remarksOn(table, cell) {
  if (!cell || cell.checked) return [];
  return table.remarks.filter(({ row, column }) => row === cell.row && column === cell.column);
}

/** The places of the cells that are to be checked, in reading order.
 * @param {SheetTable[]} tables @returns {CellPlace[]} */
export function placesToCheck(tables) {
  return tables.flatMap((table, at) =>
    table.cells
      .filter((cell) => remarksOn(table, cell).length)
      .sort((a, b) => a.row - b.row || a.column - b.column)
      .map(({ row, column }) => ({ table: at, row, column })),
  );
}

/** The next place to check after `here`, or before it if `step` is -1; the first, or the last, if none is left there.
 * @param {SheetTable[]} tables @param {CellPlace | null} here @param {number} step @returns {CellPlace | undefined} */
export function nextToCheck(tables, here, step) {
  const places = placesToCheck(tables);
  const order = (/** @type {CellPlace} */ { table, row, column }) => (table * 1e4 + row) * 1e4 + column;
  const beyond = here ? places.filter((place) => (order(place) - order(here)) * step > 0) : [];
  return step > 0 ? (beyond[0] ?? places[0]) : (beyond.at(-1) ?? places.at(-1));
}

/** The tables with a cell that a person has checked.
 * @param {SheetTable[]} tables @param {SheetCell} cell @returns {SheetTable[]} */
export function withChecked(tables, cell) {
  return tables.map((table) => ({
    ...table,
    cells: table.cells.map((each) => (each === cell ? { ...each, checked: true } : each)),
  }));
}

/** The tables with another number in a cell; without `number`, the cell is empty.
 * @param {SheetTable[]} tables @param {CellPlace} place @param {SheetNumber | null} number @returns {SheetTable[]} */
export function withNumber(tables, place, number) {
  return tables.map((table, at) => {
    if (at !== place.table) return table;
    const isHere = (/** @type {{row: number, column: number}} */ each) => each.row === place.row && each.column === place.column;
    const cells = table.cells.filter((cell) => !isHere(cell));
    const { row, column } = place;
    if (number) cells.push({ row, column, number, checked: false });
    return { ...table, cells, remarks: table.remarks.filter((remark) => !isHere(remark)) };
  });
}

/** A number with the signs that a person typed. Digits keep what was read in their place if the signs are as many.
 * @param {SheetNumber} number @param {string} text @returns {SheetNumber} */
export function typed(number, text) {
  const before = number.signs.filter((sign) => typeof sign === "string" || sign.label !== NONE);
  if (before.length !== text.length) return { ...number, signs: [...text] };
  const signs = before.map((sign, at) => {
    if (typeof sign === "string" || !/[0-9]/.test(text[at])) return text[at];
    const label = Number(text[at]);
    return shown(sign) === text[at] ? sign : { ...sign, label, kept: false };
  });
  return { ...number, signs };
}

/** A number with another label for one of its digits.
 * @param {SheetNumber} number @param {Digit} digit @param {Digit} other @returns {SheetNumber} */
export function withDigit(number, digit, other) {
  return { ...number, signs: number.signs.map((sign) => (sign === digit ? other : sign)) };
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

/** Whether two lists hold the same numbers.
 * @param {SheetNumber[]} some @param {SheetNumber[]} others */
export const areSame = (some, others) => some.length === others.length && some.every((number, at) => number === others[at]);

/** All numbers of tables.
 * @param {SheetTable[]} tables */
export const numbersOf = (tables) => tables.flatMap((table) => table.cells.map((cell) => cell.number));

/** Where the number of an empty cell would be: as far across as those of its column, as far down as those of its row.
 * @param {SheetTable} table @param {number} row @param {number} column @returns {Corner[]} */
export function placeOfEmpty(table, row, column) {
  const nearest = (/** @type {(cell: SheetCell) => number} */ far) =>
    [...table.cells].sort((a, b) => far(a) - far(b))[0]?.number.quad;
  const above = nearest((cell) => Math.abs(cell.column - column) * 1000 + Math.abs(cell.row - row));
  const beside = nearest((cell) => Math.abs(cell.row - row) * 1000 + Math.abs(cell.column - column));
  if (!above) return [[0, 0], [1, 0], [1, 1], [0, 1]]; // prettier-ignore
  const shift = middleOf(beside)[1] - middleOf(above)[1];
  return above.map(([x, y]) => [x, y + shift]);
}
