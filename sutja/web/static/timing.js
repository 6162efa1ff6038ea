// @ts-check
// Pauses, and tasks that run one at a time.

/** @param {number} milliseconds */
export const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Runs of `task`, one at a time: `now()` at once, `soon()` at most every `interval` milliseconds. Requests while it runs
 * cause one run afterwards.
 * @param {() => Promise<void>} task @param {number} interval */
export function latest(task, interval) {
  let running = false;
  let asked = false;
  let timer = 0;
  let started = -Infinity;

  async function now() {
    clearTimeout(timer);
    timer = 0;
    asked = true;
    if (running) return;
    running = true;
    try {
      while (asked) {
        asked = false;
        started = performance.now();
        await task();
      }
    } finally {
      running = false;
    }
  }

  function soon() {
    timer ||= setTimeout(now, Math.max(0, started + interval - performance.now()));
  }

  return { now, soon };
}
