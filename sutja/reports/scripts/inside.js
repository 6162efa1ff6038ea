// @ts-check
// Draw a digit, or take one, and see what each network of the report answers and what happens in each of its layers.

import { onLanguageSwitch } from "./language.js";
import { letChoose, MapSheet, Palette } from "./maps.js";
import { decodeHalves, inflate, Network, probabilities, SIDE } from "./network.js";
import { normaliseInk } from "./normalise.js";
import { Pad } from "./pen.js";
import { Detail, largest, make, placeField, StageView } from "./stages.js";
import { percent, word } from "./words.js";

const DIGITS_FOR_SCALES = 20; // over which the largest value of a stage is sought
const DIGIT_COLUMNS = 20;
const NARROW_COLUMNS = 10; // of digits, where the page is narrow
const NARROW_PIXELS = 560;

/** The answer of a network: its digit, and a bar for each class. */
class Answer {
  digit = make("span", "big");
  sure = make("span", "sure");
  element = make("div", "answer");

  /** @param {Network} network @param {string[]} names of the classes, where these are not the digits */
  constructor(network, names) {
    this.network = network;
    const count = network.logits(new Uint8Array(SIDE ** 2)).length;
    this.bars = Array.from({ length: count }, (_, at) => ({ bar: make("span", "bar"), name: names[at] ?? String(at) }));
    const columns = this.bars.map(({ bar, name }) => make("span", "column", make("span", "track", bar), name));
    this.chart = make("div", "bars", ...columns);
    this.element.append(make("p", "name", network.title), make("p", "guess", this.digit, this.sure), this.chart);
    this.chart.role = "img";
  }

  /** @param {number[] | null} shares */
  show(shares) {
    const guess = shares ? shares.indexOf(Math.max(...shares)) : -1;
    this.digit.textContent = shares ? this.bars[guess].name : word("none");
    this.sure.textContent = shares ? percent(shares[guess]) : "";
    this.bars.forEach(({ bar }, digit) => {
      bar.style.transform = `scaleY(${shares ? shares[digit] : 0})`;
      bar.classList.toggle("most", digit === guess);
    });
  }

  /** The answer in words. @param {number[] | null} shares */
  describe(shares) {
    if (!shares) return "";
    const guess = shares.indexOf(Math.max(...shares));
    const name = (/** @type {number} */ at) => this.bars[at].name;
    const each = shares.map((share, at) => word("probability", { digit: name(at), percent: percent(share) }));
    this.chart.ariaLabel = `${this.network.title}: ${each.join(", ")}`;
    return word("answer", { title: this.network.title, digit: name(guess), percent: percent(shares[guess]) });
  }
}

/** The whole section. */
class Inside {
  pad = make("canvas", "pad");
  seen = make("canvas");
  field = make("div", "field");
  clear = make("button");
  digitsCanvas = make("canvas", "digits");
  digitText = make("p", "note");
  choice = make("div");
  live = make("p", "unseen");
  detail = new Detail();
  /** @type {Uint8Array} */
  image = new Uint8Array(SIDE * SIDE);
  /** @type {{view: StageView, index: number} | null} */
  chosen = null;
  /** @type {number | null} */
  digit = 0;
  /** @type {[HTMLElement, () => string][]} */
  worded = [];

  /** @param {HTMLElement} root @param {Network[]} networks @param {Uint8Array} digits one after the other
   * @param {number[]} labels @param {string[]} names of the classes, where these are not the digits */
  constructor(root, networks, digits, labels, names) {
    this.root = root;
    this.networks = networks;
    this.digits = digits;
    this.labels = labels;
    this.names = names;
    this.answers = networks.map((network) => new Answer(network, names));
    const limits = scales(networks, labels.slice(0, DIGITS_FOR_SCALES).map((_, at) => digitOf(digits, at)));
    this.stages = networks.map((network, at) =>
      network.stages.map((stage, number) => {
        /** @type {StageView} */
        const view = new StageView(network, stage, limits[at][number], (index) => this.#choose(view, index));
        return view;
      }),
    );
    this.pen = new Pad(this.pad, {
      began: () => this.#begin(),
      changed: () => this.#read(),
      lifted: () => this.#tell(),
    });
    Object.assign(this.pad, { width: 560, height: 560, role: "img" });
    this.seenSheet = new MapSheet(this.seen, { count: 1, columns: 1, height: SIDE, width: SIDE });
    this.palette = new Palette(root);
    this.#build();
    this.#listen();
    this.#translate();
    if (labels.length) this.#take(0);
    else this.#clear();
  }

  #build() {
    const text = (/** @type {HTMLElement} */ element, /** @type {() => string} */ words) => {
      this.worded.push([element, words]);
      return element;
    };
    const invitation = text(make("span", "invitation"), () => word("invitation"));
    invitation.ariaHidden = "true";
    const seenCaption = make("figcaption", "", text(make("b"), () => word("seen")), " ", text(make("span"), () => word("seenMore")));
    this.seen.role = "img";
    this.field.hidden = true;
    this.paper = make("div", "framed paper", this.pad, invitation);
    this.live.role = "status";
    this.clear.type = "button";
    text(this.clear, () => word("clear"));
    this.choice.append(text(make("p", "more"), () => word("digits")), this.digitsCanvas, this.digitText);
    this.choice.hidden = !this.labels.length;
    const networks = this.networks.map((network, at) =>
      make("div", "network", make("h4", "", network.title), ...this.stages[at].map((stage) => stage.element)),
    );
    this.root.replaceChildren(
      text(make("p"), () => word(this.networks.length > 1 ? "lead" : "leadOne")),
      make(
        "div",
        "desk",
        make("div", "drawing", this.paper, this.clear),
        make("figure", "seen", make("div", "framed", this.seen, this.field), seenCaption),
        make("div", "answers", ...this.answers.map(({ element }) => element)),
      ),
      this.choice,
      text(make("h3"), () => word("layers")),
      text(make("p"), () => word("layersMore")),
      make("div", "networks", ...networks),
      this.live,
    );
  }

