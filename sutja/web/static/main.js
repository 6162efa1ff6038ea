// @ts-check
// The page: send drawings and pictures to the reader, show the result, its details and corrections.

import { read, serverIsBack, Trouble } from "./api.js";
import { Corrections } from "./corrections.js";
import { Desk } from "./desk.js";
import { Detail } from "./detail.js";
import { digitsOf, linesOf, onPage, sameDigit, shown, textOf } from "./digit.js";
import { Drawing } from "./drawing.js";
import { writeExample } from "./example.js";
import { switchLanguage, translate, word } from "./language.js";
import { latest } from "./latest.js";
import { digitOutline, Marks } from "./marks.js";
import { listenForPictures } from "./photograph.js";
import { readAloud, ReadingView } from "./reading.js";
import { SheetView } from "./sheetview.js";
import { copyTexts } from "./spreadsheet.js";

/** @type {{[event in CorrectionEvent]?: WordName}} */
const NOTES = { waiting: "soon", stored: "stored", revoked: "revoked", removed: "removed" };
const READ_INTERVAL_MS = 150; // between two readings while the pen is down
const ANNOUNCE_MS = 700; // without change, until the result is announced to screen readers

/** @type {<Id extends keyof Elements>(id: Id) => Elements[Id]} */
const element = (id) => /** @type {any} */ (document.getElementById(id));
const paper = element("paper");

/** @type {Sheet | null} */
let sheet = null; // the picture of the result, and its width in the units of the spots
/** @type {Line[]} */
let lines = [];
/** @type {Digit | null} */
let selected = null;
/** @type {WordName | ""} */
let remark = "nothingYet";
/** @type {WordName | ""} */
let note = ""; // the latest message about corrections
/** @type {Trouble | null} */
let trouble = null;
let announcement = 0;

const drawing = new Drawing(element("ink"), { changed: drawn, tapped: (x, y) => select(digitAt(x, y)) });
/** @type {Marks<Outline>} */
const marks = new Marks(element("marks"));
const corrections = new Corrections(correctionsChanged);
const detail = new Detail(element("detail"), correct);
const view = new ReadingView(element("lines"), {
  selected: select,
  opened: openDetail,
  corrected: correct,
  closed: close,
});
const live = latest(readDrawing, READ_INTERVAL_MS);
const desk = new Desk(element("photograph"), corrections, { changed: show, opened: pictureOpened, report });
const sheets = new SheetView(desk, element, openDetail, marks);

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
    forget("nothingYet");
    return;
  }
  const now = await drawing.picture();
  try {
    const answer = await read(now.blob, { upright: true });
    if (desk.entry || drawing.empty) return; // the page has changed meanwhile
    showResult(answer, { ...now, across: drawing.size.width }, (box) => drawing.inkIn(onPage(box, now.place)));
  } catch (error) {
    report(error);
    if (error.wait) setTimeout(live.now, error.wait * 1000);
    if (error.name === "offline") serverIsBack().then(live.now);
  }
}

/** Show another picture, or the paper.
 * @param {SheetEntry | null} entry */
function pictureOpened(entry) {
  corrections.send();
  forget("nothingYet");
  if (entry || drawing.empty) return;
  drawing.draw();
  drawn(true);
}

/** Show the result of a sheet; `spotOf` converts a box of it to a spot on the page.
 * @param {ReadingResponse} answer @param {Sheet} read @param {(box: Box) => Spot} spotOf */
function showResult(answer, read, spotOf) {
  trouble = null;
  lines = linesOf(answer, spotOf, lines);
  selected = sameDigit(lines, selected) ?? null;
  sheet = read;
  const unsure = lines.flat(2).some((sign) => shown(sign) === "?");
  remark = lines.length === 0 ? "nothing" : unsure ? "unsureNote" : "";
  show();
  clearTimeout(announcement);
  announcement = setTimeout(() => announce(lines.length ? readAloud(lines) : word("nothing")), ANNOUNCE_MS);
}

/** Clear the result and show the text `why` instead.
 * @param {WordName} why */
