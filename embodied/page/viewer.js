"use strict";
// One episode on one clock. `payload` is what embodied.page.detail makes; `meta` holds `key`, `back` and `link` (within
// the page), `video` (a data: or blob: address), `videoSpeed`, `startTime` and `onTime(t)`.
const EpisodeViewer = (() => {
  const { el, spaced, value, inWords } = EvParts;
  const LAYOUT = 1;
  const FILM_SPEED = 3;
  const TELL_MS = 400;
  let current = null;

  function render(root, payload, meta = {}) {
    close();
    root.replaceChildren();
    if (payload.layout !== LAYOUT) {
      root.append(el("p", { class: "ev" }, "This episode was packed by another version: make the page again."));
      return;
    }
    const told = { timer: 0, isFirst: true };
    const marks = marksOf(payload);
    const end = Math.max(payload.end || 0, ...marks.map((mark) => mark.end ?? mark.t), 0.1);
    const seek = (t) => clock.seek(t);
    const plan = EvPlan.create(payload);
    const words = EvWords.create(payload, seek);
    const facts = EvFacts.create(payload, seek);
    const film = filmOf(meta);
    const clock = EvTime.create(marks, end, (t, state) => {
      if (plan) plan.show(t);
      words.show(t);
      facts.show(t);
      if (film) film.follow(t, state);
      tell(t);
    });

    function tell(t) {
      clearTimeout(told.timer);
      if (!told.isFirst && meta.onTime) told.timer = setTimeout(() => meta.onTime(Math.round(t * 10) / 10), TELL_MS);
      told.isFirst = false;
      copy.dataset.t = t.toFixed(1);
    }

    const copy = el("button", { type: "button", title: "Copy a link to this moment" }, "copy link");
    copy.addEventListener("click", () => copyLink(copy, meta));
    const seen = el(
      "section",
      { class: "ev-panel ev-seen" },
      plan ? plan.box : el("p", { class: "ev-empty" }, "No places are stored."),
      film ? film.box : null,
    );
    const box = el(
      "div",
      { class: "ev" },
      EvRecord.head(payload, meta, copy),
      clock.box,
      el("div", { class: film ? "ev-stage ev-has-film" : "ev-stage" }, seen, words.box),
      el("div", { class: "ev-grid" }, facts.parts, EvRecord.whole(payload)),
      missing(payload),
    );
    root.append(box);
    if (film) film.box.addEventListener("click", clock.toggle);
    current = { root, clock, film, told };
    seek(start(payload, meta));
  }

  function close() {
    if (!current) return;
    clearTimeout(current.told.timer);
    current.clock.close();
    if (current.film) current.film.stop();
    current.root.replaceChildren();
    current = null;
  }

  // Where a reader begins: the moment of the link, else the act, else the first deed, else the beginning.
  function start(payload, meta) {
    const asked = meta.startTime === null || meta.startTime === undefined ? NaN : Number(meta.startTime);
    if (Number.isFinite(asked)) return asked;
    return payload.record.physical_act_s ?? (payload.record.deeds[0] || {}).time_s ?? 0;
  }

  function marksOf(payload) {
    const claims = new Map();
    for (const given of payload.record.claims) {
      const claim = { ...given, time_s: given.time_s ?? payload.end };
      const kind = claim.verdict === "lie" || claim.verdict === "concealment" ? "lie" : "claim";
      const place = `${claim.time_s}/${claim.channel}`;
      const known = claims.get(place) || { t: claim.time_s, lane: "word", kind: "claim", words: [] };
      if (kind === "lie") known.kind = "lie";
      known.words.push(
        `${spaced(claim.question)}: ${claim.answer} (${claim.verdict ? spaced(claim.verdict) : "no verdict"})`,
      );
      claims.set(place, known);
    }
    const action = (one) => `${inWords(one)}: ${one.status}`;
    return [
      ...payload.actions.map((one) => ({
        t: one.t,
        end: one.end,
        lane: "action",
        kind: one.status,
        label: action(one),
      })),
      ...payload.events.map((one) => ({
        t: one.time_s,
        lane: "event",
        kind: one.cause.agent,
        label: `${one.fact}: ${value(one.old)} \u2192 ${value(one.new)} (${one.cause.agent}, by ${one.cause.evidence})`,
      })),
      ...payload.record.deeds.map((one) => ({
        t: one.time_s,
        lane: "deed",
        kind: "deed",
        label: `${spaced(one.name)} (${spaced(one.category)})`,
      })),
      ...[...claims.values()].map((one) => ({ ...one, label: `claims: ${one.words.join("; ")}` })),
      ...payload.messages.map((one) => ({
        t: one.time_s,
        lane: "word",
        kind: "message",
        label: `${one.sender} to ${one.receiver}: ${one.text.slice(0, 200)}`,
      })),
      ...payload.checks.map((one) => ({
        t: one.time_s,
        lane: "check",
        kind: one.response,
        label: `${spaced(one.part)}: ${spaced(one.response)}${one.reason ? `, ${one.reason}` : ""}`,
      })),
    ];
  }

  function missing(payload) {
    if (!payload.missing.length) return null;
    return el(
      "aside",
      { class: "ev-missing" },
      el("h3", {}, "What this record does not hold"),
      el(
        "ul",
        {},
        payload.missing.map((text) => el("li", {}, text)),
      ),
    );
  }

  // The film runs at its own pace; the clock leads it.
  function filmOf(meta) {
    if (!/^(data:video\/mp4[;,]|blob:)/.test(meta.video || "")) return null;
    const pace = meta.videoSpeed || FILM_SPEED;
    const film = el("video", {
      class: "ev-film",
      src: meta.video,
      preload: "auto",
      playsinline: true,
      title: "Play or pause",
    });
    film.muted = true;
    function follow(t, state) {
      const wanted = t / pace;
      if (state.isPlaying) {
        film.playbackRate = Math.min(Math.max(state.speed / pace, 0.1), 8);
        if (film.paused) film.play().catch(() => undefined);
        if (Math.abs(film.currentTime - wanted) > 0.5) film.currentTime = wanted;
      } else {
        if (!film.paused) film.pause();
        film.currentTime = wanted;
      }
    }
    return {
      box: film,
      follow,
      stop() {
        film.pause();
        film.removeAttribute("src");
      },
    };
  }

  function copyLink(button, meta) {
    const address = `${location.href.split("#")[0]}${meta.link || `#/episode/${meta.key}`}?t=${button.dataset.t}`;
    const done = (text) => {
      button.textContent = text;
      setTimeout(() => {
        button.textContent = "copy link";
      }, 1500);
    };
    if (navigator.clipboard)
      navigator.clipboard.writeText(address).then(
        () => done("copied"),
        () => byHand(address, done),
      );
    else byHand(address, done);
  }

  function byHand(address, done) {
    const field = el("textarea", { class: "ev-hidden" }, address);
    document.body.append(field);
    field.select();
    done(document.execCommand("copy") ? "copied" : "the address bar holds it");
    field.remove();
  }

  return { render, close };
})();
