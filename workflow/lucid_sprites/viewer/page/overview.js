"use strict";

// The start: all series with their instances and layers.

{
  const PREVIEWED = 12;
  const total = (layer, test) => Object.values(layer.status).reduce((sum, counts) =>
    sum + Object.entries(counts).reduce((n, [status, count]) => n + (test(status) ? count : 0), 0), 0);

  /** A layer of an instance, where it has had most steps. */
  const placeOf = (manifest, instance, layer) => ({ series: manifest.series, instance: instance.name,
    layer: layer.name, threshold: String(layer.thresholds.at(-1)) });

  function statusLink(layer, place) {
    const failed = total(layer, (status) => status !== data.OK);
    if (!failed) return `all ${data.OK}`;
    return element("a", { href: address.link({ ...place, view: "grid", status: selection.FAILED, index: "" }) },
      `${failed} ${selection.FAILED}`);
  }

  // Title, class, and what stands in the line of a layer.
  const COLUMNS = [
    ["Layer", "", (layer, place, name) =>
      element("a", { href: address.link({ ...place, view: "grid", index: "" }), title: layer.name }, name)],
    ["Units", "number", (layer) => `${layer.units} of ${layer.depth}`],
    ["Thresholds", "", (layer) => layer.thresholds.join(", ")],
    ["Sprites", "number", (layer) => String(total(layer, () => true))],
    ["Status", "", statusLink],
    ["Time", "number", (layer) => `${readable(layer.seconds)} s`],
  ];

  function layerRow(manifest, instance, layer, name) {
    const place = placeOf(manifest, instance, layer);
    return element("tr", {}, COLUMNS.map(([, kind, content], at) =>
      element(at ? "td" : "th", { class: kind, scope: at ? null : "row" }, content(layer, place, name))));
  }

  /** The first sprites of the middle layer, so that the series shows its face. */
  function preview(manifest, instance) {
    const layer = instance.layers[Math.floor(instance.layers.length / 2)];
    const place = placeOf(manifest, instance, layer);
    const strip = element("a", {
      class: "strip", href: address.link({ ...place, view: "grid", index: "" }),
      "aria-label": `${layer.name} of ${instance.name}`,
    });
    data.cells(place).then((cells) => {
      const statuses = cells.at[place.threshold].status;
      const shown = cells.index.filter((_, position) => statuses[position] === data.OK).slice(0, PREVIEWED);
      strip.append(...shown.map((index) => sprites.show(place, index, 64, data.OK)));
    }, (error) => say(error.message));
    return strip;
  }

  function layerRows(manifest, instance) {
    const names = data.shortNames(instance.layers);
    return instance.layers.map((layer) => layerRow(manifest, instance, layer, names.get(layer.name)));
  }

  const KINDS = ["good", "second"];

  /** How the training of a series went that was trained here, over the epochs. */
  function training(manifest) {
    const log = manifest.training;
    if (!log) return null;
    const states = new Set(manifest.instances.map((instance) => instance.name));
    const saved = log.epoch.filter((epoch) => states.has(`epoch_${epoch}`));
    return element("div", { class: "curves" }, manifest.columns.training.map(({ quantity, runs }) => {
      const lines = runs.map(({ column, title }, number) => ({
        kind: KINDS[number], label: title, points: log.epoch.map((epoch, at) => [epoch, log[column][at]]),
      })).filter((line) => line.points.some(([, value]) => value != null));
      return element("figure", {},
        chart.draw(lines, saved, `${quantity} of ${manifest.series} over the epochs`, "epochs"),
        element("figcaption", {}, `${capitalized(quantity)}: `,
          lines.flatMap((line, at) => [at ? ", " : "", element("b", { class: line.kind }, line.label)]),
          "; upright lines are saved states."));
    }));
  }

  function card(manifest) {
    return element("section", { class: "card" },
      element("h2", {}, element("a", { href: address.link(
        { series: manifest.series, instance: "", layer: "", view: "grid", index: "" }) }, manifest.series)),
      training(manifest),
      manifest.instances.map((instance, number) =>
        element("details", { open: number === manifest.instances.length - 1 },
          element("summary", {}, instance.name,
            element("small", {}, ` ${instance.layers.length} layer${instance.layers.length === 1 ? "" : "s"}`)),
          preview(manifest, instance),
          element("div", { class: "wide" }, element("table", {},
            element("thead", {}, element("tr", {},
              COLUMNS.map(([title, kind]) => element("th", { scope: "col", class: kind }, title)))),
            element("tbody", {}, layerRows(manifest, instance)))))));
  }

  function show(main) {
    main.className = "overview";
    const cards = [...data.series.values()].map(card);
    main.replaceChildren(element("h1", {}, "Series"), ...cards);
  }

  registry.addView({ name: "overview", show, settle: (values) => values });
}
