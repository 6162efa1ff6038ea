// @ts-check
// A digit as the page shows it: what the reader says of it, and what the writer says.

const FAIR = 0.9; // a confidence below this is shown as a doubtful one
const SAME = 0.6; // part of their common area that boxes of the same digit share at least

/** The digits of an answer of the server, line by line, each with its `spot`, which `spotOf` makes of its box. What the
 * writer said of a digit in `before`, the lines read earlier, still holds if it is still there.
 * @param {Answer} answer @param {(box: Box) => Spot} spotOf @param {Digit[][]} before @returns {Digit[][]} */
export function digitsOf(answer, spotOf, before) {
  const corrected = before.flat().filter((digit) => digit.label !== null);
  return answer.lines.map((line) =>
    line.digits.map((digit) => {
      const spot = spotOf(digit.box);
      const same = corrected.find((each) => overlap(each.spot, spot) > SAME);
      return { ...digit, spot, label: same?.label ?? null, kept: same?.kept ?? false };
    }),
  );
}

/** The digit of `lines` that is where `digit` was, if there is one.
 * @param {Digit[][]} lines @param {Digit | null} digit */
export function sameDigit(lines, digit) {
  return digit && lines.flat().find((each) => overlap(each.spot, digit.spot) > SAME);
}

/** What is shown of it: the corrected digit, the digit, or `?`.
 * @param {Digit} digit */
export function shown(digit) {
  return String(digit.label ?? digit.digit ?? "?");
}

/** How sure one can be: "corrected", "unsure", "fair" or "sure".
 * @param {Digit} digit @returns {Standing} */
export function standing(digit) {
  if (digit.label !== null) return "corrected";
  if (digit.digit === null) return "unsure";
  return digit.confidence < FAIR ? "fair" : "sure";
}

/** Where a box of a picture is on the page, by the picture's `place` there.
 * @param {Box} box @param {Place} place @returns {Spot} */
export function onPage([left, top, width, height], place) {
  return {
    left: place.left + left * place.scale,
    top: place.top + top * place.scale,
    width: width * place.scale,
    height: height * place.scale,
  };
}

/** @param {Spot} a @param {Spot} b */
function overlap(a, b) {
  const wide = Math.min(a.left + a.width, b.left + b.width) - Math.max(a.left, b.left);
  const high = Math.min(a.top + a.height, b.top + b.height) - Math.max(a.top, b.top);
  const shared = Math.max(0, wide) * Math.max(0, high);
  return shared / (a.width * a.height + b.width * b.height - shared);
}