function forget(why) {
  clearTimeout(announcement);
  [lines, selected, sheet, remark, trouble] = [[], null, null, why, null];
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
  if (select(digit)) element("detail").scrollIntoView({ block: "nearest" });
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
  note = NOTES[event] ?? "";
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
 * @param {unknown} error @returns {asserts error is Trouble} */
function report(error) {
  if (error !== null && !(error instanceof Trouble)) throw error;
  trouble = /** @type {Trouble | null} */ (error);
  show();
}

/** @param {string} text */
function announce(text) {
  element("live").textContent = text;
}

function show() {
  const onDesk = desk.entry !== null;
  const result = onDesk ? desk.lines : lines;
  if (selected && !digitsOf(result).includes(selected)) selected = null; // an edit has replaced it
  view.show(result, selected);
  detail.show(selected);
  sheets.show();
  if (!onDesk) marks.show(digitsOf(lines).map(digitOutline), selected, sheet?.across ?? 1);
  const said = onDesk ? sheets.remark : remark;
  element("remark").textContent = said && word(said);
  element("trouble").hidden = !trouble;
  element("trouble").textContent = trouble?.text ?? "";
  element("hints").hidden = onDesk || lines.length > 0 || remark !== "nothingYet";
  element("copy").hidden = result.length === 0 && !desk.hasTable;
  element("copy").textContent = word("copy");
  showTools();
  showKept();
}

function showTools() {
  const onDesk = desk.entry !== null;
  const nothing = !onDesk && drawing.empty;
  paper.classList.toggle("empty", nothing);
  element("ink").hidden = onDesk;
  element("photograph").hidden = !onDesk;
  element("undo").disabled = onDesk ? !desk.canUndo : nothing && !corrections.waiting;
  element("redo").hidden = !onDesk;
  element("redo").disabled = !desk.canRedo;
  element("clear").disabled = nothing;
  element("clear").textContent = word(onDesk ? "back" : "clear");
}

function showKept() {
  const { folder, total } = corrections;
  /** @type {WordName[]} */
  const names = ["countNone", "countOne"];
  const counted = word(names[total] ?? "countMany", { total });
  element("kept").textContent = folder && `${word("where", { folder })} ${counted}`;
  element("note").textContent = note && word(note);
  element("revoke").hidden = !corrections.waiting;
}

function copy() {
  if (desk.hasTable) desk.copy();
  else copyTexts((desk.entry ? desk.lines : lines).map(textOf).join("\n"), "");
  element("copy").textContent = word("copied");
}

/** @param {KeyboardEvent} event */
function shortcut(event) {
  if (event.shiftKey && event.key.toLowerCase() === "z") return "redo";
  return { z: "undo", y: "redo" }[event.key.toLowerCase()];
}

element("undo").addEventListener("click", () => travel("undo"));
element("redo").addEventListener("click", () => travel("redo"));
element("revoke").addEventListener("click", () => travel("undo"));
element("copy").addEventListener("click", copy);
element("close").addEventListener("click", close);
element("clear").addEventListener("click", () => (desk.entry ? desk.open(null) : drawing.clear()));
element("example").addEventListener("click", () => {
  desk.open(null);
  drawing.clear();
  writeExample(drawing);
});
element("language").addEventListener("click", () => {
  switchLanguage();
  desk.recheck();
  show();
});
element("detail").addEventListener("keydown", (event) => {
  if (event.key === "Escape") close();
  else if (selected && /^[0-9]$/.test(event.key) && !event.ctrlKey && !event.metaKey && !event.altKey)
    correct(selected, Number(event.key));
});
addEventListener("keydown", (event) => {
  const way = event.ctrlKey || event.metaKey ? shortcut(event) : undefined;
  if (!way || sheets.isTyping) return;
  event.preventDefault();
  travel(/** @type {"undo" | "redo"} */ (way));
});
listenForPictures([element("choose"), element("take")], paper, (files) => desk.add(files));

translate();
show();
corrections.count().then(showKept, report);
desk.restore();
