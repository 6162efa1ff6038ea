// @ts-check
// A table that is wider than its page scrolls by itself: it becomes a region that the keyboard can reach.

const label = document.documentElement.lang === "ko" ? "표" : "Table";

function reachTables() {
  for (const wrap of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll(".md-typeset__scrollwrap"))) {
    if (wrap.hasAttribute("tabindex") || wrap.scrollWidth <= wrap.clientWidth) continue;
    wrap.tabIndex = 0;
    wrap.setAttribute("role", "region");
    wrap.setAttribute("aria-label", label);
  }
}

// The theme wraps tables only after the page has loaded.
new MutationObserver(reachTables).observe(document.body, { childList: true, subtree: true });
addEventListener("resize", reachTables);
