// The page's language: the browser's, or the one that was chosen before.

import { WORDS } from "./words.js";

const REMEMBERED = "sutja-language";

let language = chosenBefore() ?? (navigator.languages.find((each) => each.slice(0, 2) in WORDS) ?? "en").slice(0, 2);

/** The text of that name in the page's language, its {gaps} filled. */
export function word(name, gaps = {}) {
  return WORDS[language][name].replace(/{(\w+)}/g, (_, gap) => gaps[gap]);
}

/** A share in per cent; never 100 %, since nothing that is read is certain. */
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
  for (const element of document.querySelectorAll("[data-word]")) element.textContent = word(element.dataset.word);
  for (const element of document.querySelectorAll("[data-label]")) element.ariaLabel = word(element.dataset.label);
  const button = document.getElementById("language");
  button.textContent = word("other");
  button.lang = language === "en" ? "ko" : "en";
}

function chosenBefore() {
  try {
    const remembered = localStorage.getItem(REMEMBERED);
    return remembered in WORDS ? remembered : undefined;
  } catch {
    return undefined;
  }
}
