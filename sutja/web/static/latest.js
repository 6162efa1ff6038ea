// @ts-check
// One thing at a time, and of what is asked for meanwhile only the latest.

/** Runs `task`, an async function: `now()` at once, `soon()` at most every `pause` milliseconds.
 * Never twice at the same time: what is asked for while it runs is done once, afterwards.
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
