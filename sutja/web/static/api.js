// @ts-check
/** @typedef {import("./words.js").WordName} WordName */
// The server's answers. What goes wrong is a `Trouble` with the name of the sentence in words.js that tells it.

/** @type {Record<number, WordName>} */
const SENTENCES = {
  408: "slow",
  413: "large",
  415: "kind",
  422: "noPicture",
  503: "busy",
  504: "slow",
  507: "full",
};
const PATIENCE = 15000; // milliseconds that an answer may take: the server gives up before

export class Trouble extends Error {
  /** `name` is that of a sentence, `detail` what the server says, `wait` the seconds after which to try again.
   * @param {WordName} name */
  constructor(name, { detail = "", wait = 0 } = {}) {
    super(detail || name);
    this.name = name;
    this.detail = detail;
    this.wait = wait;
  }
}

/** What stands in a picture, a Blob, with all that is to be told of each digit. One that is `upright` is not tried turned.
 * @param {Blob} blob @returns {Promise<Answer>} */
export function read(blob, { upright = false } = {}) {
  const type = blob.type || "application/octet-stream";
  return ask(`api/read?detail=true&upright=${upright}`, { method: "POST", body: blob, headers: { "Content-Type": type } });
}

/** Where the network looked when it read a digit: its image in base64 goes, a saliency map in base64 comes.
 * @param {string} image @returns {Promise<{saliency: string}>} */
export function look(image) {
  const headers = { "Content-Type": "application/json" };
  return ask("api/saliency", { method: "POST", body: JSON.stringify({ image }), headers });
}

/** Have corrections kept, with the picture they belong to. `last` = the page is about to be left.
 * @param {object[]} corrections @param {Blob} picture @param {boolean} last @returns {Promise<{total: number}>} */
export function keep(corrections, picture, last) {
  const body = new FormData();
  body.append("corrections", JSON.stringify(corrections));
  body.append("picture", picture, "picture");
  const keepalive = last && picture.size < 60000; // browsers let no more than 64 kB outlive a page
  return ask("api/corrections", { method: "POST", body, keepalive });
}

/** How many corrections are kept, and where.
 * @returns {Promise<{total: number, folder: string}>} */
export function kept() {
  return ask("api/corrections");
}

/** @param {string} address @param {RequestInit} options */
async function ask(address, options = {}) {
  let answer;
  try {
    answer = await fetch(address, { signal: AbortSignal.timeout(PATIENCE), ...options });
  } catch (error) {
    throw new Trouble(/** @type {Error} */ (error).name === "TimeoutError" ? "slow" : "offline");
  }
  if (answer.ok) return answer.json();
  const problem = await answer.json().catch(() => ({}));
  const wait = Number(answer.headers.get("Retry-After")) || 0;
  throw new Trouble(SENTENCES[answer.status] ?? "failed", { detail: problem.detail ?? answer.statusText, wait });
}
