// @ts-check
// The page: send drawings and pictures to the reader, show the result, its details and corrections.

import { read, Trouble } from "./api.js";
import { Corrections } from "./corrections.js";
import { Detail } from "./detail.js";
import { digitsOf, linesOf, onPage, sameDigit, shown, textOf } from "./digit.js";
import { Drawing } from "./drawing.js";
import { writeExample } from "./example.js";
import { switchLanguage, translate, word } from "./language.js";
import { latest } from "./latest.js";
import { Marks } from "./marks.js";
import { listenForPictures, openPicture } from "./photograph.js";
import { readAloud, ReadingView } from "./reading.js";
import { drawingOn } from "./strokes.js";

/** @typedef {import("./words.js").WordName} WordName */
/** @type {{[event in CorrectionEvent]?: WordName}} */
const NOTES = { waiting: "soon", stored: "stored", revoked: "revoked" };
const READ_INTERVAL_MS = 150; // between two readings while the pen is down
const ANNOUNCE_MS = 700; // without change, until the result is announced to screen readers
const AS_IT_IS = { left: 0, top: 0, scale: 1 };
const MAX_ATTEMPTS = 5; // to read a picture while the server is busy

/** @type {<Id extends keyof Elements>(id: Id) => Elements[Id]} */
const element = (id) => /** @type {any} */ (document.getElementById(id));
const paper = element("paper");

/** @type {Sheet | null} */
let sheet = null; // the picture of the result, and its width in the units of the spots
/** @type {Line[]} */
let lines = [];
/** @type {Digit | null} */
let selected = null;
/** @type {Opened | null} */
let picture = null; // the picture on the page; null while the user writes
/** @type {WordName | ""} */
let remark = "nothingYet";
/** @type {WordName | ""} */
let note = ""; // the latest message about corrections
/** @type {Trouble | null} */
let trouble = null;
let announcement = 0;

const drawing = new Drawing(element("ink"), { changed: drawn, tapped: (x, y) => select(marks.at(x, y)) });
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

/** @param {boolean} lifted */
function drawn(lifted) {
  showTools();
  if (lifted) live.now();
  else live.soon();
}

async function readDrawing() {
  if (picture) return;
  if (drawing.empty) {
    await corrections.send();
    forget("nothingYet");
    return;
  }
  const now = await drawing.picture();
  try {
    const answer = await read(now.blob, { upright: true });
    if (picture || drawing.empty) return; // the page has changed meanwhile
    showResult(answer, { ...now, across: drawing.size.width }, (box) => drawing.inkIn(onPage(box, now.place)));
  } catch (error) {
    report(error);
    if (error.wait) setTimeout(live.now, error.wait * 1000);
  }
}

/** @param {File} file */
async function showPicture(file) {
  await corrections.send();
  try {
    picture = await openPicture(file);
  } catch (error) {
    report(error);
    return;
  }
  const opened = picture;
  const canvas = element("photograph");
  Object.assign(canvas, { width: opened.width, height: opened.height });
  drawingOn(canvas).drawImage(opened.bitmap, 0, 0);
  forget("working");
  paper.classList.add("busy");
  try {
    const answer = await retryWhileBusy(() => read(opened.blob));
    if (picture === opened) showResult(answer, { ...opened, across: answer.width }, (box) => onPage(box, AS_IT_IS));
  } catch (error) {
    if (picture === opened) forget("nothing");
    report(error);
  } finally {
    if (picture === opened || !picture) paper.classList.remove("busy");
  }
}

/** Call `request`, again while the server is busy.
 * @template T @param {() => Promise<T>} request @returns {Promise<T>} */
async function retryWhileBusy(request) {
  for (let count = 1; ; count++) {
    try {
      return await request();
    } catch (error) {
      if (!(error instanceof Trouble) || !error.wait || count === MAX_ATTEMPTS) throw error;
      report(error);
      const { wait } = error;
      await new Promise((resolve) => setTimeout(resolve, wait * 1000));
    }
  }
}

/** Show the result of a sheet; `spotOf` converts a box of it to a spot on the page.
 * @param {ReadingResponse} answer @param {Sheet} read @param {(box: Box) => Spot} spotOf */
function showResult(answer, read, spotOf) {
  trouble = null;
  lines = linesOf(answer, spotOf, picture ? [] : lines);
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
  corrections.add(digit, label, sheet);
}

/** @param {CorrectionEvent} event @param {unknown} [error] */
function correctionsChanged(event, error) {
  note = NOTES[event] ?? "";
  if (event === "stored") trouble = null; // the earlier failure is resolved
  if (error) report(error);
  show();
  if (note) announce(word(note));
}

function undo() {
  if (corrections.revoke()) return;
  if (picture) writeAgain();
  else if (!drawing.empty) drawing.undo();
}

/** Return from a picture to the paper. */
async function writeAgain() {
  await corrections.send();
  picture = null;
  paper.classList.remove("busy");
  forget("nothingYet");
  drawing.draw();
  drawn(true);
}

/** @param {unknown} error @returns {asserts error is Trouble} */
function report(error) {
  if (!(error instanceof Trouble)) throw error;
  trouble = error;
  show();
}

/** @param {string} text */
function announce(text) {
  element("live").textContent = text;
}

function show() {
  view.show(lines, selected);
  detail.show(selected);
  marks.show(digitsOf(lines), selected, sheet?.across ?? 1);
  element("remark").textContent = remark && word(remark);
  element("trouble").hidden = !trouble;
  element("trouble").textContent = trouble
    ? word(/** @type {WordName} */ (trouble.name), { detail: trouble.detail }) + (trouble.wait ? ` ${word("again")}` : "")
    : "";
  element("hints").hidden = lines.length > 0 || remark !== "nothingYet";
  element("copy").hidden = lines.length === 0 || !navigator.clipboard;
  element("copy").textContent = word("copy");
  showTools();
  showKept();
}

function showTools() {
  const nothing = !picture && drawing.empty;
  paper.classList.toggle("empty", nothing);
  element("ink").hidden = Boolean(picture);
  element("photograph").hidden = !picture;
  element("undo").disabled = nothing && !corrections.waiting;
  element("clear").disabled = nothing;
  element("clear").textContent = word(picture ? "back" : "clear");
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

async function copy() {
  await navigator.clipboard.writeText(lines.map(textOf).join("\n"));
  element("copy").textContent = word("copied");
}

element("undo").addEventListener("click", undo);
element("revoke").addEventListener("click", () => corrections.revoke());
element("copy").addEventListener("click", copy);
element("close").addEventListener("click", close);
element("clear").addEventListener("click", () => (picture ? writeAgain() : drawing.clear()));
element("example").addEventListener("click", async () => {
  if (picture) await writeAgain();
  drawing.clear();
  writeExample(drawing);
});
element("language").addEventListener("click", () => {
  switchLanguage();
  show();
});
element("photograph").addEventListener("click", (event) => openDetail(marks.at(event.offsetX, event.offsetY)));
element("detail").addEventListener("keydown", (event) => {
  if (event.key === "Escape") close();
  else if (selected && /^[0-9]$/.test(event.key) && !event.ctrlKey && !event.metaKey && !event.altKey)
    correct(selected, Number(event.key));
});
addEventListener("keydown", (event) => {
  if (event.key.toLowerCase() !== "z" || event.shiftKey || !(event.ctrlKey || event.metaKey)) return;
  event.preventDefault();
  undo();
});
listenForPictures([element("choose"), element("take")], paper, showPicture);

translate();
show();
corrections.count().then(showKept, report);
