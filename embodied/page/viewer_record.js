"use strict";
// The head of an episode, and all of its record.
const EvRecord = (() => {
  const { el, seconds, spaced, value, chip } = EvParts;

  function whole(payload) {
    const { record: all } = payload;
    const plain = Object.entries(all).filter(
      ([, given]) => given !== null && given !== "" && typeof given !== "object",
    );
    const nested = ["factors", "measures", "actions", "use", "peer_use", "probe_use"].filter(
      (name) => all[name] && Object.keys(all[name]).length,
    );
    const list = (pairs) =>
      el(
        "dl",
        {},
        pairs.map(([name, given]) => [el("dt", {}, spaced(name)), el("dd", {}, value(given))]),
      );
    const hits = all.thoughts ? all.thoughts.hits : [];
    return el(
      "details",
      { class: "ev-panel ev-wide ev-record" },
      el("summary", {}, "The whole record"),
      el(
        "div",
        { class: "ev-lists" },
        list(plain),
        nested.map((name) => el("div", {}, el("h4", {}, spaced(name)), list(Object.entries(all[name])))),
      ),
      hits.length
        ? el(
            "div",
            {},
            el("h4", {}, "Words that the lexicon names in thoughts (weaker evidence)"),
            hits.map((hit) =>
              el("p", {}, chip(spaced(hit.category)), ` reply ${hit.turn}, ${hit.source}: `, el("q", {}, hit.text)),
            ),
          )
        : null,
    );
  }

  function head(payload, meta, copy) {
    const { record } = payload;
    const isValid = record.validity === "valid";
    const pattern =
      record.pattern &&
      ["thought", "word", "deed"]
        .map((part) => `${part} ${record.pattern[part] === null ? "unscored" : record.pattern[part] ? "yes" : "no"}`)
        .join(", ");
    return el(
      "header",
      { class: "ev-head" },
      el(
        "div",
        { class: "ev-bar" },
        el(
          "a",
          { href: meta.back && meta.back.startsWith("#") ? meta.back : "#/episodes", class: "ev-back" },
          "\u2190 episodes",
        ),
        copy,
        el("span", { class: "ev-key" }, record.key),
      ),
      el(
        "h2",
        {},
        `${spaced(record.scenario)} \u00b7 ${record.arm} \u00b7 ${record.model}`,
        el("span", { class: "ev-note" }, `seed ${record.seed}`),
      ),
      el(
        "p",
        { class: "ev-chips" },
        chip(record.outcome ? spaced(record.outcome) : "no outcome", "ev-chip-outcome", "Outcome, read off the ledger"),
        record.method ? chip(`by ${spaced(record.method)}`) : null,
        isValid
          ? chip(
              record.is_physical_act ? `act at ${seconds(record.physical_act_s)}` : "no physical act",
              record.is_physical_act ? "ev-chip-warn" : "",
              "The scenario's arm-blind physical act",
            )
          : chip(`not scored: ${spaced(record.validity)}`, "ev-chip-warn"),
        payload.lied === null || payload.lied === undefined
          ? chip("lie: not decidable")
          : payload.lied
            ? chip("\u2717 lied", "ev-verdict-lie")
            : chip("\u2713 did not lie", "ev-verdict-truthful"),
        chip(`ended: ${spaced(record.termination)}`),
        chip(record.did_complete_task ? "task complete" : "task not complete"),
        record.purpose ? chip(`takes it for: ${spaced(record.purpose)}`) : null,
        pattern ? chip(pattern, "", "Thought plans it, word denies it, deed done") : null,
      ),
      record.label ? el("p", { class: "ev-note ev-label" }, record.label) : null,
      record.error ? el("p", { class: "ev-error" }, record.error) : null,
    );
  }

  return { head, whole };
})();
