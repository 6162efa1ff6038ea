// @ts-check
// Requests to the server. A failure throws a `Trouble` with the name of the text in words.js that explains it.

import { word } from "./language.js";
import { pause } from "./timing.js";

/** @type {Record<number, WordName>} */
const SENTENCES = { 408: "slow", 413: "large", 415: "kind", 422: "noPicture", 503: "busy", 504: "slow", 507: "full" };
const TIMEOUT_MS = 15000; // longer than the server's own timeout for reading
const POLL_MS = 2000; // between two questions whether the server is back
const MAX_LAST_BYTES = 60000; // of a picture that is sent when the page closes: browsers allow 64 kB in all

export class Trouble extends Error {
  /** `name` is the name of a text, `detail` the server's explanation, `wait` the seconds until the next attempt.
   * @param {WordName} name */
  constructor(name, { detail = "", wait = 0 } = {}) {
    super(detail || name);
    this.name = name;
    this.detail = detail;
    this.wait = wait;
  }

  /** What is wrong, in the language of the page. */
  get text() {
    const text = word(/** @type {WordName} */ (this.name), { detail: this.detail });
    return this.passes ? `${text} ${word("again")}` : text;
  }

  /** Whether the server is only away or busy. */
  get passes() {
    return this.wait > 0 || this.name === "offline";
  }

  /** Resolves when it is time to try again. */
  async passed() {
    await pause(1000 * this.wait);
    while (this.name === "offline") {
      await pause(POLL_MS);
      const answer = await fetch("healthz").catch(() => null);
      if (answer?.ok) return;
    }
  }

  /** The same in the server's words, if it says what is wrong with a file.
   * @param {string} file its name */
  of(file) {
    const isOfFile = this.detail && ["large", "kind", "noPicture", "failed"].includes(this.name);
    return isOfFile ? new Trouble("file", { detail: `${file}: ${this.detail.replace(/^the picture: /, "")}` }) : this;
  }
}

/** An error as what it must be here; any other is thrown on.
 * @param {unknown} error */
export function troubleIn(error) {
  if (error instanceof Trouble) return error;
  throw error;
}

/** Read a picture, with the details of each digit; for one that is `upright`, no quarter turns are tried. Of a file with
 * pages, one is read, and with `picture` returned as a picture.
 * @param {Blob} blob @returns {Promise<ReadingResponse>} */
export function read(blob, { upright = false, page = 1, picture = false } = {}) {
  const type = blob.type.startsWith("image/") ? blob.type : "application/octet-stream";
  const address = `api/read?detail=true&upright=${upright}&page=${page}&picture=${picture}`;
  return ask(address, { method: "POST", body: blob, headers: { "Content-Type": type } });
}

/** Check the tables of pages; with `arrange`, they are found again from where the numbers are.
 * @param {object[]} pages @returns {Promise<{pages: TableResponse[][]}>} */
export const checkTables = (pages, arrange = false) => ask(`api/tables?arrange=${arrange}`, asJson({ pages }));

/** The file, "xlsx" or "csv", of the tables of pages.
 * @param {object[]} pages @param {string} form @returns {Promise<Blob>} */
export const tablesFile = (pages, form) => ask(`api/tables?form=${form}`, asJson({ pages }), (answer) => answer.blob());

/** The saliency map of a digit; both images are in base64.
 * @param {string} image @returns {Promise<{saliency: string}>} */
export const saliencyOf = (image) => ask("api/saliency", asJson({ image }));

/** Store corrections with their picture; `last` if the page is about to close.
 * @param {object[]} corrections @param {Blob} picture @param {boolean} last @returns {Promise<{total: number}>} */
export function storeCorrections(corrections, picture, last) {
  const body = new FormData();
  body.append("corrections", JSON.stringify(corrections));
  if (!last || picture.size < MAX_LAST_BYTES) body.append("picture", picture, "picture");
  return ask("api/corrections", { method: "POST", body, keepalive: last });
}

/** The number of stored corrections and their folder.
 * @returns {Promise<{total: number, folder: string}>} */
export const countCorrections = () => ask("api/corrections");

/** Decode base64.
 * @param {string} text */
export const decode = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));

/** @param {object} content */
const asJson = (content) => ({
  method: "POST",
  body: JSON.stringify(content),
  headers: { "Content-Type": "application/json" },
});

/** @param {string} address @param {RequestInit} options @param {(answer: Response) => Promise<any>} parse */
async function ask(address, options = {}, parse = (answer) => answer.json()) {
  let answer;
  const headers = { "Accept-Language": document.documentElement.lang, ...options.headers };
  try {
    answer = await fetch(address, { signal: AbortSignal.timeout(TIMEOUT_MS), ...options, headers });
  } catch (error) {
    throw new Trouble(/** @type {Error} */ (error).name === "TimeoutError" ? "slow" : "offline");
  }
  if (answer.ok) return parse(answer);
  const problem = await answer.json().catch(() => ({}));
  const wait = Number(answer.headers.get("Retry-After")) || 0;
  throw new Trouble(SENTENCES[answer.status] ?? "failed", { detail: problem.detail ?? answer.statusText, wait });
}
