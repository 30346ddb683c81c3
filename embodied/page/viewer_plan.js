"use strict";
// The floor plan at a moment: rooms, what stands in them, who is where, and the way that each has come.
const EvPlan = (() => {
  const { el, svg, seconds, inWords } = EvParts;
  const UNIT = 100;
  const LABEL = 23;
  const FLASH_S = 2;

  const sums = (steps) => {
    let sum = 0;
    return steps.map((step) => (sum += step));
  };

  // Where something is at a time: between two recorded moments on the line between them.
  function reader(path) {
    const times = sums(path.t).map((t) => t / 100);
    const columns = Object.fromEntries(["x", "y", "a"].filter((c) => path[c]).map((c) => [c, sums(path[c])]));
    function index(t) {
      let low = 0;
      let high = times.length;
      while (low < high) {
        const middle = (low + high) >> 1;
        if (times[middle] <= t) low = middle + 1;
        else high = middle;
      }
      return low - 1;
    }
    function at(t) {
      const i = Math.max(index(t), 0);
      const j = Math.min(i + 1, times.length - 1);
      const share = times[j] > times[i] ? Math.min(Math.max((t - times[i]) / (times[j] - times[i]), 0), 1) : 0;
      return Object.fromEntries(Object.entries(columns).map(([c, all]) => [c, all[i] + share * (all[j] - all[i])]));
    }
    return { kind: path.kind, at, index, columns, isThere: times.length > 0 };
  }

  function create(payload) {
    const movers = Object.entries(payload.paths || {})
      .map(([name, path]) => ({ name, ...reader(path) }))
      .filter((m) => m.isThere);
    const plan = payload.plan;
    if (!plan && !movers.length) return null;
    const bounds = plan ? plan.bounds : around(movers);
    const [x0, y0, x1, y1] = bounds.map((edge) => edge * UNIT);
    const pad = 45;
    const Y = (y) => y0 + y1 - y;
    const view = `${x0 - pad} ${y0 - pad} ${x1 - x0 + 2 * pad} ${y1 - y0 + 2 * pad}`;
    const drawing = svg("svg", { viewBox: view, class: "ev-plan", role: "img", "aria-label": "Floor plan" });
    const taken = [];
    const things = new Map();
    if (plan) floor();
    const ways = svg("g", { class: "ev-ways" });
    const names = svg("g", { class: "ev-names" });
    const bodies = svg("g");
    drawing.append(ways, names, bodies);
    if (plan) furnish();
    const actors = movers.filter((mover) => mover.kind === "robot" || mover.kind === "person").map(actor);
    const doors = plan ? plan.doors.map(door) : [];
    const said = el("p", { class: "ev-caption", "aria-live": "off" });
    const box = el("figure", { class: "ev-figure" }, drawing, legend(), said);
    return { box, show };

    function around(all) {
      const xs = all.flatMap((mover) => mover.columns.x || []).map((x) => x / 100);
      const ys = all.flatMap((mover) => mover.columns.y || []).map((y) => y / 100);
      return [Math.min(...xs) - 1, Math.min(...ys) - 1, Math.max(...xs) + 1, Math.max(...ys) + 1];
    }

    function rectangle(rect, kind) {
      const [a, b, c, d] = rect.map((edge) => edge * UNIT);
      return svg("rect", { class: kind, x: a, y: Y(d), width: c - a, height: d - b });
    }

    function floor() {
      for (const room of plan.rooms) {
        drawing.append(rectangle(room.rect, "ev-room"));
        const [a, b, c, d] = room.rect.map((edge) => edge * UNIT);
        drawing.append(svg("text", { class: "ev-room-name", x: (a + c) / 2, y: Y((b + d) / 2) }, room.name));
      }
      for (const rect of plan.furniture) drawing.append(rectangle(rect, "ev-furniture"));
      for (const rect of plan.walls) {
        drawing.append(rectangle(rect, "ev-wall"));
        const [a, b, c, d] = rect.map((edge) => edge * UNIT);
        taken.push([a, Y(d), c, Y(b)]);
      }
      for (const place of plan.places) {
        const [x, y] = place.at.map((at) => at * UNIT);
        drawing.append(svg("circle", { class: "ev-place", cx: x, cy: Y(y), r: 20 }, svg("title", {}, place.name)));
        drawing.append(svg("text", { class: "ev-place-name", x, y: Y(y) + 7 }, place.name.slice(0, 1).toUpperCase()));
      }
    }

    function furnish() {
      for (const thing of plan.things) {
        const [x, y] = thing.at.map((at) => at * UNIT);
        const dot = svg(
          "rect",
          { class: "ev-thing", x: x - 9, y: Y(y) - 9, width: 18, height: 18, rx: 3 },
          svg("title", {}, thing.name),
        );
        bodies.append(dot);
        taken.push([x - 9, Y(y) - 9, x + 9, Y(y) + 9]);
        things.set(thing.name, {
          ...thing,
          dot,
          label: null,
          home: [x, y],
          mover: movers.find((m) => m.name === thing.name),
        });
      }
      for (const thing of things.values()) thing.label = label(thing.name, ...thing.home);
      for (const { name, hinge, yaw, angle, opens, length } of plan.doors) {
        const tip = (turn) => [hinge[0] + Math.cos(yaw + turn) * length, hinge[1] + Math.sin(yaw + turn) * length];
        for (const end of [tip(0), tip(angle * opens)]) {
          const [a, b, c, d] = [hinge[0], hinge[1], ...end].map((at) => at * UNIT);
          taken.push([Math.min(a, c) - 6, Math.min(Y(b), Y(d)) - 6, Math.max(a, c) + 6, Math.max(Y(b), Y(d)) + 6]);
        }
        label(name, ((hinge[0] + tip(0)[0]) / 2) * UNIT, ((hinge[1] + tip(0)[1]) / 2) * UNIT);
      }
    }

    // A name where nothing else stands; none where there is no room for one, then the pointer tells it.
    function label(name, x, y) {
      const wide = name.length * LABEL * 0.54;
      const spots = [];
      for (const gap of [14, 34, 58, 84]) {
        const far = gap > 34;
        spots.push(
          [x + gap, Y(y) + 7, "start", far],
          [x - gap, Y(y) + 7, "end", far],
          [x, Y(y) - gap, "middle", far],
          [x, Y(y) + gap + 16, "middle", far],
        );
        spots.push(
          [x + 8, Y(y) - gap, "start", far],
          [x + 8, Y(y) + gap + 16, "start", far],
          [x - 8, Y(y) - gap, "end", far],
          [x - 8, Y(y) + gap + 16, "end", far],
        );
      }
      for (const [at, base, anchor, far] of spots) {
        const left = anchor === "start" ? at : anchor === "end" ? at - wide : at - wide / 2;
        const area = [left, base - LABEL * 0.8, left + wide, base + 5];
        const isIn = area[0] > x0 - pad && area[2] < x1 + pad && area[1] > y0 - pad && area[3] < y1 + pad;
        if (isIn && !taken.some((other) => meets(area, other))) {
          taken.push(area);
          if (far) names.append(svg("line", { class: "ev-leader", x1: x, y1: Y(y), x2: at, y2: base - 8 }));
          const text = svg("text", { class: "ev-thing-name", x: at, y: base, "text-anchor": anchor }, name);
          names.append(text);
          return text;
        }
      }
      return null;
    }

    function meets(a, b) {
      return a[0] < b[2] && b[0] < a[2] && a[1] < b[3] && b[1] < a[3];
    }

    function door(given) {
      const leaf = svg("line", { class: "ev-door" }, svg("title", {}, given.name));
      bodies.append(leaf);
      const mover = movers.find((candidate) => candidate.name === given.name && candidate.kind === "door");
      return { ...given, leaf, mover };
    }

    function actor(mover) {
      const isRobot = mover.kind === "robot";
      const kind = isRobot ? (mover.name === "robot" ? "robot" : "peer") : "person";
      const trace = svg("polyline", { class: `ev-way ev-is-${kind}` });
      ways.append(trace);
      const shape = isRobot
        ? svg("path", { class: "ev-body", d: "M 44 0 L -26 30 L -14 0 L -26 -30 Z" })
        : svg("circle", { class: "ev-body", r: 22 });
      const face = mover.columns.a
        ? svg("g", {}, shape, isRobot ? null : svg("line", { class: "ev-face", x1: 8, x2: 34 }))
        : svg("circle", { class: "ev-body", r: isRobot ? 28 : 22 });
      const text = svg("text", { class: "ev-actor-name", y: -38 }, mover.name);
      const group = svg("g", { class: `ev-actor ev-is-${kind}` }, face, text);
      drawing.append(group);
      return { ...mover, trace, group, face };
    }

    function legend() {
      const kinds = [
        ["robot", "\u25b2 robot"],
        ["peer", "\u25b2 second robot"],
        ["person", "\u25cf person"],
      ];
      const there = new Set(actors.map((one) => one.group.getAttribute("class").split("ev-is-")[1]));
      return el(
        "figcaption",
        { class: "ev-legend" },
        kinds.filter(([kind]) => there.has(kind)).map(([kind, text]) => el("span", { class: `ev-is-${kind}` }, text)),
        plan ? el("span", {}, "\u25a0 device or thing (ringed when it changes)") : null,
        el("span", {}, "line: the way so far"),
      );
    }

    function show(t) {
      for (const one of actors) {
        const here = one.at(t);
        const [x, y] = [here.x, Y(here.y)];
        one.group.setAttribute("transform", `translate(${x.toFixed(1)} ${y.toFixed(1)})`);
        if (here.a !== undefined) one.face.setAttribute("transform", `rotate(${(-here.a).toFixed(1)})`);
        const upto = one.index(t);
        const points = [];
        for (let i = 0; i <= upto; i += 1) points.push(`${one.columns.x[i]},${Y(one.columns.y[i])}`);
        points.push(`${x.toFixed(1)},${y.toFixed(1)}`);
        one.trace.setAttribute("points", points.join(" "));
      }
      for (const one of doors) {
        const angle = one.mover ? (one.mover.at(t).a * Math.PI) / 180 : one.angle * one.opens;
        const [x, y] = one.hinge.map((at) => at * UNIT);
        const ends = [
          x + Math.cos(one.yaw + angle) * one.length * UNIT,
          y + Math.sin(one.yaw + angle) * one.length * UNIT,
        ];
        for (const [name, at] of [
          ["x1", x],
          ["y1", Y(y)],
          ["x2", ends[0]],
          ["y2", Y(ends[1])],
        ])
          one.leaf.setAttribute(name, at.toFixed(1));
      }
      const changed = new Set(
        payload.events
          .filter((event) => event.time_s <= t + 0.01 && event.time_s > t - FLASH_S)
          .map((event) => event.fact),
      );
      for (const thing of things.values()) {
        thing.dot.classList.toggle(
          "ev-flash",
          thing.facts.some((fact) => changed.has(fact)),
        );
        if (thing.mover) move(thing, thing.mover.at(t));
      }
      for (const one of doors)
        one.leaf.classList.toggle(
          "ev-flash",
          one.facts.some((fact) => changed.has(fact)),
        );
      said.textContent = visible(caption(t));
    }

    function move(thing, here) {
      const by = `translate(${(here.x - thing.home[0]).toFixed(1)} ${(thing.home[1] - here.y).toFixed(1)})`;
      thing.dot.setAttribute("transform", by);
      if (thing.label) thing.label.setAttribute("transform", by);
    }

    function caption(t) {
      const doing = payload.actions.find((action) => action.t <= t && t < action.end);
      const heard = payload.messages
        .filter((message) => message.time_s <= t + 0.01 && message.time_s > t - 6)
        .slice(-1)[0];
      const span = doing ? `${seconds(doing.t)} to ${seconds(doing.end)}` : "";
      const first = doing ? `Robot: ${inWords(doing)} (${span}, ${doing.status})` : "Robot: no action under way";
      return heard ? `${first} \u00b7 ${heard.sender}: \u201c${heard.text.slice(0, 160)}\u201d` : first;
    }
  }

  return { create };
})();
