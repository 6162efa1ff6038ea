// Global types of the page's scripts in static/. Only `tsc` reads this file.

/** Left, top, width and height in pixels of a picture. */
type Box = [number, number, number, number];

/** The outline of a digit or a cell on the page, and its label if it has one. */
interface Outline {
  of: Digit | SheetCell;
  corners: Corner[];
  kind: Certainty;
  text: string;
}

/** A rectangle in pixels of the page. */
type Spot = DOMRectReadOnly;

/** The position of a picture on the page: `x = left + scale × x of the picture`. */
interface Place {
  left: number;
  top: number;
  scale: number;
}

/** A point of a stroke, with the width of the pen. */
interface Point {
  x: number;
  y: number;
  width: number;
}

type Stroke = Point[];

/** A digit in a response of the server, `image` in base64. */
interface DigitResponse {
  digit: number | null;
  guess: number;
  confidence: number;
  box: Box;
  image: string;
  probabilities: number[];
}

/** A digit on the page; `label` is the user's correction, 10 for none, `kept` tells whether the server has stored it. */
interface Digit extends DigitResponse {
  spot: Spot;
  label: number | null;
  kept: boolean;
}

/** A number in a response: one character of `text` and `guess` for each sign, which is a digit if `guess` has one there. */
interface NumberResponse {
  text: string;
  guess: string;
  quad: Corner[];
  digits: DigitResponse[];
  confidence: number;
  at_edge: boolean;
}

/** x and y in pixels of a picture. */
type Corner = [number, number];

/** What is to be checked in a cell; `suggestion` are the signs that would mend a sum. */
interface RemarkResponse {
  kind: "unsure" | "form" | "sum";
  row: number;
  column: number;
  text: string;
  suggestion: string | null;
}

/** A table in a response; cells name their numbers by their places among all. */
interface TableResponse {
  aligned: boolean;
  rows: number;
  columns: number;
  cells: { row: number; column: number; numbers: number[] }[];
  remarks: RemarkResponse[];
}

/** A number in a picture; the quad has the corners top left, top right, bottom right, bottom left. */
interface SheetNumber {
  signs: Sign[];
  quad: Corner[];
  confidence?: number; // of a number as it was read
  at_edge?: boolean; // of a number as it was read: it may go on beyond the picture
}

/** A cell with a number; `checked` by a person, who wants to hear nothing more of it. */
interface SheetCell {
  row: number;
  column: number;
  number: SheetNumber;
  checked: boolean;
}

/** A table of a picture, or lines that are no table. */
interface SheetTable {
  aligned: boolean;
  rows: number;
  columns: number;
  cells: SheetCell[];
  remarks: RemarkResponse[];
}

/** A cell of a picture: the place of its table among all, its row and column. */
interface CellPlace {
  table: number;
  row: number;
  column: number;
}

/** A picture with its tables, as the browser keeps it. */
interface KeptSheet {
  id: number;
  name: string;
  blob: Blob;
  width: number;
  height: number;
  tables: SheetTable[];
}

/** What undo brings back. */
interface SheetState {
  blob: Blob;
  width: number;
  height: number;
  tables: SheetTable[];
}

/** The state of a picture in the queue. */
type Progress = "waiting" | "reading" | "done" | "failed";

/** A sign of a number on the page; one that is no digit, as its text. */
type Sign = Digit | string;

/** The numbers of a line on the page, each with its signs. */
type Line = Sign[][];

/** The response to a picture; boxes refer to its `width` and `height`. */
interface ReadingResponse {
  lines: { numbers: NumberResponse[] }[];
  tables: TableResponse[];
  width: number;
  height: number;
  pages: number;
  picture?: string;
}

/** The picture of a result, and the width of the page in the units of the spots. */
interface Sheet {
  blob: Blob;
  across: number;
  lasting?: boolean; // corrections stay although the server could not store them
}

/** A picture on the page, and the file that is sent. */
interface Opened {
  bitmap: HTMLCanvasElement | ImageBitmap;
  blob: Blob;
  width: number;
  height: number;
}

/** What has become of corrections: they will be stored, of digits that are none, undone, stored, or not stored. */
type CorrectionEvent = "soon" | "removed" | "revoked" | "stored" | "failed";

/** The certainty of a digit. */
type Certainty = "corrected" | "unsure" | "fair" | "sure";

/** The colour, red, green and blue, of a pixel with so much ink. */
type Colour = (ink: number, index: number) => number[];

/** The elements of index.html by their ids. */
interface Elements {
  accept: HTMLButtonElement;
  add: HTMLButtonElement;
  ask: HTMLElement;
  card: HTMLElement;
  cardKeys: HTMLElement;
  choose: HTMLInputElement;
  clear: HTMLButtonElement;
  close: HTMLButtonElement;
  closeup: HTMLCanvasElement;
  copy: HTMLButtonElement;
  crop: HTMLButtonElement;
  csv: HTMLButtonElement;
  detail: HTMLElement;
  "detail-title": HTMLElement;
  example: HTMLButtonElement;
  frame: HTMLElement;
  framing: HTMLElement;
  ink: HTMLCanvasElement;
  join: HTMLButtonElement;
  kept: HTMLElement;
  language: HTMLButtonElement;
  left: HTMLElement;
  lines: HTMLElement;
  live: HTMLElement;
  marks: HTMLCanvasElement;
  next: HTMLButtonElement;
  note: HTMLElement;
  paper: HTMLElement;
  photograph: HTMLCanvasElement;
  place: HTMLElement;
  previous: HTMLButtonElement;
  probabilities: HTMLElement;
  queue: HTMLElement;
  redo: HTMLButtonElement;
  remark: HTMLElement;
  remove: HTMLButtonElement;
  revoke: HTMLButtonElement;
  saliency: HTMLCanvasElement;
  seen: HTMLCanvasElement;
  split: HTMLButtonElement;
  tables: HTMLElement;
  take: HTMLInputElement;
  trouble: HTMLElement;
  turnLeft: HTMLButtonElement;
  turnRight: HTMLButtonElement;
  typed: HTMLInputElement;
  undo: HTMLButtonElement;
  why: HTMLElement;
  xlsx: HTMLButtonElement;
}

/** What the paper calls: for new ink and when the pen is lifted, and for a tap, which leaves no ink if that returns true. */
interface DrawingCalls {
  changed: (lifted: boolean) => void;
  tapped: (x: number, y: number) => boolean;
}

/** What the queue calls: when an entry has come or changed, when one is not read, and with `null` when it is after all. */
interface QueueCalls {
  changed: (entry: SheetEntry) => void;
  troubled: (trouble: Trouble | null, entry: SheetEntry) => void;
}

/** What the desk calls: for something else to be shown, for another picture, and for troubles. */
interface DeskCalls {
  changed: () => void;
  opened: (entry: SheetEntry | null) => void;
  report: (error: unknown) => void;
}

/** The classes of the page that others take, and the names of its texts. */
type Card = import("./static/card.js").Card;
type Corrections = import("./static/corrections.js").Corrections;
type Desk = import("./static/desk.js").Desk;
type Drawing = import("./static/drawing.js").Drawing;
type Marks = import("./static/marks.js").Marks;
type SheetEntry = import("./static/queue.js").SheetEntry;
type Trouble = import("./static/api.js").Trouble;
type WordName = import("./static/words.js").WordName;