  #listen() {
    this.clear.addEventListener("click", () => this.#clear());
    onLanguageSwitch(() => this.#translate());
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
      this.palette = new Palette(this.root);
      this.#drawPad();
      this.#drawDigits();
      this.#paint();
    });
    if (!this.labels.length) return;
    const columns = this.root.clientWidth < NARROW_PIXELS ? NARROW_COLUMNS : DIGIT_COLUMNS;
    const sheet = { count: this.labels.length, columns, height: 1, width: 1 };
    letChoose(this.digitsCanvas, sheet, (index) => this.#take(index));
    this.digitsSheet = new MapSheet(this.digitsCanvas, { ...sheet, height: SIDE, width: SIDE });
    this.#drawDigits();
  }

  #begin() {
    if (this.digit !== null) this.#clear();
    this.paper?.classList.remove("empty");
  }

  #clear() {
    this.digit = null;
    this.pen.clear();
    this.paper?.classList.add("empty");
    this.#describeDigit();
    this.#read();
    this.#tell();
  }

  /** Take one of the digits. @param {number} index */
  #take(index) {
    this.pen.clear();
    this.digit = index;
    this.paper?.classList.remove("empty");
    this.#describeDigit();
    this.#answer(digitOf(this.digits, index));
    this.#drawPad();
    this.#tell();
  }

  /** Read what is drawn. */
  #read() {
    this.#answer(normaliseInk(this.pen.ink));
  }

  /** @param {Uint8Array} image */
  #answer(image) {
    this.image = image;
    const empty = this.digit === null && this.pen.empty;
    this.shares = this.networks.map((network) => {
      const shares = probabilities(network.logits(image));
      return empty ? null : shares;
    });
    this.answers.forEach((answer, at) => answer.show(this.shares?.[at] ?? null));
    this.#paint();
  }

  #paint() {
    this.seenSheet.paintInk(this.image, this.palette);
    for (const view of this.stages.flat()) view.paint(this.palette);
    if (this.chosen) this.detail.show(this.chosen.view, this.chosen.index, this.image, this.palette);
  }

  /** @param {StageView} view @param {number} index */
  #choose(view, index) {
    this.chosen = { view, index };
    this.field.hidden = false;
    placeField(this.field, view.network.receptiveField(view.stage, index));
    this.detail.show(view, index, this.image, this.palette);
  }

  /** Say the answers, for those who do not see them. */
  #tell() {
    const said = this.answers.map((answer, at) => answer.describe(this.shares?.[at] ?? null));
    this.live.textContent = said.filter(Boolean).join(". ");
  }

  #drawPad() {
    this.pen.draw();
    if (this.digit === null) return;
    this.pen.context.imageSmoothingEnabled = false;
    this.pen.context.drawImage(this.seen, 0, 0, this.pad.width, this.pad.height);
  }

  #drawDigits() {
    this.digitsSheet?.paintInk(this.digits, this.palette, this.digit ?? -1);
  }

  #describeDigit() {
    this.#drawDigits();
    const at = this.digit;
    const label = at === null ? "" : (this.names[this.labels[at]] ?? String(this.labels[at]));
    const gaps = at === null ? null : { number: at + 1, count: this.labels.length, label };
    this.digitText.textContent = gaps ? word("digit", gaps) : "\u00a0";
    if (gaps) this.digitsCanvas.setAttribute("aria-valuetext", this.digitText.textContent);
  }

  #translate() {
    for (const [element, words] of this.worded) element.textContent = words();
    this.pad.ariaLabel = word("pad");
    this.seen.ariaLabel = word("seen");
    this.digitsCanvas.ariaLabel = word("digits");
    for (const view of this.stages.flat()) view.translate();
    this.#describeDigit();
    this.answers.forEach((answer, at) => answer.show(this.shares?.[at] ?? null));
    if (this.chosen) this.detail.show(this.chosen.view, this.chosen.index, this.image, this.palette);
  }
}

/** The largest value of each stage of each network over some digits.
 * @param {Network[]} networks @param {Uint8Array[]} digits */
function scales(networks, digits) {
  return networks.map((network) => {
    const limits = network.stages.map(() => 1e-6);
    for (const digit of digits) {
      network.logits(digit);
      network.stages.forEach(({ step }, at) => (limits[at] = Math.max(limits[at], largest(network.steps[step].output))));
    }
    return limits;
  });
}

/** The networks and digits in the page: `weights` are the low bytes of all halves, then their high bytes.
 * @param {{networks: {title: string, layers: Layer[], count: number}[], weights: string, digits: string}} packed */
export async function unpack({ networks, weights, digits }) {
  const planes = await inflate(weights);
  const half = planes.length / 2;
  const all = decodeHalves(Uint8Array.from(planes, (_, at) => planes[(at >> 1) + (at & 1) * half]));
  let used = 0;
  return {
    networks: networks.map((each) => new Network(each, all.subarray(used, (used += each.count)))),
    digits: await inflate(digits),
  };
}

/** @param {Uint8Array} digits @param {number} at */
const digitOf = (digits, at) => digits.subarray(at * SIDE ** 2, (at + 1) * SIDE ** 2);

const root = document.getElementById("inside");
const packed = document.getElementById("inside-data");
if (root && packed) {
  const data = JSON.parse(packed.textContent ?? "");
  const { networks, digits } = await unpack(data);
  new Inside(root, networks, digits, data.labels, data.classes ?? []);
}
