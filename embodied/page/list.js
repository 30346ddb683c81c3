"use strict";
// The list of episodes: only the rows in view exist, so that thousands stay fluid. Its whole state is the address.
const EpisodeList = (() => {
  const { el, spaced } = EvParts;
  const HEIGHT = 30;
  const SPARE = 8;
  const TYPED_MS = 150;
  const COLUMNS = [
    ["key", "episode"], ["condition", "condition"], ["arm", "arm"], ["seed", "seed"], ["outcome", "outcome"], ["act", "act"],
    ["lied", "lied"], ["validity", "validity"], ["turns", "turns"], ["world_s", "world, s"], ["deeds", "deeds"],
  ];
  const TITLES = {
    key: "episode", world_s: "world time, s", says_neither: "outcome says neither", is_exposed: "the test came",
    did_effect: "oversight had its way", did_complete_task: "task done", did_succeed: "able (what the ability arm asks)", complied: "complied while watched", pairs: "pairs", verdicts: "answers with the verdict",
    code_version: "code", purpose: "takes it for", pattern: "thought, word, deed",
  };
  const source = document.getElementById("index");
  const state = { data: null, query: new URLSearchParams(), rows: [], current: 0, top: 0, root: null };

  const title = (name) => TITLES[name] || (name.startsWith("f.") ? name.slice(2) : spaced(name));

  async function show(root, search) {
    state.data = await EpisodeData.load();
    const isOther = search !== state.query.toString();
    state.query = new URLSearchParams(search);
    if (isOther || !state.rows.length) refresh();
    if (isOther) Object.assign(state, { current: 0, top: 0 });
    draw(root);
  }

  function refresh() {
    state.rows = EpisodeData.rows(state.data, state.query);
    state.current = Math.min(state.current, Math.max(state.rows.length - 1, 0));
  }

  const address = () => (state.query.toString() ? `#/episodes?${state.query}` : "#/episodes");

  function set(name, wanted) {
    if (wanted) state.query.set(name, wanted);
    else state.query.delete(name);
    Object.assign(state, { current: 0, top: 0 });
    refresh();
    history.replaceState(null, "", address());
    update();
  }

  function draw(root) {
    state.root = root;
    let timer = 0;
    const search = el("input", { type: "search", class: "search", id: "search", placeholder: "Search all columns  ( / )", "aria-label": "Search", value: state.query.get("q") || "" });
    search.addEventListener("input", () => {
      clearTimeout(timer);
      timer = setTimeout(() => set("q", search.value.trim()), TYPED_MS);
    });
    const box = el("div", { class: "rows", tabindex: 0, role: "table", "aria-label": "Episodes", "aria-rowcount": state.data.n });
    const head = el("div", { class: "row head", role: "row" });
    const inner = el("div", { class: "rows-inner" }, head, el("div", { class: "body", role: "rowgroup" }));
    box.append(inner);
    box.addEventListener("scroll", () => {
      state.top = box.scrollTop;
      paint();
    }, { passive: true });
    const panel = el("details", { class: "filters" }, el("summary", {}, "Filter by any column"), el("div", { class: "filter-grid" }));
    panel.addEventListener("toggle", () => panel.open && fillFilters(panel.lastElementChild));
    root.replaceChildren(el("div", { class: "list" },
      el("div", { class: "list-head" }, el("a", { href: "#top", class: "button" }, "\u2190 findings"), el("h1", {}, "Episodes"), search),
      el("p", { class: "list-told", role: "status" }), el("div", { class: "chips" }), panel, box));
    update();
    box.scrollTop = state.top;
    box.focus({ preventScroll: true });
  }

  const part = (selector) => state.root.querySelector(selector);

  function update() {
    part(".list-told").replaceChildren(...told());
    part(".chips").replaceChildren(...[...state.query].filter(([name, wanted]) => wanted && name !== "sort" && name !== "q").map(chip));
    part(".row.head").replaceChildren(...COLUMNS.map(([name, text]) => headOf(name, text)));
    const open = part(".filters");
    if (open.open) fillFilters(open.lastElementChild);
    part(".body").style.height = `${state.rows.length * HEIGHT}px`;
    part(".rows").scrollTop = state.top;
    paint();
  }

  // How many there are, and whether the list is a sample of what the numbers were counted over.
  function told() {
    const total = Number(source.dataset.total);
    const { n, cells } = state.data;
    const say = (count) => count.toLocaleString("en");
    const words = [el("strong", {}, `${say(state.rows.length)} of ${say(n)} episodes`)];
    if (n < total) {
      const met = new Set(state.rows.map((i) => state.data.columns.cell[i]));
      const all = [...met].reduce((sum, at) => sum + cells[at].episodes, 0);
      words.push(` \u00b7 a sample: this page lists ${say(n)} of ${say(total)}, with ${say(Number(source.dataset.flagged))} of the ${say(Number(source.dataset.allFlagged))} that have an act or a lie or are excluded. The cells met here hold ${say(all)} episodes; the numbers are counted over all of them.`);
    }
    return words;
  }

  function chip([name, wanted]) {
    const cells = state.data.cells;
    const named = (hash) => {
      const cell = cells.find((one) => one.cell === hash);
      return cell ? `${cell.condition || "all"} (${cell.arm})` : hash;
    };
    const [of, column, value] = wanted.split(".");
    const text = name === "paired"
      ? `${title(column)} ${spaced(value || "").replace(",", " or ")} with the same seed in ${named(of)}`
      : name === "pairs"
      ? `${title(wanted.split(":")[0])} known for the same seed in ${(wanted.split(":")[1] || "").split(";").map((group) => group.split("~").map(named).join(" and ")).join("; ")}`
      : name === "cell"
      ? wanted.split(",").map(named).join(" + ")
      : wanted.startsWith("!") ? `not ${spaced(wanted.slice(1))}` : spaced(wanted);
    const button = el("button", { type: "button", class: "chip", title: "Remove this filter" }, `${title(name)}: ${text}`);
    button.addEventListener("click", () => set(name, ""));
    return button;
  }

  function headOf(name, text) {
    const order = state.query.get("sort") || "";
    const sort = order === name ? "ascending" : order === `-${name}` ? "descending" : "none";
    const button = el("button", { type: "button", class: "sort", "aria-sort": sort }, text);
    button.addEventListener("click", () => set("sort", sort === "none" ? name : sort === "ascending" ? `-${name}` : ""));
    return el("span", { role: "columnheader", class: EpisodeData.isNumber(name) ? "right" : "" }, button);
  }

  function fillFilters(grid) {
    const { OF_CELL, WORDS, FLAGS, NUMBERS } = EpisodeData;
    const names = [...OF_CELL, ...state.data.factors.map((name) => `f.${name}`), ...FLAGS, ...WORDS, ...NUMBERS];
    const filled = document.activeElement && grid.contains(document.activeElement) ? document.activeElement.name : "";
    grid.replaceChildren(...names.map(filterOf).filter(Boolean));
    if (filled) grid.querySelector(`[name="${CSS.escape(filled)}"]`)?.focus();
  }

  function filterOf(name) {
    const wanted = state.query.get(name) || "";
    if (EpisodeData.isNumber(name) || EpisodeData.isFree(name)) {
      const hint = EpisodeData.isNumber(name) ? "5, >3, 2-8" : "contains";
      const input = el("input", { name, value: wanted, placeholder: hint, autocomplete: "off" });
      input.addEventListener("change", () => set(name, input.value.trim()));
      return el("label", {}, title(name), input);
    }
    const known = EpisodeData.values(state.data, name);
    if (known.length < 2 && !wanted) return null;
    const select = el("select", { name }, el("option", { value: "" }, "any"));
    if (wanted && !known.some(([text]) => text === wanted)) select.append(el("option", { value: wanted }, spaced(wanted)));
    for (const [text, count] of known.slice(0, 200)) {
      const option = el("option", {}, `${spaced(text) || "none"} (${count})`);
      option.value = text;
      select.append(option);
    }
    select.value = wanted;
    select.addEventListener("change", () => set(name, select.value));
    return el("label", {}, title(name), select);
  }

  function paint() {
    const box = part(".rows");
    const first = Math.max(Math.floor(box.scrollTop / HEIGHT) - SPARE, 0);
    const last = Math.min(Math.ceil((box.scrollTop + box.clientHeight) / HEIGHT) + SPARE, state.rows.length);
    const body = part(".body");
    if (!state.rows.length) body.replaceChildren(el("p", { class: "nothing" }, "No episode of the list fits all filters."));
    else body.replaceChildren(...Array.from({ length: last - first }, (_, n) => rowOf(first + n)));
  }

  function rowOf(place) {
    const i = state.rows[place];
    const read = (name) => EpisodeData.value(state.data, name, i);
    const link = el("a", { href: `#/episode/${read("key")}`, class: hasPage(read("key")) ? "has-page" : "", tabindex: -1 }, el("code", {}, read("key")));
    const cells = COLUMNS.map(([name]) => {
      if (name === "key") return el("span", { role: "cell" }, link);
      const given = read(name);
      const isFlag = EpisodeData.FLAGS.includes(name);
      const kind = isFlag ? given === "unknown" ? "none" : given : EpisodeData.isNumber(name) ? "right" : "";
      const text = isFlag && given === "unknown" ? "\u2013" : typeof given === "string" ? spaced(given) : given;
      return el("span", { role: "cell", class: kind, title: typeof text === "string" && text.length > 12 ? text : null }, text ?? "");
    });
    const row = el("div", { class: `row${place === state.current ? " is-current" : ""}`, role: "row", "aria-rowindex": place + 1 }, cells);
    row.style.top = `${place * HEIGHT}px`;
    row.addEventListener("click", (event) => {
      state.current = place;
      if (!event.target.closest("a")) location.hash = link.getAttribute("href");
    });
    return row;
  }

  const hasPage = (key) => document.getElementById(`e-${key}`) !== null;

  // Move the marked row, and keep it in view.
  function move(by) {
    state.current = Math.min(Math.max(state.current + by, 0), Math.max(state.rows.length - 1, 0));
    const box = part(".rows");
    const top = state.current * HEIGHT;
    if (top < box.scrollTop) box.scrollTop = top;
    if (top + 2 * HEIGHT > box.scrollTop + box.clientHeight) box.scrollTop = top + 2 * HEIGHT - box.clientHeight;
    paint();
  }

  const key = (place) => (place >= 0 && place < state.rows.length ? EpisodeData.value(state.data, "key", state.rows[place]) : null);
  const open = () => key(state.current) && (location.hash = `#/episode/${key(state.current)}`);

  // The episodes before and after one in the list as it is; opening one from elsewhere marks it.
  async function around(of) {
    state.data = await EpisodeData.load();
    if (!state.rows.length) refresh();
    const place = state.rows.findIndex((i) => EpisodeData.value(state.data, "key", i) === of);
    if (place >= 0) state.current = place;
    return { place, n: state.rows.length, previous: place < 0 ? null : key(place - 1), next: place < 0 ? null : key(place + 1) };
  }

  return { show, move, open, around, address, title };
})();
