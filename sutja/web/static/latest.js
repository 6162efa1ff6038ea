// @ts-check
// Run one task at a time; requests that come meanwhile cause one more run.

/** Runs of `task`, one at a time: `now()` at once, `soon()` at most every `pause` milliseconds. Requests while it runs
 * cause one run afterwards.
 * @param {() => Promise<void>} task @param {number} pause */
export function latest(task, pause) {
  let running = false;
  let again = false;
  let timer = 0;
  let started = -Infinity;

  async function now() {
    clearTimeout(timer);
    timer = 0;
    if (running) {
      again = true;
      return;
    }
    running = true;
    try {
      do {
        again = false;
        started = performance.now();
        await task();
      } while (again);
    } finally {
      running = false;
    }
  }

  function soon() {
    timer ||= setTimeout(now, Math.max(0, started + pause - performance.now()));
  }

  return { now, soon };
}
