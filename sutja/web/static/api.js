// @ts-check
/** @typedef {import("./words.js").WordName} WordName */
// Requests to the server. A failure throws a `Trouble` with the name of the text in words.js that explains it.

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
const TIMEOUT_MS = 15000; // longer than the server's own timeout for reading

export class Trouble extends Error {
  /** `name` is the name of a text, `detail` the server's explanation, `wait` the seconds until the next attempt.
   * @param {WordName} name */
  constructor(name, { detail = "", wait = 0 } = {}) {
    super(detail || name);
    this.name = name;
    this.detail = detail;
    this.wait = wait;
  }
}

/** Read a picture, with the details of each digit; for one that is `upright`, no quarter turns are tried.
 * @param {Blob} blob @returns {Promise<ReadingResponse>} */
export function read(blob, { upright = false } = {}) {
  const type = blob.type || "application/octet-stream";
  return ask(`api/read?detail=true&upright=${upright}`, { method: "POST", body: blob, headers: { "Content-Type": type } });
}

/** The saliency map of a digit; both images are in base64.
 * @param {string} image @returns {Promise<{saliency: string}>} */
export function saliencyOf(image) {
  const headers = { "Content-Type": "application/json" };
  return ask("api/saliency", { method: "POST", body: JSON.stringify({ image }), headers });
}

/** Store corrections with their picture; `last` if the page is about to close.
 * @param {object[]} corrections @param {Blob} picture @param {boolean} last @returns {Promise<{total: number}>} */
export function storeCorrections(corrections, picture, last) {
  const body = new FormData();
  body.append("corrections", JSON.stringify(corrections));
  body.append("picture", picture, "picture");
  const keepalive = last && picture.size < 60000; // browsers allow 64 kB at most
  return ask("api/corrections", { method: "POST", body, keepalive });
}

/** The number of stored corrections and their folder.
 * @returns {Promise<{total: number, folder: string}>} */
export function countCorrections() {
  return ask("api/corrections");
}

/** @param {string} address @param {RequestInit} options */
async function ask(address, options = {}) {
  let answer;
  try {
    answer = await fetch(address, { signal: AbortSignal.timeout(TIMEOUT_MS), ...options });
  } catch (error) {
    throw new Trouble(/** @type {Error} */ (error).name === "TimeoutError" ? "slow" : "offline");
  }
  if (answer.ok) return answer.json();
  const problem = await answer.json().catch(() => ({}));
  const wait = Number(answer.headers.get("Retry-After")) || 0;
  throw new Trouble(SENTENCES[answer.status] ?? "failed", { detail: problem.detail ?? answer.statusText, wait });
}
