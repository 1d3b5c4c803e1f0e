"use strict";

// The start: all series with their instances and layers.

const overview = (() => {
  const PREVIEWED = 12;
  const COLUMNS = [["Layer", ""], ["Units", "number"], ["Thresholds", ""], ["Sprites", "number"],
    ["Status", ""], ["Time", "number"]];

  const total = (layer, test) => Object.values(layer.status).reduce((sum, counts) =>
    sum + Object.entries(counts).reduce((n, [status, count]) => n + (test(status) ? count : 0), 0), 0);

  function layerRow(manifest, instance, layer, name) {
    const place = { series: manifest.series, instance: instance.name, layer: layer.name,
      threshold: String(layer.thresholds.at(-1)) };
    const failed = total(layer, (status) => status !== "ok");
    return element("tr", {},
      element("th", { scope: "row" },
        element("a", { href: address.link({ ...place, view: "grid", index: "" }), title: layer.name }, name)),
      element("td", { class: "number" }, `${layer.units} of ${layer.depth}`),
      element("td", {}, layer.thresholds.join(", ")),
      element("td", { class: "number" }, String(total(layer, () => true))),
      element("td", {}, failed
        ? element("a", { href: address.link({ ...place, view: "grid", status: "failed", index: "" }) },
            `${failed} failed`)
        : "all ok"),
      element("td", { class: "number" }, `${readable(layer.seconds)} s`));
  }

  /** The first sprites of the middle layer, so that the series shows its face. */
  function preview(manifest, instance) {
    const layer = instance.layers[Math.floor(instance.layers.length / 2)];
    const place = { series: manifest.series, instance: instance.name, layer: layer.name,
      threshold: String(layer.thresholds.at(-1)) };
    const strip = element("a", {
      class: "strip", href: address.link({ ...place, view: "grid", index: "" }),
      "aria-label": `${layer.name} of ${instance.name}`,
    });
    data.cells(place).then((cells) => {
      const statuses = cells.at[place.threshold].status;
      const shown = cells.index.filter((_, position) => statuses[position] === "ok").slice(0, PREVIEWED);
      strip.append(...shown.map((index) => sprites.show(place, index, 64, "ok")));
    }, (error) => say(error.message));
    return strip;
  }

  function layerRows(manifest, instance) {
    const names = data.shortNames(instance.layers);
    return instance.layers.map((layer) => layerRow(manifest, instance, layer, names.get(layer.name)));
  }

  const RUNS = [["good", "", "training"], ["second", "validation_", "held out"]];

  /** Loss and accuracy of a series that was trained here, over the epochs. */
  function training(manifest) {
    const log = manifest.training;
    if (!log) return null;
    const states = new Set(manifest.instances.map((instance) => instance.name));
    const saved = log.epoch.filter((epoch) => states.has(`epoch_${epoch}`));
    return element("div", { class: "curves" }, ["loss", "accuracy"].map((quantity) => {
      const lines = RUNS.map(([kind, prefix, label]) => ({
        kind, label, points: log.epoch.map((epoch, at) => [epoch, log[prefix + quantity][at]]),
      })).filter((line) => line.points.some(([, value]) => value != null));
      return element("figure", {},
        chart.draw(lines, saved, `${quantity} of ${manifest.series} over the epochs`, "epochs"),
        element("figcaption", {}, `${quantity[0].toUpperCase()}${quantity.slice(1)}: `,
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

  return { show };
})();
