"use strict";
// The list of episodes as columns: unpacked when first needed, asked by filters, searched and sorted.
const EpisodeData = (() => {
  const FLAGS = ["act", "lied", "says_neither", "is_exposed", "did_effect", "did_complete_task", "did_succeed", "complied"];
  const NUMBERS = ["seed", "severity", "turns", "world_s"];
  const WORDS = ["outcome", "method", "validity", "termination", "pattern", "purpose", "verdicts", "deeds", "error", "code_version"];
  const LISTS = new Set(["verdicts"]);
  const OF_CELL = ["scenario", "model", "arm", "condition"];
  const FREE = new Set(["method", "deeds", "error", "condition"]);
  let loading = null;

  async function unpack(text) {
    const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    return JSON.parse(await new Response(stream).text());
  }

  function load() {
    if (!loading) loading = unpack(document.getElementById("index").textContent).then(prepare);
    return loading;
  }

  function prepare({ cells, columns }) {
    const n = columns.key.length;
    const names = [...new Set(cells.flatMap((cell) => Object.keys(cell.factors)))];
    const factors = names.filter((name) => new Set(cells.map((cell) => cell.factors[name])).size > 1);
    const readers = new Map();
    readers.set("key", (i) => columns.key[i]);
    readers.set("cell", (i) => cells[columns.cell[i]].cell);
    for (const name of OF_CELL) readers.set(name, (i) => cells[columns.cell[i]][name] || "all");
    for (const name of factors) readers.set(`f.${name}`, (i) => cells[columns.cell[i]].factors[name] ?? "none");
    for (const name of NUMBERS) readers.set(name, (i) => columns[name][i]);
    for (const name of WORDS) readers.set(name, (i) => columns[name].words[columns[name].at[i]]);
    for (const name of FLAGS) readers.set(name, (i) => ["no", "yes"][columns[name][i]] ?? "unknown");
    const places = new Map(columns.key.map((key, i) => [key, i]));
    return { n, cells, columns, factors, readers, places, haystacks: [] };
  }

  const value = (data, name, i) => data.readers.get(name)(i);
  const isNumber = (name) => NUMBERS.includes(name);
  const isFree = (name) => FREE.has(name) || LISTS.has(name);

  // Every value that a column takes, the most frequent first.
  function values(data, name) {
    const counts = new Map();
    const read = data.readers.get(name);
    for (let i = 0; i < data.n; i += 1) counts.set(read(i), (counts.get(read(i)) || 0) + 1);
    return [...counts].sort((one, other) => other[1] - one[1]);
  }

  // "3", ">3", "<=10", "3-8", several with commas; anything else lets nothing through.
  function range(text) {
    const parts = text.split(",").map((part) => part.trim()).filter(Boolean).map((part) => {
      const bound = /^(<=|>=|<|>)\s*(-?[\d.]+)$/.exec(part);
      if (bound) {
        const limit = Number(bound[2]);
        return { "<": (v) => v < limit, "<=": (v) => v <= limit, ">": (v) => v > limit, ">=": (v) => v >= limit }[bound[1]];
      }
      const span = /^([\d.]+)\s*-\s*([\d.]+)$/.exec(part);
      if (span) return (v) => v >= Number(span[1]) && v <= Number(span[2]);
      return (v) => v === Number(part);
    });
    return (v) => v !== null && parts.some((fits) => fits(v));
  }

  // "a,b" is either; "!a" is anything else; free text is contained.
  function test(data, name, wanted) {
    const read = data.readers.get(name);
    if (isNumber(name)) {
      const fits = range(wanted);
      return (i) => fits(read(i));
    }
    if (FREE.has(name)) {
      const text = wanted.toLowerCase();
      return (i) => read(i).toLowerCase().includes(text);
    }
    if (LISTS.has(name)) return (i) => wanted.split(",").some((one) => read(i).split(", ").includes(one.trim()));
    if (wanted.startsWith("!")) return (i) => read(i) !== wanted.slice(1);
    const whole = values(data, name).some(([known]) => known === wanted);
    const several = new Set(whole ? [wanted] : wanted.split(","));
    return (i) => several.has(read(i));
  }

  // "HASH.act.no": the episode of the same seed in that cell has that value. So the halves of pairs can be listed.
  function pairedWith(data, wanted) {
    const [cell, name, value] = wanted.split(".");
    if (!data.readers.has(name)) return () => false;
    const fits = test(data, name, value || "");
    const inCell = data.readers.get("cell");
    const seeds = new Set();
    for (let i = 0; i < data.n; i += 1) if (inCell(i) === cell && fits(i)) seeds.add(data.columns.seed[i]);
    return (i) => seeds.has(data.columns.seed[i]);
  }

  // "act:A~B;C~D": the seed has the measure in all cells of its group. So what a difference counts can be listed.
  function inPairs(data, wanted) {
    const [name, groups] = wanted.split(":");
    if (!data.readers.has(name) || !groups) return () => false;
    const inCell = data.readers.get("cell");
    const isKnown = data.readers.get(name);
    const seeds = new Map();
    for (let i = 0; i < data.n; i += 1) {
      if (!seeds.has(inCell(i))) seeds.set(inCell(i), new Set());
      if (isKnown(i) !== "unknown") seeds.get(inCell(i)).add(data.columns.seed[i]);
    }
    const kept = new Map();
    for (const group of groups.split(";").map((cells) => cells.split("~"))) {
      const of = group.map((cell) => seeds.get(cell) || new Set());
      const common = [...of[0]].filter((seed) => of.every((own) => own.has(seed)));
      for (const cell of group) kept.set(cell, new Set([...(kept.get(cell) || []), ...common]));
    }
    return (i) => kept.get(inCell(i))?.has(data.columns.seed[i]) || false;
  }

  function haystack(data, i) {
    if (data.haystacks[i] === undefined) {
      data.haystacks[i] = [...data.readers].map(([, read]) => read(i)).join("\n").toLowerCase();
    }
    return data.haystacks[i];
  }

  // Rows that pass all filters of a query, sorted. `sort` is a column, with "-" before it the other way round.
  function rows(data, query) {
    const tests = [];
    for (const [name, wanted] of query) {
      if (name === "paired" && wanted) tests.push(pairedWith(data, wanted));
      else if (name === "pairs" && wanted) tests.push(inPairs(data, wanted));
      else if (name !== "sort" && name !== "q" && wanted && data.readers.has(name)) tests.push(test(data, name, wanted));
    }
    const words = (query.get("q") || "").toLowerCase().split(/\s+/).filter(Boolean);
    if (words.length) tests.push((i) => words.every((word) => haystack(data, i).includes(word)));
    const found = [];
    for (let i = 0; i < data.n; i += 1) if (tests.every((fits) => fits(i))) found.push(i);
    return sorted(data, found, query.get("sort") || "");
  }

  function sorted(data, found, order) {
    const name = order.replace(/^-/, "");
    const read = data.readers.get(name);
    if (!read) return found;
    const sign = order.startsWith("-") ? -1 : 1;
    return found.sort((one, other) => {
      const [a, b] = [read(one) ?? -Infinity, read(other) ?? -Infinity];
      return a < b ? -sign : a > b ? sign : one - other;
    });
  }

  return { load, unpack, rows, value, values, isNumber, isFree, FLAGS, NUMBERS, WORDS, OF_CELL };
})();
