// @ts-check
// The page: send drawings and pictures to the reader, show the result, its details and corrections.

import { read, troubleIn } from "./api.js";
import { Corrections } from "./corrections.js";
import { Desk } from "./desk.js";
import { Detail } from "./detail.js";
import { digitsOf, linesOf, onPage, remarkOn, sameDigit, textOf } from "./digit.js";
import { Drawing } from "./drawing.js";
import { hasModifier, page } from "./elements.js";
import { writeExample } from "./example.js";
import { counted, switchLanguage, translate, word } from "./language.js";
import { digitOutline, Marks } from "./marks.js";
import { listenForPictures } from "./photograph.js";
import { readAloud, ReadingView } from "./reading.js";
import { SheetView } from "./sheetview.js";
import { copyTables, copyText } from "./spreadsheet.js";
import { latest } from "./timing.js";

const READ_INTERVAL_MS = 150; // between two readings while the pen is down
const ANNOUNCE_MS = 700; // without change, until the result is announced to screen readers

/** @type {Sheet | null} */
let sheet = null; // the picture of the result, and its width in the units of the spots
/** @type {Line[]} */
let lines = [];
/** @type {Digit | null} */
let selected = null;
/** @type {WordName | ""} */
let note = ""; // the latest message about corrections
/** @type {Trouble | null} */
let trouble = null;
let announcement = 0;

const drawing = new Drawing(page.ink, { changed: drawn, tapped: (x, y) => select(digitAt(x, y)) });
const marks = new Marks(page.marks);
const corrections = new Corrections(correctionsChanged);
const detail = new Detail(correct);
const view = new ReadingView(openDetail);
const live = latest(readDrawing, READ_INTERVAL_MS);
const desk = new Desk(corrections, { changed: show, opened: pictureOpened, report });
const sheets = new SheetView(desk, openDetail, marks);

/** @param {boolean} lifted */
function drawn(lifted) {
  showTools();
  if (lifted) live.now();
  else live.soon();
}

async function readDrawing() {
  if (desk.entry) return;
  if (drawing.empty) {
    await corrections.send();
    return forget();
  }
  const now = drawing.picture();
  try {
    const answer = await read(now.blob, { upright: true });
    if (desk.entry || drawing.empty) return; // the page has changed meanwhile
    showResult(answer, { ...now, across: drawing.size.width }, (box) => drawing.inkIn(onPage(box, now.place)));
  } catch (error) {
    report(error);
    if (trouble?.passes) trouble.passed().then(live.now);
  }
}

/** Show another picture, or the paper.
 * @param {SheetEntry | null} entry */
function pictureOpened(entry) {
  corrections.send();
  forget();
  if (!entry && !drawing.empty) drawn(true);
}

/** Show the result of a sheet; `spotOf` converts a box of it to a spot on the page.
 * @param {ReadingResponse} answer @param {Sheet} read @param {(box: Box) => Spot} spotOf */
function showResult(answer, read, spotOf) {
  trouble = null;
  lines = linesOf(answer, spotOf, lines);
  selected = (selected && sameDigit(lines, selected.spot)) ?? null;
  sheet = read;
  show();
  clearTimeout(announcement);
  announcement = setTimeout(() => announce(lines.length ? readAloud(lines) : word("nothing")), ANNOUNCE_MS);
}

/** Clear the result. */
function forget() {
  clearTimeout(announcement);
  [lines, selected, sheet, trouble] = [[], null, null, null];
  show();
}

/** @param {Digit | undefined} digit */
function select(digit) {
  if (!digit) return false;
  if (digit !== selected && !corrections.waiting) note = "";
  selected = digit;
  if (desk.entry) desk.selectCellOf(digit);
  show();
  view.focus(digit);
  return true;
}

/** Select a digit and scroll to its details, which may be far below on a phone.
 * @param {Digit | undefined} digit */
function openDetail(digit) {
  if (select(digit)) page.detail.scrollIntoView({ block: "nearest" });
}

function close() {
  const digit = selected;
  selected = null;
  show();
  view.focus(digit);
}

/** @param {Digit} digit @param {number} label */
function correct(digit, label) {
  selected = digit;
  if (desk.entry) desk.label(digit, label, (other) => (selected = other));
  else corrections.add(digit, label, sheet);
}

