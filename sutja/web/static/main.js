// @ts-check
// The page: what is written or shown goes to the reader, what it reads comes back, is looked at and corrected.

import { read, Trouble } from "./api.js";
import { Corrections } from "./corrections.js";
import { Detail } from "./detail.js";
import { digitsOf, onPage, sameDigit, shown } from "./digit.js";
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
const PAUSE = 150; // milliseconds between two readings while the pen is down
const QUIET = 700; // milliseconds without change after which a reading is told aloud
const AS_IT_IS = { left: 0, top: 0, scale: 1 };
const TRIES = 5; // of a picture when the reader is busy

/** @type {<Id extends keyof Elements>(id: Id) => Elements[Id]} */
const element = (id) => /** @type {any} */ (document.getElementById(id));
const paper = element("paper");

/** @type {Sheet | null} */
let sheet = null; // what was read: its blob, and how wide the page is in units of the digits' spots
/** @type {Digit[][]} */
let lines = []; // of digits
/** @type {Digit | null} */
let selected = null;
/** @type {Opened | null} */
let picture = null; // the picture on the page, or none: then one writes
/** @type {WordName | ""} */
let remark = "nothingYet";
/** @type {WordName | ""} */
let note = ""; // what was last said about corrections
/** @type {Trouble | null} */
let trouble = null;
let telling = 0;

const drawing = new Drawing(element("ink"), { changed: drawn, tapped: (x, y) => select(marks.at(x, y)) });
const marks = new Marks(element("marks"));
const corrections = new Corrections(correctionsChanged);
const detail = new Detail(element("detail"), correct);
const view = new ReadingView(element("lines"), { selected: select, opened: lookAt, corrected: correct, closed: close });
const live = latest(readDrawing, PAUSE);

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
    if (picture || drawing.empty) return; // meanwhile something else is on the page
    take(answer, { ...now, across: drawing.size.width }, (box) => drawing.inkIn(onPage(box, now.place)));
  } catch (error) {
    tell(error);
    if (error.wait) setTimeout(live.now, error.wait * 1000);
  }
}

/** @param {File} file */
async function showPicture(file) {
  await corrections.send();
  try {
    picture = await openPicture(file);
  } catch (error) {
    tell(error);
    return;
  }
  const opened = picture;
  const canvas = element("photograph");
  Object.assign(canvas, { width: opened.width, height: opened.height });
  drawingOn(canvas).drawImage(opened.bitmap, 0, 0);
  forget("working");
  paper.classList.add("busy");
  try {
    const answer = await patiently(() => read(opened.blob));
    if (picture === opened) take(answer, { ...opened, across: answer.width }, (box) => onPage(box, AS_IT_IS));
  } catch (error) {
    if (picture === opened) forget("nothing");
    tell(error);
  } finally {
    if (picture === opened || !picture) paper.classList.remove("busy");
  }
}

/** What `asked` answers; when the reader is busy, it is asked again.
 * @template T @param {() => Promise<T>} asked @returns {Promise<T>} */
async function patiently(asked) {
  for (let count = 1; ; count++) {
    try {
      return await asked();
    } catch (error) {
      if (!(error instanceof Trouble) || !error.wait || count === TRIES) throw error;
      tell(error);
      const { wait } = error;
      await new Promise((resolve) => setTimeout(resolve, wait * 1000));
    }
  }
}

/** Take what was read of a sheet; `spotOf` says where a box is on the page.
 * @param {Answer} answer @param {Sheet} read @param {(box: Box) => Spot} spotOf */
function take(answer, read, spotOf) {
  trouble = null;
  lines = digitsOf(answer, spotOf, picture ? [] : lines);
  selected = sameDigit(lines, selected) ?? null;
  sheet = read;
  const unsure = lines.flat().some((digit) => shown(digit) === "?");
  remark = lines.length === 0 ? "nothing" : unsure ? "unsureNote" : "";
  show();
  clearTimeout(telling);
  telling = setTimeout(() => say(lines.length ? readAloud(lines) : word("nothing")), QUIET);
}

/** Nothing is read (any more); `why` is said instead.
 * @param {WordName} why */
function forget(why) {
  clearTimeout(telling);
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

/** As `select`, for those who tap a digit that was read: on a phone what is shown of it may be far below.
 * @param {Digit | undefined} digit */
function lookAt(digit) {
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
  if (event === "stored") trouble = null; // what was wrong with it before is so no more
  if (error) tell(error);
  show();
  if (note) say(word(note));
}

function undo() {
  if (corrections.revoke()) return;
  if (picture) writeAgain();
  else if (!drawing.empty) drawing.undo();
}

/** From a picture back to the paper. */
async function writeAgain() {
  await corrections.send();
  picture = null;
  paper.classList.remove("busy");
  forget("nothingYet");
  drawing.draw();
  drawn(true);
}

/** @param {unknown} error @returns {asserts error is Trouble} */
function tell(error) {
  if (!(error instanceof Trouble)) throw error;
  trouble = error;
  show();
}

/** @param {string} text */
function say(text) {
  element("live").textContent = text;
}

function show() {
  view.show(lines, selected);
  detail.show(selected);
  marks.show(lines.flat(), selected, sheet?.across ?? 1);
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
  await navigator.clipboard.writeText(lines.map((line) => line.map(shown).join("")).join("\n"));
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
element("photograph").addEventListener("click", (event) => lookAt(marks.at(event.offsetX, event.offsetY)));
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
corrections.count().then(showKept, tell);
