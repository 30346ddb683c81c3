"use strict";
// Elements made without markup: whatever comes out of a record becomes text, and can become nothing else.
const EvParts = (() => {
  const SVG = "http://www.w3.org/2000/svg";
  const LONG = 6000;

  function fill(node, attributes, children) {
    for (const [name, value] of Object.entries(attributes)) {
      if (value === null || value === undefined || value === false) continue;
      if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
      else node.setAttribute(name, value === true ? "" : visible(value));
    }
    for (const child of children.flat(Infinity)) {
      if (child !== null && child !== undefined && child !== false) {
        node.append(child instanceof Node ? child : document.createTextNode(visible(child)));
      }
    }
    return node;
  }

  const el = (tag, attributes = {}, ...children) => fill(document.createElement(tag), attributes, children);
  const svg = (tag, attributes = {}, ...children) => fill(document.createElementNS(SVG, tag), attributes, children);

  const seconds = (t) => (t === null || t === undefined ? "" : `${(Math.round(t * 10) / 10).toFixed(1)} s`);

  function value(given) {
    if (given === null || given === undefined) return "none";
    if (given === "") return "nothing";
    if (given === true) return "yes";
    if (given === false) return "no";
    if (typeof given === "number") return String(Math.round(given * 100) / 100);
    return typeof given === "string" ? given : JSON.stringify(given);
  }

  const inWords = (action) => (action.target ? `${action.skill} ${action.target}` : action.skill);
  const spaced = (name) => String(name).replaceAll("_", " ");

  // A text of any length; of a very long one the beginning, and a button for the rest.
  function prose(text, kind = "") {
    const shown = text.length > LONG ? cut(text, LONG) : text;
    const box = el("div", { class: `ev-prose ${kind}`.trim() }, shown);
    if (shown.length < text.length) {
      const rest = text.length - shown.length;
      const more = el(
        "button",
        { type: "button", class: "ev-more" },
        `Show ${rest.toLocaleString("en")} more characters`,
      );
      more.addEventListener("click", () => {
        more.remove();
        box.append(document.createTextNode(visible(text.slice(shown.length))));
      });
      box.append(more);
    }
    return box;
  }

  // Never between the two halves of one character.
  function cut(text, length) {
    const last = text.charCodeAt(length - 1);
    return text.slice(0, last >= 0xd800 && last <= 0xdbff ? length - 1 : length);
  }

  const chip = (text, kind = "", title = null) => el("span", { class: `ev-chip ${kind}`.trim(), title }, text);

  function panel(title, note, ...children) {
    const head = el("h3", {}, title, note ? el("span", { class: "ev-note" }, note) : null);
    return el("section", { class: "ev-panel" }, head, ...children);
  }

  // Rows: {t, cells, kind}; one with a time moves the clock when it is clicked or chosen with enter.
  function table(heads, rows, seek) {
    const body = el("tbody");
    for (const row of rows) {
      const line = el(
        "tr",
        { class: row.kind || null },
        row.cells.map((cell) => el("td", {}, cell)),
      );
      if (row.t !== null && row.t !== undefined) {
        line.dataset.t = row.t;
        line.tabIndex = 0;
        line.classList.add("ev-timed");
        line.addEventListener("click", () => seek(row.t));
        line.addEventListener("keydown", (event) => {
          if (event.key === "Enter") seek(row.t);
        });
      }
      body.append(line);
    }
    const head = el(
      "thead",
      {},
      el(
        "tr",
        {},
        heads.map((text) => el("th", { scope: "col" }, text)),
      ),
    );
    return el("div", { class: "ev-scroll" }, el("table", {}, head, body));
  }

  // How many of these times have come; the same number twice means that nothing is to be shown anew.
  const countPast = (times, t) => times.reduce((count, time) => count + (time <= t + 0.01), 0);

  // Marks what has happened by then, and what happened last.
  function rowMarker(box) {
    const rows = [...box.querySelectorAll("tr[data-t]")];
    const times = rows.map((row) => Number(row.dataset.t));
    let known = -1;
    return (t) => {
      const count = countPast(times, t);
      if (count === known) return;
      known = count;
      const latest = times.reduce(
        (best, time, n) => (time <= t + 0.01 && (best < 0 || time >= times[best]) ? n : best),
        -1,
      );
      rows.forEach((row, n) => {
        row.classList.toggle("ev-future", times[n] > t + 0.01);
        row.classList.toggle("ev-now", n === latest);
      });
      reveal(box, rows[latest]);
    };
  }

  // Bring something into view inside its own box, without moving the page.
  function reveal(box, item) {
    if (!item) return;
    const top = item.getBoundingClientRect().top - box.getBoundingClientRect().top + box.scrollTop;
    const bottom = top + item.offsetHeight;
    if (top < box.scrollTop + 30 || bottom > box.scrollTop + box.clientHeight - 10) {
      box.scrollTop = Math.max(0, top - Math.min(60, box.clientHeight / 4));
    }
  }

  return { el, svg, seconds, value, spaced, inWords, prose, chip, panel, table, countPast, rowMarker, reveal };
})();
