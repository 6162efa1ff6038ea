// @ts-check
// Undo and redo: the states of a document, of which none is ever changed.

const MAX_STEPS = 100;

/** @template State */
export class History {
  /** @type {State[]} */
  #before = [];
  /** @type {State[]} */
  #after = [];

  get canUndo() {
    return this.#before.length > 0;
  }

  get canRedo() {
    return this.#after.length > 0;
  }

  /** Remember the state that an edit replaces.
   * @param {State} state */
  add(state) {
    this.#before = [...this.#before, state].slice(-MAX_STEPS);
    this.#after = [];
  }

  /** The state before that of now; undefined if there is none.
   * @param {State} now */
  undo(now) {
    return move(this.#before, this.#after, now);
  }

  /** The state that was undone last; undefined if there is none.
   * @param {State} now */
  redo(now) {
    return move(this.#after, this.#before, now);
  }
}

/** @template State @param {State[]} from @param {State[]} to @param {State} now */
function move(from, to, now) {
  const state = from.pop();
  if (state !== undefined) to.push(now);
  return state;
}