/** @param {CorrectionEvent} event @param {unknown} [error] */
function correctionsChanged(event, error) {
  note = event === "failed" ? "" : event;
  if (event === "stored") trouble = null; // the earlier failure is resolved
  if (error) report(error);
  show();
  if (note) announce(word(note));
}

/** @param {"undo" | "redo"} way */
function travel(way) {
  if (desk.entry) desk.travel(way);
  else if (way === "undo" && !corrections.revoke() && !drawing.empty) drawing.undo();
}

/** The digit at a point of the page.
 * @param {number} x @param {number} y */
function digitAt(x, y) {
  const found = marks.at(x, y)?.of;
  return found && "digit" in found ? found : undefined;
}

/** Say what is wrong; nothing any more if `error` is null.
 * @param {unknown} error */
function report(error) {
  trouble = error === null ? null : troubleIn(error);
  show();
}

/** @param {string} text */
function announce(text) {
  page.live.textContent = text;
}

/** The lines that are shown. */
const shownLines = () => (desk.entry ? desk.lines : lines);

function show() {
  const result = shownLines();
  if (selected && !digitsOf(result).includes(selected)) selected = null; // an edit has replaced it
  view.show(result, selected);
  detail.show(selected);
  sheets.show();
  if (!desk.entry) marks.show(digitsOf(lines).map(digitOutline), selected, sheet?.across ?? 1);
  const remark = desk.entry ? sheets.remark : sheet ? remarkOn(lines) : "hint";
  page.remark.textContent = remark && word(remark);
  page.trouble.hidden = !trouble;
  page.trouble.textContent = trouble?.text ?? "";
  page.copy.hidden = result.length === 0 && !desk.hasTable;
  page.copy.textContent = word("copy");
  showTools();
  showKept();
}

function showTools() {
  const { entry } = desk;
  const nothing = !entry && drawing.empty;
  page.paper.classList.toggle("empty", nothing);
  page.ink.hidden = Boolean(entry);
  page.photograph.hidden = page.redo.hidden = !entry;
  page.undo.disabled = entry ? !entry.can("undo") : nothing && !corrections.waiting;
  page.redo.disabled = !entry?.can("redo");
  page.clear.disabled = nothing;
  page.clear.textContent = word(entry ? "back" : "clear");
}

function showKept() {
  const { folder, total } = corrections;
  page.kept.textContent = folder && `${word("where", { folder })} ${counted("count", total)}`;
  page.note.textContent = note && word(note);
  page.revoke.hidden = !corrections.waiting;
}

/** @param {KeyboardEvent} event */
function shortcut({ key, shiftKey, ctrlKey, metaKey }) {
  if (!ctrlKey && !metaKey) return null;
  if (key.toLowerCase() === "z") return shiftKey ? "redo" : "undo";
  return key.toLowerCase() === "y" ? "redo" : null;
}

page.undo.onclick = page.revoke.onclick = () => travel("undo");
page.redo.onclick = () => travel("redo");
page.close.onclick = close;
page.clear.onclick = () => (desk.entry ? desk.open(null) : drawing.clear());
page.copy.onclick = () => {
  if (desk.hasTable) copyTables(desk.tables);
  else copyText(shownLines().map(textOf).join("\n"));
  page.copy.textContent = word("copied");
};
page.example.onclick = () => {
  desk.open(null);
  drawing.clear();
  writeExample(drawing);
};
page.language.onclick = () => {
  switchLanguage();
  desk.recheck();
  show();
};
page.lines.onkeydown = page.detail.onkeydown = (event) => {
  const digit = view.focused ?? selected;
  if (!digit || hasModifier(event)) return;
  const next = view.next(event.key);
  if (next) select(next);
  else if (/^[0-9]$/.test(event.key)) correct(digit, Number(event.key));
  else if (event.key === "Escape") close();
  else return;
  event.preventDefault();
};
addEventListener("keydown", (event) => {
  const way = shortcut(event);
  if (!way || sheets.card.isTyping) return;
  event.preventDefault();
  travel(way);
});
listenForPictures((files) => desk.add(files));

translate();
show();
corrections.count().then(showKept, report);
desk.restore();
