"use strict";

// Everything about one unit.

{
  let showing = 0;
  let neighbours = [];
  let seen = null;

  const heading = (text) => element("h2", {}, text);
  const section = (title, ...content) => element("section", { class: "panel" }, heading(title), ...content);

  /** The layer in all instances that have it. */
  const everywhere = (state) => controls.instances(state.series)
    .map((instance) => ({ series: state.series, instance, layer: state.layer }))
    .filter((place) => data.layer(place));

  /** All instances that have the layer, by all thresholds. */
  async function states(state, index) {
    const places = everywhere(state);
    const thresholds = [...new Set(places.flatMap((place) => data.layer(place).thresholds))].sort((a, b) => a - b);
    const all = await Promise.all(places.map((place) => data.cells(place)));
    const body = places.map((place, number) => element("tr", {},
      element("th", { scope: "row" }, place.instance),
      thresholds.map((threshold) => stateCell(state, { ...place, threshold: String(threshold) }, all[number], index))));
    return section("All instances and thresholds", element("div", { class: "wide" },
      element("table", { class: "states" },
        element("thead", {}, element("tr", {}, element("td"),
          thresholds.map((threshold) => element("th", { scope: "col" }, `${threshold} steps`)))),
        element("tbody", {}, body))));
  }

  function stateCell(state, place, cells, index) {
    const at = cells.at[place.threshold];
    const position = cells.index.indexOf(index);
    const status = position < 0 || !at ? null : at.status[position];
    const here = place.instance === state.instance && place.threshold === state.threshold;
    const picture = status == null
      ? element("span", { class: "absent" }, "–")
      : sprites.show(place, index, 128, status);
    return element("td", { class: here ? "here" : "" },
      element("a", { href: address.link({ ...place, index: String(index), view: "unit" }),
        "aria-label": `${place.instance} at ${place.threshold} steps`, "aria-current": here ? "true" : null },
        picture),
      element("small", {}, status == null ? "not rendered"
        : `${words(status)}, ${readable(at.loss[position])}`));
  }

  function curve(state, attempts, index) {
    const lines = attempts.map((attempt) => ({
      points: attempt.curve, kind: attempt.status === data.OK ? "good" : "bad",
      label: `attempt ${attempt.attempt}, ${words(attempt.status)}`,
    }));
    return section("Loss over steps",
      chart.draw(lines, data.layer(state).thresholds, `Loss of unit ${index} over the steps`),
      element("p", { class: "note" }, "Upright lines are thresholds",
        lines.some((line) => line.kind === "bad") ? "; dashed curves are attempts that failed." : "."));
  }

  function attemptTable(state, attempts) {
    const { attempts: columns } = data.series.get(state.series).columns;
    return section("Attempts", element("div", { class: "wide" }, element("table", { class: "log" },
      element("thead", {}, element("tr", {}, columns.map(({ title, kind }) => element("th", { scope: "col", class: kind }, title)))),
      element("tbody", {}, attempts.map((attempt) => element("tr", {}, columns.map(({ name, kind }) =>
        element("td", { class: kind }, written(attempt[name], kind)))))))));
  }

  const plain = (value) => typeof value === "string" ? value : JSON.stringify(value);

  const pairs = (values) => element("dl", {}, Object.entries(values).flatMap(([name, value]) =>
    [element("dt", {}, words(name)), element("dd", {}, plain(value))]));

  function files(state, record) {
    const paths = {
      sprite: data.projectPath("sprite", state, { index: record.index, scale: record.scale }),
      sheet: data.projectPath("sheet", state),
      "sheet's records": data.projectPath("records", state),
      "loss log": data.projectPath("losses", state),
      "layer catalogue": data.projectPath("catalogue", state),
    };
    return section("Files", element("dl", { class: "files" }, Object.entries(paths).flatMap(([name, path]) =>
      [element("dt", {}, name), element("dd", {}, element("code", {}, path))])));
  }

  /** What other stages know of the unit in all instances: their numbers and pictures. */
  async function tables(state, index) {
    const sections = [];
    for (const { name } of data.series.get(state.series).tables) {
      const table = await data.table(state.series, name);
      // A row without an instance holds for all of them.
      const rows = [...new Set(everywhere(state).flatMap((place) => selection.rowsOf(table, place)))]
        .filter((row) => row[1] == null || row[1] === index);
      if (rows.length) sections.push(fromTable(state, name, table, rows));
    }
    return sections;
  }

  function fromTable(state, name, table, rows) {
    const here = (row) => (row[0] === state.instance ? "here" : "");
    const lines = table.columns.map(([title, kind], at) => [title, kind, at + 2])
      .filter(([, , at]) => rows.some((row) => row[at] != null))
      .map(([title, kind, at]) => element("tr", {}, element("th", { scope: "row" }, title),
        rows.map((row) => element("td", { class: here(row) }, tableCell(state, kind, row[at], `${title} ${row[0] ?? ""}`)))));
    return section(capitalized(name), element("div", { class: "wide" },
      element("table", { class: "from-table" },
        element("thead", {}, element("tr", {}, element("td"), rows.map((row) =>
          element("th", { scope: "col", class: here(row) }, String(row[0] ?? ""))))),
        element("tbody", {}, lines))));
  }

  function tableCell(state, kind, value, label) {
    if (value == null) return "–";
    if (kind === "picture") return sprites.part(data.series.get(state.series).folder, value, label);
    return kind === "number" ? readable(value) : String(value);
  }

  function head(state, index, record) {
    const at = neighbours.findIndex((item) => item.index === index);
    const link = (by, text, key) => {
      const next = neighbours[at + by];
      return element("a", { class: "button", "aria-disabled": !next, title: key,
        href: next ? address.link({ index: String(next.index) }) : null }, text);
    };
    return element("div", { class: "unit-head" },
      element("nav", { "aria-label": "Units" },
        element("a", { class: "button", href: address.link({ view: "grid" }), title: "Escape" }, "← all units"),
        link(-1, "‹ previous", "Arrow left"), link(1, "next ›", "Arrow right")),
      element("h1", { tabindex: -1 }, [state.layer, `unit ${index}`, record.label].filter(Boolean).join(" · ")),
      element("p", {}, `${state.series} / ${state.instance}, ${state.threshold} steps: `,
        element("b", {}, words(record.status ?? "not rendered")), known(state, record)));
  }

  /** The other columns of a unit's cell, as text. */
  const known = (state, record) => data.series.get(state.series).columns.cells
    .filter(({ name }) => name !== "status")
    .map(({ name, title, kind }) => `, ${title.toLowerCase()} ${written(record[name], kind)}`).join("");

  async function show(main) {
    const number = ++showing;
    const state = { ...address.state };
    const index = Number(state.index);
    const current = () => number === showing && address.state.view === "unit";
    let parts;
    try {
      neighbours = await selection.shown(state, comparison.other(state));
      const cells = await data.cells(state);
      const position = cells.index.indexOf(index);
      if (position < 0) throw new Error(`${state.layer} has no sprite of unit ${state.index}`);
      seen = data.record(cells, state.threshold, position);
      const details = await data.details(state);
      const { attempts, settings } = details.units[index];
      parts = [
        sprites.show(state, index, largeEdge(state), seen.status),
        await states(state, index),
        review.markPanel(state, seen),
        ...(await tables(state, index)),
        curve(state, attempts, index),
        attemptTable(state, attempts),
        section("Settings", pairs(details.settings[settings])),
        files(state, seen),
      ];
    } catch (error) {
      if (!current()) return;
      main.className = "unit";
      main.replaceChildren(element("p", { class: "failure", role: "alert" }, error.message, " ",
        element("a", { href: address.link({ view: "grid", index: "" }) }, "All units")));
      return;
    }
    if (!current()) return;
    const focus = main.className !== "unit" || main.contains(document.activeElement);
    main.className = "unit";
    main.replaceChildren(head(state, index, seen), ...parts);
    if (focus) main.querySelector("h1").focus({ preventScroll: true });
  }

  /** A whole multiple of the sprite's size, so that its pixels stay square. */
  function largeEdge(state) {
    const edge = sprites.longest(state);
    const room = Math.min(320, innerWidth - 48);
    return Math.max(1, Math.floor(room / edge)) * edge;
  }

  function go(by) {
    const next = neighbours[neighbours.findIndex((item) => item.index === Number(address.state.index)) + by];
    if (next) app.change({ index: String(next.index) }, true);
  }

  const previous = () => go(-1), next = () => go(1);

  registry.addView({
    name: "unit",
    settle: (values) => selection.settle(comparison.settle(values)),
    title: ({ index, layer, instance, series }) => [`unit ${index}`, layer, instance, series],
    controls: controls.place,
    keys: [
      ...controls.PLACE_KEYS,
      { label: "Left, right", what: "previous, next unit",
        press: { ArrowLeft: previous, ArrowRight: next, p: previous, n: next } },
      { label: "Escape", what: "back to all units", press: { Escape: () => app.change({ view: "grid" }, true) } },
    ],
    show,
    marked: () => show(document.getElementById("main")),
    current: () => seen,
  });
}
