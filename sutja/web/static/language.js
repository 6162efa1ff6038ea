// @ts-check
// The page's language: the browser's, or the one that was chosen before.

import { WORDS } from "./words.js";

/** @typedef {keyof typeof WORDS} Language */
/** @typedef {import("./words.js").WordName} WordName */

const REMEMBERED = "sutja-language";

/** @type {Language} */
let language = chosenBefore() ?? navigator.languages.map((each) => spoken(each.slice(0, 2))).find(Boolean) ?? "en";

/** The text of that name in the page's language, its {gaps} filled.
 * @param {WordName} name @param {Record<string, string | number>} gaps */
export function word(name, gaps = {}) {
  return WORDS[language][name].replace(/{(\w+)}/g, (_, gap) => String(gaps[gap]));
}

/** A share in per cent; never 100 %, since nothing that is read is certain.
 * @param {number} share */
export function percent(share) {
  const digits = share >= 0.995 ? 1 : 0;
  return new Intl.NumberFormat(language, { style: "percent", maximumFractionDigits: digits }).format(
    Math.min(share, 0.999),
  );
}

/** The other language from now on; remembered. */
export function switchLanguage() {
  language = language === "en" ? "ko" : "en";
  try {
    localStorage.setItem(REMEMBERED, language);
  } catch {
    // A browser that keeps nothing: the language then holds for this visit.
  }
  translate();
}

/** Put the page's own texts into its language. */
export function translate() {
  document.documentElement.lang = language;
  document.title = word("title");
  for (const [element, text] of worded("word")) element.textContent = text;
  for (const [element, text] of worded("label")) element.ariaLabel = text;
  const button = /** @type {HTMLElement} */ (document.getElementById("language"));
  button.textContent = word("other");
  button.lang = language === "en" ? "ko" : "en";
}

/** The elements with the name of a text in their attribute data-`kind`, each with that text.
 * @param {string} kind @returns {[HTMLElement, string][]} */
function worded(kind) {
  const elements = /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll(`[data-${kind}]`));
  return Array.from(elements, (element) => [element, word(/** @type {WordName} */ (element.dataset[kind]))]);
}

/** The language of that name, if the page speaks it.
 * @param {string | null} name */
function spoken(name) {
  return name !== null && name in WORDS ? /** @type {Language} */ (name) : undefined;
}

function chosenBefore() {
  try {
    return spoken(localStorage.getItem(REMEMBERED));
  } catch {
    return undefined;
  }
}
