// @ts-check
// The queue: pictures and the pages of files are read one after the other, and kept in the browser.

import { decode, read, Trouble, troubleIn } from "./api.js";
import { isScan, openPicture } from "./photograph.js";
import { tablesOf } from "./sheet.js";
import { drop, keep, keptSheets, MAX_KEPT_BYTES } from "./storage.js";
import { latest } from "./timing.js";

const MAX_SHEETS = 100; // in the queue
const MAX_STEPS = 100; // that can be undone in a picture
let lastId = Date.now();

/** A picture of the queue, or the page of a file. */
export class SheetEntry {
  /** @type {Progress} */
  progress = "waiting";
  /** @type {SheetState | null} */
  state = null; // null until the picture is known
  /** @type {HTMLCanvasElement | ImageBitmap | null} */
  bitmap = null; // while the picture is shown
  /** @type {Trouble | null} */
  trouble = null;
  /** The states to which an edit can be undone or redone; no state is ever changed.
   * @type {{[way in "undo" | "redo"]: SheetState[]}} */
  #states = { undo: [], redo: [] };
  /** @type {Sheet | null} */
  sheet = null; // for corrections
  upright = false; // after it was turned by hand
  kept = true;

  /** @param {string} name @param {File | null} file @param {number} page */
  constructor(name, file = null, page = 1) {
    this.id = lastId++;
    this.name = name;
    this.file = file;
    this.scan = file && isScan(file) ? file : null;
    this.page = page;
  }

  /** Show another state, which is not to be undone.
   * @param {SheetState} state */
  become(state) {
    const isSame = this.state?.blob === state.blob;
    this.state = state;
    if (isSame && this.sheet) return;
    this.bitmap = null;
    this.sheet = { blob: state.blob, across: state.width, lasting: true };
  }

  /** Show the state after an edit.
   * @param {SheetState} state */
  edit(state) {
    if (this.state) this.#states = { undo: [...this.#states.undo, this.state].slice(-MAX_STEPS), redo: [] };
    this.become(state);
  }

  /** @param {"undo" | "redo"} way */
  can(way) {
    return this.#states[way].length > 0;
  }

  /** Show the state before the latest edit, or after the one that was undone last.
   * @param {"undo" | "redo"} way */
  travel(way) {
    const state = this.#states[way].pop();
    if (!state || !this.state) return;
    this.#states[way === "undo" ? "redo" : "undo"].push(this.state);
    this.become(state);
  }
}

export class Queue {
  /** @type {SheetEntry[]} */
  entries = [];
  #reading = latest(() => this.#readAll(), 0);

  /** @param {QueueCalls} called */
  constructor({ changed, troubled }) {
    this.changed = changed;
    this.troubled = troubled;
  }

  /** Take back what was kept before a reload. */
  async restore() {
    for (const { id, name, tables, ...picture } of await keptSheets()) {
      const entry = new SheetEntry(name);
      entry.id = id;
      entry.become({ ...picture, tables });
      entry.progress = "done";
      this.entries.push(entry);
    }
  }

  /** Read files; returns the first entry.
   * @param {File[]} files */
  add(files) {
    const added = files.map((file) => new SheetEntry(file.name, file));
    this.#insert(added, this.entries.length);
    this.#reading.now();
    return added[0];
  }

  /** Read an entry again, which has another picture.
   * @param {SheetEntry} entry */
  again(entry) {
    entry.progress = "waiting";
    this.changed(entry);
    this.#reading.now();
  }

  /** @param {SheetEntry} entry */
  remove(entry) {
    this.entries = this.entries.filter((each) => each !== entry);
    drop(entry.id);
  }

  /** Keep an entry in the browser, as far as there is room.
   * @param {SheetEntry} entry */
  async keep(entry) {
    const { id, name, state } = entry;
    if (!state || !this.entries.includes(entry)) return;
    const bytes = this.entries.reduce((sum, each) => sum + (each.state?.blob.size ?? 0), 0);
    const isKept = bytes <= MAX_KEPT_BYTES && (await keep({ id, name, ...state }));
    if (entry.kept && !isKept) this.troubled(new Trouble("notKept"), entry);
    entry.kept = isKept;
  }

  /** @param {SheetEntry[]} added @param {number} at */
  #insert(added, at) {
    const room = MAX_SHEETS - this.entries.length;
    this.entries.splice(at, 0, ...added.slice(0, room));
    if (added.length > room) this.troubled(new Trouble("many"), added[0]);
  }

  async #readAll() {
    for (let entry; (entry = this.entries.find(({ progress }) => progress === "waiting")); ) await this.#read(entry);
  }

  /** @param {SheetEntry} entry */
  async #read(entry) {
    entry.progress = "reading";
    this.changed(entry);
    try {
      await (entry.scan && !entry.state ? this.#readPage(entry, entry.scan) : this.#readPicture(entry));
      if (entry.trouble) this.troubled(null, entry); // it is resolved
      entry.trouble = null;
    } catch (error) {
      await this.#fail(error, entry);
    }
    this.changed(entry);
  }

  /** @param {SheetEntry} entry */
  async #readPicture(entry) {
    if (!entry.state && entry.file) {
      const { bitmap, ...picture } = await openPicture(entry.file);
      entry.become({ ...picture, tables: [] });
      entry.bitmap = bitmap;
      this.changed(entry);
    }
    const state = /** @type {SheetState} */ (entry.state);
    const answer = await read(state.blob, { upright: entry.upright });
    if (entry.state !== state) return; // turned or cropped meanwhile: it waits again
    this.#finish(entry, { ...state, tables: tablesOf(answer) });
  }

  /** @param {SheetEntry} entry @param {File} file */
  async #readPage(entry, file) {
    const answer = await read(file, { page: entry.page, picture: true });
    if (entry.page === 1 && answer.pages > 1) {
      const others = Array.from({ length: answer.pages - 1 }, (_, at) => new SheetEntry(`${file.name}#${at + 2}`, file, at + 2));
      entry.name = `${file.name}#1`;
      this.#insert(others, this.entries.indexOf(entry) + 1);
    }
    const { width, height, picture = "" } = answer;
    const blob = new Blob([decode(picture)], { type: "image/jpeg" });
    this.#finish(entry, { blob, width, height, tables: tablesOf(answer) });
  }

  /** @param {SheetEntry} entry @param {SheetState} state */
  #finish(entry, state) {
    entry.become(state);
    entry.progress = "done";
    this.keep(entry);
  }

  /** Wait and try again if the server is away or busy.
   * @param {unknown} error @param {SheetEntry} entry */
  async #fail(error, entry) {
    const trouble = entry.scan ? troubleIn(error).of(entry.name) : troubleIn(error);
    entry.trouble = trouble;
    entry.progress = trouble.passes ? "waiting" : "failed";
    this.troubled(trouble, entry);
    if (trouble.passes) await trouble.passed();
  }
}
