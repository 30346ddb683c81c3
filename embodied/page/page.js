"use strict";
// Where the reader is: findings, list, or one episode. The address says it, so reload, links and the back button work.
(() => {
  const { el, spaced } = EvParts;
  const views = { main: "main-view", list: "list-view", episode: "episode-view" };
  const root = (name) => document.getElementById(views[name]);
  const kept = { main: 0 };
  const help = document.getElementById("help");
  let shown = "main";
  let film = null;
  let visit = 0;

  function switchTo(name) {
    if (shown === "main" && name !== "main") kept.main = scrollY;
    if (shown === "episode") leaveEpisode();
    for (const [one, id] of Object.entries(views)) document.getElementById(id).hidden = one !== name;
    shown = name;
  }

  function leaveEpisode() {
    EpisodeViewer.close();
    if (film) URL.revokeObjectURL(film);
    film = null;
  }

  async function route() {
    visit += 1;
    const [path, search = ""] = location.hash.slice(1).split("?");
    if (path === "/episodes") {
      switchTo("list");
      scrollTo(0, 0);
      await EpisodeList.show(root("list"), search);
    } else if (path.startsWith("/episode/")) {
      switchTo("episode");
      scrollTo(0, 0);
      await showEpisode(decoded(path.slice("/episode/".length)), new URLSearchParams(search), visit);
    } else {
      const came = shown;
      switchTo("main");
      const target = path && path !== "top" ? document.getElementById(path) : null;
      if (target) target.scrollIntoView();
      else scrollTo(0, came === "main" ? 0 : kept.main);
    }
  }

  function decoded(text) {
    try {
      return decodeURIComponent(text);
    } catch {
      return text;
    }
  }

  async function showEpisode(key, search, mine) {
    const around = await EpisodeList.around(key);
    const packed = document.getElementById(`e-${key}`);
    const payload = packed ? await EpisodeData.unpack(packed.textContent) : null;
    if (mine !== visit) return;
    const box = el("div", {});
    root("episode").replaceChildren(stepper(around), box);
    if (!payload) {
      await showBare(box, key);
      return;
    }
    film = filmOf(key);
    const link = `#/episode/${key}`;
    EpisodeViewer.render(box, payload, {
      key, link, back: EpisodeList.address(), video: film, startTime: search.get("t"),
      onTime: (t) => history.replaceState(null, "", `${link}?t=${t}`),
    });
  }

  function filmOf(key) {
    const packed = document.getElementById(`v-${key}`);
    if (!packed) return null;
    const bytes = Uint8Array.from(atob(packed.textContent), (letter) => letter.charCodeAt(0));
    return URL.createObjectURL(new Blob([bytes], { type: "video/mp4" }));
  }

  function stepper({ place, n, previous, next }) {
    const step = (key, text, id) => (key ? el("a", { href: `#/episode/${key}`, class: "button", id }, text) : null);
    return el("nav", { class: "step", "aria-label": "Episodes of the list" }, step(previous, "\u2190 previous (k)", "previous"), step(next, "next (j) \u2192", "next"),
      place < 0 ? null : el("span", {}, `${place + 1} of ${n} in the list`));
  }

  // An episode of which the page holds the record's row and no more.
  async function showBare(box, key) {
    const data = await EpisodeData.load();
    const i = data.places.get(key);
    const run = document.getElementById("index").dataset.run;
    const facts = [];
    if (i !== undefined) {
      for (const [name, read] of data.readers) {
        const given = read(i);
        if (given !== "" && given !== null && given !== "unknown") facts.push(el("dt", {}, EpisodeList.title(name)), el("dd", {}, typeof given === "string" ? spaced(given) : given));
      }
    }
    box.append(el("div", { class: "bare" }, el("p", {}, el("a", { href: EpisodeList.address() }, "\u2190 episodes")),
      el("h1", {}, `Episode ${key}`),
      i === undefined ? el("p", {}, "It is not in this page's list.") : el("dl", { class: "facts" }, facts),
      el("p", {}, "This file holds no page of it. Make one that does:"),
      el("pre", {}, `embodied report ${run} --episodes ${key}`)));
  }

  function isTyping(target) {
    return target instanceof Element && target.closest("input:not([type='range'], [type='checkbox']), select, textarea, [contenteditable]") !== null;
  }

  const onKey = {
    "/": () => focusOn(shown === "list" ? "search" : "cell-text"),
    "?": () => help.showModal(),
    e: () => { location.hash = EpisodeList.address(); },
    t: () => FindingsTables.nextTheme(),
    j: () => (shown === "list" ? EpisodeList.move(1) : follow("next")),
    k: () => (shown === "list" ? EpisodeList.move(-1) : follow("previous")),
    Enter: () => shown === "list" && EpisodeList.open(),
    Escape: () => {
      if (shown === "episode") location.hash = EpisodeList.address();
      else if (shown === "list") location.hash = "#top";
    },
  };

  function focusOn(id) {
    const field = document.getElementById(id);
    if (field) field.focus();
  }

  function follow(id) {
    const link = shown === "episode" ? document.getElementById(id) : null;
    if (link) location.hash = link.getAttribute("href");
  }

  function pressed(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || help.open) return;
    if (isTyping(event.target)) {
      if (event.key === "Escape") event.target.blur();
      return;
    }
    const isControl = event.target instanceof Element && event.target.closest("a, button, summary") !== null;
    const act = event.key === "Enter" && isControl ? null : onKey[event.key];
    if (!act) return;
    if (event.key === "/" || event.key === "?") event.preventDefault();
    act();
  }

  history.scrollRestoration = "manual";
  document.getElementById("help-open").addEventListener("click", () => help.showModal());
  addEventListener("keydown", pressed);
  addEventListener("hashchange", route);
  FindingsTables.start();
  route();
})();
