"use strict";

// Judging: a key marks a unit, a dialog lists the marks and hands out the files.

const review = (() => {
  const REASONS = ["bad", "grey", "noisy", "unclear", "duplicate"];
  const CHOICES = { transforms: ["", "none", "standard", "shallow", "strong", "wild"],
    parametrization: ["", "fft", "pixel"] };
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
    document.getElementById("mark-count").textContent = marks.count();
    app.marksChanged();
  }

  /** The form on the page of a unit: reason and settings for the next rendering. */
  function markPanel(state, record) {
    const unit = unitOf(state, record);
    const mark = marks.get(state.series, unit);
    const now = mark ?? { reason: lastReason, seed: record.seed + 1 };
    const reasons = element("datalist", { id: "reasons" }, REASONS.map((value) => element("option", { value })));
    const field = (label, name, attributes) => entry(label, now[name] ?? "", () => {}, { name, ...attributes });
    const form = element("form", { class: "panel mark", submit: (event) => { event.preventDefault(); save(); } },
      element("h2", {}, mark ? "Marked to be rendered anew" : "Not good? Mark it"),
      reasons,
      field("Reason", "reason", { list: "reasons", required: true }),
      field("Seed", "seed", { type: "number", min: 0, max: 4294967295 }),
      field("Learning rate", "learning_rate", { type: "number", step: "any", min: 0, placeholder: "as before" }),
      Object.entries(CHOICES).map(([name, values]) =>
        choice(name[0].toUpperCase() + name.slice(1), now[name] ?? "",
          values.map((value) => [value, value || "as before"]), () => {}, { name })),
      element("p", { class: "note" }, "All thresholds of the unit are rendered anew by the next run that is given the review file."),
      element("button", { class: "primary" }, mark ? "Change the mark" : "Mark (m)"),
      mark && element("button", { type: "button", click: () => { marks.remove(state.series, unit); changed(); } }, "Take the mark away"));

    function save() {
      const given = Object.fromEntries(new FormData(form));
      const settings = {};
      for (const name of ["seed", "learning_rate"]) if (given[name] !== "") settings[name] = Number(given[name]);
      for (const name of Object.keys(CHOICES)) if (given[name]) settings[name] = given[name];
      if (!Object.keys(settings).length) settings.seed = record.seed + 1;
      lastReason = given.reason;
      marks.set(state.series, unit, given.reason, settings);
      say(`Unit ${record.index} is marked: ${given.reason}`);
      changed();
    }
    return form;
  }

  function row(series, mark) {
    const place = { series, instance: mark.instance, layer: mark.layer };
    const layer = data.layer(place);
    const threshold = layer && String(layer.thresholds.at(-1));
    const settings = Object.entries(settingsOf(mark)).map(([name, value]) => `${name} ${value}`).join(", ");
    return element("tr", {},
      element("td", {}, layer ? sprites.show({ ...place, threshold }, mark.index, 48, "ok") : "gone"),
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

  return { toggle, markPanel, open, REASONS };
})();
