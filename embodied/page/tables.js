"use strict";
// The findings themselves: tables that sort, conditions that filter, contents, theme, print.
const FindingsTables = (() => {
  const THEMES = ["system", "light", "dark"];

  function sortable() {
    for (const table of document.querySelectorAll("table.sortable")) {
      const bodies = [...table.tBodies];
      const original = bodies.map((body) => [...body.rows]);
      table.tHead.addEventListener("click", (event) => {
        const button = event.target.closest(".sort");
        if (button) sort(table, bodies, original, button.closest("th"));
      });
    }
  }

  // The condition stands once beside its arms; where rows are out of order or hidden it stands in every row.
  function flatten(table, isFlat) {
    table.classList.toggle("is-flat", isFlat);
    for (const cell of table.querySelectorAll("td[data-span]")) cell.rowSpan = isFlat ? 1 : Number(cell.dataset.span);
  }

  const isSorted = (table) => table.tHead.querySelector('th:is([aria-sort="ascending"], [aria-sort="descending"])') !== null;

  // Numbers falling first, words rising first, then the other way round, then as it was.
  function sort(table, bodies, original, head) {
    const before = head.getAttribute("aria-sort");
    for (const other of table.tHead.querySelectorAll("th")) other.setAttribute("aria-sort", "none");
    const turns = head.classList.contains("number") ? ["none", "descending", "ascending"] : ["none", "ascending", "descending"];
    const order = turns[(turns.indexOf(before) + 1) % turns.length];
    head.setAttribute("aria-sort", order);
    flatten(table, order !== "none" || isFiltered());
    if (order === "none") {
      bodies.forEach((body, n) => body.replaceChildren(...original[n]));
      return;
    }
    const column = [...head.parentElement.children].indexOf(head);
    const sign = order === "ascending" ? 1 : -1;
    const rows = original.flat().map((row) => ({ row, value: valueOf(row, column) }));
    rows.sort((one, other) => sign * compare(one.value, other.value));
    bodies[0].replaceChildren(...rows.map(({ row }) => row));
    for (const body of bodies.slice(1)) body.replaceChildren();
  }

  // Of the column under a head, with cells that span several counted as such.
  function valueOf(row, column) {
    let at = 0;
    for (const cell of row.cells) {
      if (at >= column || at + cell.colSpan > column) {
        const text = cell.dataset.sort ?? cell.textContent.trim();
        const number = text === "" ? -Infinity : Number(text.replace(/[,%]/g, "").replace("< ", ""));
        return Number.isNaN(number) ? text.toLowerCase() : number;
      }
      at += cell.colSpan;
    }
    return "";
  }

  function compare(one, other) {
    if (typeof one === "number" && typeof other === "number") return one - other || 0;
    return String(one).localeCompare(String(other), "en", { numeric: true });
  }

  function filterable() {
    const box = document.getElementById("cell-filter");
    if (box) box.addEventListener("input", filter);
  }

  const wordsWanted = () => document.getElementById("cell-text").value.toLowerCase().split(/\s+/).filter(Boolean);

  function isFiltered() {
    return wordsWanted().length > 0 || document.querySelector("[data-arm-filter]:not(:checked)") !== null;
  }

  function filter() {
    const words = wordsWanted();
    const arms = new Set([...document.querySelectorAll("[data-arm-filter]:checked")].map((one) => one.dataset.armFilter));
    let shown = 0;
    for (const table of document.querySelectorAll("table.cells")) {
      flatten(table, isFiltered() || isSorted(table));
      for (const row of table.querySelectorAll("tbody tr")) {
        const text = row.textContent.toLowerCase();
        row.hidden = !arms.has(row.dataset.arm) || !words.every((word) => text.includes(word));
        shown += !row.hidden && table.closest("#acts") !== null;
      }
    }
    document.getElementById("cell-count").textContent = `${shown} cells, here and in the tables of cells below`;
  }

  function contents() {
    const list = document.getElementById("contents");
    const links = new Map();
    for (const section of document.querySelectorAll("#top > section")) {
      const link = EvParts.el("a", { href: `#${section.id}`, class: section.classList.contains("absent") ? "absent" : "" }, section.querySelector("h2").textContent);
      links.set(section.id, link);
      list.append(EvParts.el("li", {}, link));
    }
    const watch = new IntersectionObserver((entries) => {
      for (const entry of entries) {
        if (!entry.isIntersecting) continue;
        for (const link of links.values()) link.removeAttribute("aria-current");
        links.get(entry.target.id).setAttribute("aria-current", "true");
      }
    }, { rootMargin: "-10% 0px -80% 0px" });
    for (const section of document.querySelectorAll("#top > section")) watch.observe(section);
    if (innerWidth < 1240) list.closest("details").open = false;
  }

  function remembered() {
    try {
      return localStorage.getItem("embodied-theme");
    } catch {
      return null;
    }
  }

  function setTheme(name) {
    const theme = THEMES.includes(name) ? name : "system";
    if (theme === "system") document.documentElement.removeAttribute("data-theme");
    else document.documentElement.dataset.theme = theme;
    document.getElementById("theme").textContent = `Theme: ${theme}`;
    try {
      localStorage.setItem("embodied-theme", theme);
    } catch {
      // A browser that keeps nothing for files opened from disk: the theme lasts as long as the page.
    }
  }

  function nextTheme() {
    const now = document.documentElement.dataset.theme || "system";
    setTheme(THEMES[(THEMES.indexOf(now) + 1) % THEMES.length]);
  }

  function printable() {
    const closed = [];
    addEventListener("beforeprint", () => {
      for (const one of document.querySelectorAll("#main-view details:not([open])")) {
        closed.push(one);
        one.open = true;
      }
    });
    addEventListener("afterprint", () => {
      for (const one of closed.splice(0)) one.open = false;
    });
  }

  function start() {
    setTheme(remembered());
    document.getElementById("theme").addEventListener("click", nextTheme);
    sortable();
    filterable();
    contents();
    printable();
  }

  return { start, nextTheme };
})();
