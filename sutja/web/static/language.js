// @ts-check
// The language of the page: the user's choice, or the browser's language.

import { WORDS } from "./words.js";

/** @typedef {keyof typeof WORDS} Language */

const STORAGE_KEY = "sutja-language";

/** @type {Language} */
let language = chosenBefore() ?? navigator.languages.map((each) => spoken(each.slice(0, 2))).find(Boolean) ?? "en";

/** The text with this name in the language of the page, with its {gaps} filled.
 * @param {WordName} name @param {Record<string, string | number>} gaps */
export function word(name, gaps = {}) {
  return WORDS[language][name].replace(/{(\w+)}/g, (_, gap) => String(gaps[gap]));
}

/** Format a probability in per cent, 99.9 % at most, because no reading is certain.
 * @param {number} share */
export function percent(share) {
  const digits = share >= 0.995 ? 1 : 0;
  return new Intl.NumberFormat(language, { style: "percent", maximumFractionDigits: digits }).format(
    Math.min(share, 0.999),
  );
}

/** Switch to the other language and remember it. */
export function switchLanguage() {
  language = language === "en" ? "ko" : "en";
  try {
    localStorage.setItem(STORAGE_KEY, language);
  } catch {
    // Without storage, the choice holds for this visit.
  }
  translate();
}

/** Set the texts of the page in its language. */
export function translate() {
  document.documentElement.lang = language;
  document.title = word("title");
  for (const [element, text] of worded("word")) element.textContent = text;
  for (const [element, text] of worded("label")) element.ariaLabel = text;
  const button = /** @type {HTMLElement} */ (document.getElementById("language"));
  button.textContent = word("other");
  button.lang = language === "en" ? "ko" : "en";
}

/** The elements with an attribute data-`kind`, the name of a text, each with that text.
 * @param {string} kind @returns {[HTMLElement, string][]} */
function worded(kind) {
  const elements = /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll(`[data-${kind}]`));
  return Array.from(elements, (element) => [element, word(/** @type {WordName} */ (element.dataset[kind]))]);
}

/** The language with this name, if the page has it.
 * @param {string | null} name */
function spoken(name) {
  return name !== null && name in WORDS ? /** @type {Language} */ (name) : undefined;
}

function chosenBefore() {
  try {
    return spoken(localStorage.getItem(STORAGE_KEY));
  } catch {
    return undefined;
  }
}
