"use strict";
// The one clock of an episode: a slider, lanes of marks, play and speed. Whoever listens is told the world time.
const EvTime = (() => {
  const { el, seconds } = EvParts;
  const LANES = [
    ["action", "Actions"],
    ["event", "Events"],
    ["deed", "Deeds"],
    ["word", "Claims, messages"],
    ["check", "Oversight"],
  ];
  const SPEEDS = [1, 2, 4, 8, 16];

  function create(marks, end, listener) {
    const state = { t: 0, isPlaying: false, speed: 4, frame: 0, last: 0 };
    const stops = [...new Set(marks.filter((mark) => mark.lane !== "action").map((mark) => mark.t))].sort(
      (a, b) => a - b,
    );
    const share = (t) => Math.min(Math.max(t / end, 0), 1) * 100;
    const slider = el("input", { type: "range", min: 0, max: end, step: 0.1, "aria-label": "World time in seconds" });
    const clock = el("output", { class: "ev-clock" });
    const play = el("button", {
      type: "button",
      class: "ev-play",
      "aria-label": "Play or pause",
      title: "Play or pause (space)",
    });
    const speed = el(
      "select",
      { "aria-label": "Speed", title: "World seconds a second" },
      SPEEDS.map((times) => el("option", { value: times, selected: times === state.speed }, `${times}\u00d7`)),
    );
    const before = el("button", { type: "button", title: "Previous mark ([)" }, "\u2039 mark");
    const after = el("button", { type: "button", title: "Next mark (])" }, "mark \u203a");
    const needle = el("div", { class: "ev-needle" });
    const ruler = el(
      "div",
      { class: "ev-lane ev-lane-time" },
      el("span", { class: "ev-lane-name" }, "Time"),
      el("div", { class: "ev-lane-marks" }, slider),
    );
    const track = el("div", { class: "ev-track" }, ruler, lanes(), needle);

    slider.addEventListener("input", () => seek(Number(slider.value)));
    play.addEventListener("click", toggle);
    speed.addEventListener("change", () => {
      state.speed = Number(speed.value);
      tell();
    });
    before.addEventListener("click", () => step(-1));
    after.addEventListener("click", () => step(1));
    track.addEventListener("click", (event) => {
      const lane = track.querySelector(".ev-lane:not(.ev-lane-time) .ev-lane-marks");
      const box = lane ? lane.getBoundingClientRect() : track.getBoundingClientRect();
      if (event.target !== slider && event.clientX >= box.left) seek(((event.clientX - box.left) / box.width) * end);
    });

    function lanes() {
      return LANES.map(([lane, name]) => {
        const own = marks.filter((mark) => mark.lane === lane);
        if (!own.length) return null;
        const row = el("div", { class: "ev-lane-marks" }, own.map(tick));
        return el("div", { class: `ev-lane ev-lane-${lane}` }, el("span", { class: "ev-lane-name" }, name), row);
      });
    }

    function tick(mark) {
      const title = `${seconds(mark.t)}: ${mark.label.slice(0, 300)}`;
      const node = el("span", { class: `ev-tick ev-tick-${mark.kind}`, title });
      node.style.left = `${share(mark.t)}%`;
      if (mark.end !== undefined) node.style.width = `${Math.max(share(mark.end) - share(mark.t), 0.15)}%`;
      node.addEventListener("click", (event) => {
        event.stopPropagation();
        seek(mark.t);
      });
      return node;
    }

    function seek(t) {
      state.t = Math.min(Math.max(Number.isFinite(t) ? t : 0, 0), end);
      tell();
    }

    function tell() {
      slider.value = state.t;
      slider.setAttribute("aria-valuetext", seconds(state.t));
      clock.textContent = `${seconds(state.t)} / ${seconds(end)}`;
      needle.style.setProperty("--at", state.t / (end || 1));
      play.textContent = state.isPlaying ? "\u23f8 pause" : "\u25b6 play";
      listener(state.t, state);
    }

    function toggle() {
      state.isPlaying = !state.isPlaying;
      if (state.isPlaying) {
        if (state.t >= end) state.t = 0;
        state.last = performance.now();
        state.frame = requestAnimationFrame(advance);
      }
      tell();
    }

    function advance(now) {
      if (!state.isPlaying) return;
      state.t = Math.min(state.t + ((now - state.last) / 1000) * state.speed, end);
      state.last = now;
      if (state.t >= end) state.isPlaying = false;
      else state.frame = requestAnimationFrame(advance);
      tell();
    }

    // To the mark before or after the moment.
    function step(way) {
      const ahead = stops.filter((t) => (way > 0 ? t > state.t + 0.05 : t < state.t - 0.05));
      if (ahead.length) seek(way > 0 ? ahead[0] : ahead[ahead.length - 1]);
    }

    function onKey(event) {
      const target = event.target;
      const isOwn = target === slider;
      if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
      if (!isOwn && /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName)) return;
      if (event.key === " " && /^(BUTTON|SUMMARY|A)$/.test(target.tagName)) return;
      const jump = event.shiftKey ? 5 : 1;
      const moves = {
        " ": toggle,
        ArrowLeft: () => seek(state.t - jump),
        ArrowRight: () => seek(state.t + jump),
        Home: () => seek(0),
        End: () => seek(end),
        "[": () => step(-1),
        "]": () => step(1),
      };
      const move = moves[event.key];
      if (move) {
        event.preventDefault();
        event.stopPropagation();
        move();
      }
    }

    const box = el(
      "div",
      { class: "ev-time" },
      el(
        "div",
        { class: "ev-controls" },
        play,
        speed,
        before,
        after,
        clock,
        el(
          "span",
          { class: "ev-note ev-keys" },
          "space: play \u00b7 \u2190 \u2192: 1 s, with shift 5 s \u00b7 [ ]: marks \u00b7 home, end",
        ),
      ),
      track,
    );
    document.addEventListener("keydown", onKey, true);
    return {
      box,
      seek,
      toggle,
      close() {
        state.isPlaying = false;
        cancelAnimationFrame(state.frame);
        document.removeEventListener("keydown", onKey, true);
      },
    };
  }

  return { create };
})();
