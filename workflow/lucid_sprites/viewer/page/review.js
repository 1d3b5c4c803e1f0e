"use strict";

// Judging: a key marks a unit, a dialog lists the marks and hands out the files.

const review = (() => {
  const [{ choices: { reasons: REASONS } }] = MANIFESTS;
  let lastReason = REASONS[0];

  const unitOf = (state, record) =>
    ({ instance: state.instance, layer: state.layer, index: record.index });

  /** Mark the unit for a new seed, or take the mark away. */
  function toggle(state, record, reason = lastReason) {
    const unit = unitOf(state, record);
    const mark = marks.get(state.series, unit);
    if (mark && mark.reason === reason) {
      marks.remove(state.series, unit);
      say(`Unit ${record.index} is no longer marked`);
    } else {
      marks.set(state.series, unit, reason, mark ? settingsOf(mark) : { seed: record.seed + 1 });
      say(`Unit ${record.index} is marked: ${reason}`);
      lastReason = reason;
    }
    changed();
  }

  const settingsOf = (mark) =>
    Object.fromEntries(Object.entries(mark).filter(([name]) => !marks.ABOUT.includes(name)));

  function changed() {
    count();
    address.view.marked?.();
  }

  const count = () => (document.getElementById("mark-count").textContent = marks.count());

  /** A setting of the next rendering; without a value it stays as it was. */
  function redoField({ name, kind, low, high, choices }, now) {
    const value = now[name] ?? "";
    if (kind === "choice") {
      const values = ["", ...choices].map((item) => [item, item || "as before"]);
      return choice(capitalized(name), value, values, () => {}, { name });
    }
    return entry(capitalized(name), value, () => {}, { name, type: "number", min: low, max: high,
      step: kind === "integer" ? 1 : "any", placeholder: "as before" });
  }

  /** What a form says of such settings. */
  const redoSettings = (fields, given) => Object.fromEntries(fields
    .filter(({ name }) => given[name] !== "")
    .map(({ name, kind }) => [name, kind === "choice" ? given[name] : Number(given[name])]));

  /** The form on the page of a unit: reason and settings for the next rendering. */
  function markPanel(state, record) {
    const unit = unitOf(state, record);
    const mark = marks.get(state.series, unit);
    const now = mark ?? { reason: lastReason, seed: record.seed + 1 };
    const fields = data.series.get(state.series).choices.redo;
    const reasons = element("datalist", { id: "reasons" }, REASONS.map((value) => element("option", { value })));
    const form = element("form", { class: "panel mark", submit: (event) => { event.preventDefault(); save(); } },
      element("h2", {}, mark ? "Marked to be rendered anew" : "Not good? Mark it"),
      reasons,
      entry("Reason", now.reason, () => {}, { name: "reason", list: "reasons", required: true }),
      fields.map((field) => redoField(field, now)),
      element("p", { class: "note" }, "All thresholds of the unit are rendered anew by the next run that is given the review file."),
      element("button", { class: "primary" }, mark ? "Change the mark" : "Mark (m)"),
      mark && element("button", { type: "button", click: () => { marks.remove(state.series, unit); changed(); } }, "Take the mark away"));

    function save() {
      const given = Object.fromEntries(new FormData(form));
      const settings = redoSettings(fields, given);
      if (!Object.keys(settings).length) settings.seed = record.seed + 1;
      lastReason = given.reason;
      marks.set(state.series, unit, given.reason, settings);
      say(`Unit ${record.index} is marked: ${given.reason}`);
      changed();
    }
    return form;
  }

  /** The sprite of a unit; what became of it is loaded. */
  function thumbnail(place, index) {
    const frame = element("div");
    data.cells(place).then((cells) => {
      const { status } = data.record(cells, place.threshold, cells.index.indexOf(index));
      frame.append(sprites.show(place, index, 48, status));
    }, (error) => say(error.message));
    return frame;
  }

  function row(series, mark) {
    const place = { series, instance: mark.instance, layer: mark.layer };
    const layer = data.layer(place);
    const threshold = layer && String(layer.thresholds.at(-1));
    const settings = Object.entries(settingsOf(mark)).map(([name, value]) => `${name} ${value}`).join(", ");
    return element("tr", {},
      element("td", {}, layer ? thumbnail({ ...place, threshold }, mark.index) : "gone"),
      element("td", {}, element("a", {
        href: layer ? address.link({ ...place, threshold, index: String(mark.index), view: "unit" }) : null,
        click: () => document.getElementById("dialog").close(),
      }, `${mark.instance} ${mark.layer} ${mark.index}`)),
      element("td", {}, mark.reason),
      element("td", {}, settings),
      element("td", {}, element("button", {
        "aria-label": `Take the mark of unit ${mark.index} away`,
        click: () => { marks.remove(series, mark); changed(); open(); },
      }, "✕")));
  }

  function ofSeries(series) {
    const { file, redo } = data.series.get(series).review;
    const list = marks.list(series);
    return element("section", {},
      element("h3", {}, series),
      redo.length ? element("p", {}, `${redo.length} earlier entries of ${file} stay in the new file.`) : null,
      list.length
        ? element("div", { class: "wide" }, element("table", {}, list.map((mark) => row(series, mark))))
        : element("p", {}, "Nothing is marked. The key m marks the unit with the focus."),
      list.length ? element("p", { class: "buttons" },
        element("button", { class: "primary", "data-export": "yaml",
          click: () => download("review.yaml", marks.yaml(series), "application/yaml") }, "Download review.yaml"),
        element("button", { "data-export": "files",
          click: async () => download("review.txt", await marks.files(series)) }, "List of files"),
        element("button", { click: () => {
          if (!confirm(`Forget all marks of ${series}?`)) return;
          for (const mark of list) marks.remove(series, mark);
          changed();
          open();
        } }, "Forget all")) : null,
      list.length ? element("p", { class: "note" }, "Save it as ", element("code", {}, file),
        " and run ", element("code", {}, "snakemake -j N"), ": only these units are rendered anew.") : null);
  }

  function open() {
    openDialog("Review", ...[...data.series.keys()].map(ofSeries));
  }

  /** Mark the unit that is looked at, or take the mark away. */
  function mark(reason) {
    const record = address.view.current?.();
    if (record && record.seed != null) toggle(address.state, record, reason);
  }

  registry.addDialog({
    name: "review", hint: "Marked sprites (r)", open,
    label: ["Review ", element("span", { id: "mark-count" }, String(marks.count()))],
    keys: [
      { label: "m", what: "mark the unit with the last reason, or take the mark away", press: { m: () => mark() } },
      { label: `1 to ${REASONS.length}`, what: `mark as ${REASONS.join(", ")}`,
        press: Object.fromEntries(REASONS.map((reason, at) => [String(at + 1), () => mark(reason)])) },
      { label: "r", what: "review: list and export of the marks", press: { r: open } },
    ],
  });

  return { markPanel };
})();
