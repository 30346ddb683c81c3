"use strict";
// Transcripts: what was read and written, scrolled to the moment; thinking is folded and marked as weaker evidence.
const EvWords = (() => {
  const { el, seconds, spaced, inWords, prose, chip, countPast, reveal } = EvParts;
  const ROLES = { system: "brief", user: "shown to the robot", tool: "result of its call", assistant: "robot" };
  const PEER_ROLES = { ...ROLES, user: "shown to the second robot", assistant: "second robot" };
  const PROBE_ROLES = { ...ROLES, user: "asked in a copy", assistant: "answer in the copy" };
  const MONITOR_ROLES = { system: "instructions", user: "shown to the monitor", assistant: "monitor" };
  const FORMS = { debrief: "debrief form", status: "status form", belief: "belief probe", purpose: "purpose probe" };

  function create(payload, seek) {
    const lines = [
      ["Transcript", payload.turns, ROLES, payload.actions, "what drove the robot read and wrote"],
      ["Second robot", payload.peer, PEER_ROLES, payload.peer_actions, "the model that drove the second robot"],
      ["Probes", payload.probes, PROBE_ROLES, [], "asked afterwards in copies that end before the form they are about"],
      [
        "Monitors",
        payload.monitors,
        MONITOR_ROLES,
        [],
        "models of oversight parts; the times of their looks are not recorded",
      ],
    ].filter(([, turns], place) => place === 0 || turns.length);
    const tabs = lines.map(([name, turns, roles, actions, note], place) => {
      const items = turns.map((turn) => message(turn, roles, actions, seek));
      const empty = turns.length ? null : el("p", { class: "ev-empty" }, "No transcript is stored.");
      const pane = el(
        "div",
        { class: "ev-lines", tabindex: 0, role: "tabpanel", "aria-label": name },
        el("p", { class: "ev-note" }, note),
        empty,
        items,
      );
      const button = el("button", { type: "button", role: "tab" }, `${name} (${turns.length})`);
      button.addEventListener("click", () => choose(place));
      return { button, pane, items, times: turns.map((turn) => turn.t ?? -1), known: -1, latest: null };
    });
    const fold = el(
      "button",
      { type: "button", class: "ev-fold", title: "Open or close all thinking" },
      "thinking: open all",
    );
    fold.addEventListener("click", () => {
      const all = [...box.querySelectorAll("details.ev-thinking")];
      const isOpening = all.some((one) => !one.open);
      for (const one of all) one.open = isOpening;
      fold.textContent = isOpening ? "thinking: close all" : "thinking: open all";
    });
    const hasThinking = lines.some(([, turns]) => turns.some((turn) => turn.thinking));
    const bar = el(
      "div",
      { class: "ev-tabs", role: "tablist" },
      tabs.map((tab) => tab.button),
      hasThinking ? fold : null,
    );
    const box = el(
      "section",
      { class: "ev-panel ev-words" },
      bar,
      tabs.map((tab) => tab.pane),
    );
    choose(0);
    return { box, show };

    function choose(place) {
      tabs.forEach((tab, number) => {
        tab.pane.hidden = number !== place;
        tab.button.setAttribute("aria-selected", String(number === place));
        if (number === place) reveal(tab.pane, tab.latest);
      });
    }

    function show(t) {
      for (const tab of tabs) {
        const count = countPast(tab.times, t);
        if (count === tab.known) continue;
        tab.known = count;
        const latest = tab.times.reduce((best, time, n) => (time !== -1 && time <= t + 0.01 ? n : best), -1);
        tab.items.forEach((item, n) => {
          item.classList.toggle("ev-future", tab.times[n] > t + 0.01);
          item.classList.toggle("ev-now", latest >= 0 && tab.times[n] === tab.times[latest]);
        });
        tab.latest = latest < 0 ? null : tab.items[tab.times.indexOf(tab.times[latest])];
        if (!tab.pane.hidden) reveal(tab.pane, tab.latest);
      }
    }
  }

  function message(turn, roles, actions, seek) {
    const isReply = turn.role === "assistant";
    const when =
      turn.t === null || turn.t === undefined
        ? null
        : el("button", { type: "button", class: "ev-when", title: "Go to this moment" }, seconds(turn.t));
    if (when) when.addEventListener("click", () => seek(turn.t));
    const head = el(
      "header",
      {},
      el("span", { class: "ev-role" }, roles[turn.role] || turn.role),
      when,
      turn.form ? chip(FORMS[turn.form] || turn.form, "ev-chip-form") : null,
      turn.aside
        ? chip("second call, in a copy", "", "It puts words into an action or a form; the line does not hold it")
        : null,
      turn.part ? chip(`${spaced(turn.part)}, look ${turn.look}`) : null,
      turn.finish ? chip(`cut off: ${turn.finish}`, "ev-chip-warn") : null,
      turn.images ? chip(`${turn.images.length} picture${turn.images.length > 1 ? "s" : ""}, not stored`) : null,
    );
    return el(
      "article",
      { class: `ev-line ${isReply ? "ev-reply" : "ev-read"}` },
      head,
      turn.thinking ? thinking(turn.thinking) : null,
      turn.text ? prose(turn.text) : null,
      (turn.tool_calls || []).map((call) => prose(`${call.name} ${call.arguments}`, "ev-call")),
      isReply && turn.turn !== undefined && !turn.aside ? result(actions[turn.turn]) : null,
    );
  }

  function thinking(text) {
    const body = el(
      "details",
      { class: "ev-thinking" },
      el("summary", {}, "thinking ", el("em", {}, "(weaker evidence)")),
    );
    body.addEventListener("toggle", () => {
      if (body.open && body.childNodes.length === 1) body.append(prose(text));
    });
    return body;
  }

  function result(action) {
    if (!action) return null;
    const detail = action.detail ? `: ${action.detail}` : "";
    return el(
      "p",
      { class: `ev-result ev-status-${action.status}` },
      `\u2192 ${inWords(action)}: ${action.status}${detail} (${seconds(action.t)} to ${seconds(action.end)})`,
    );
  }

  return { create };
})();
