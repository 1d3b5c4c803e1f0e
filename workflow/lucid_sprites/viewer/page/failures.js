"use strict";

// All sprites of a series without a picture, by layer and status.

{
  // Units that a line names; the grid shows all.
  const NAMED = 40;
  const COLUMNS = ["Instance", "Layer", "Status", "Steps", "Units"];
  let showing = 0;

  const failed = (statuses) => statuses.filter((status) => status !== data.OK);

  /** The status that is looked for, or none: then it is all that failed. */
  const wantedStatus = ({ series, status }) =>
    (failed(data.series.get(series).statuses).includes(status) ? status : "");

  /** How many sprites of a layer have one of some statuses. */
  const count = (layer, statuses) => Object.values(layer.status)
    .reduce((sum, counts) => sum + statuses.reduce((n, status) => n + (counts[status] ?? 0), 0), 0);

  /** The layers of all instances that have such sprites. */
  const layersWith = (manifest, statuses) => manifest.instances.flatMap((instance) => instance.layers
    .filter((layer) => count(layer, statuses))
    .map((layer) => ({ series: manifest.series, instance: instance.name, layer: layer.name })));

  /** Units of a place that failed in the same way at the same thresholds, as one line. */
  async function lines(place, statuses) {
    const cells = await data.cells(place);
    const groups = new Map();
    cells.index.forEach((index, position) => {
      for (const status of statuses) {
        const thresholds = Object.keys(cells.at).filter((at) => cells.at[at].status[position] === status);
        if (!thresholds.length) continue;
        const key = [status, ...thresholds].join();
        if (!groups.has(key)) groups.set(key, { place, status, thresholds, indexes: [] });
        groups.get(key).indexes.push(index);
      }
    });
    return [...groups.values()];
  }

  function line({ place, status, thresholds, indexes }) {
    const at = { ...selection.ADDRESS, ...place, status, threshold: thresholds.at(-1) };
    const all = element("a", { href: address.link({ ...at, view: "grid", index: "" }) }, place.layer);
    const units = indexes.slice(0, NAMED).flatMap((index) =>
      [element("a", { href: address.link({ ...at, view: "unit", index: String(index) }) }, String(index)), " "]);
    const more = indexes.length - NAMED;
    return element("tr", {},
      element("th", { scope: "row" }, place.instance), element("td", {}, all), element("td", {}, words(status)),
      element("td", {}, thresholds.join(", ")), element("td", {}, units, more > 0 && `and ${more} more`));
  }

  const table = (rows) => element("div", { class: "wide" }, element("table", { class: "failed-units" },
    element("thead", {}, element("tr", {}, COLUMNS.map((title) => element("th", { scope: "col" }, title)))),
    element("tbody", {}, rows.map(line))));

  function summary(manifest, statuses) {
    const layers = manifest.instances.flatMap((instance) => instance.layers);
    const sum = (of) => layers.reduce((n, layer) => n + count(layer, of), 0);
    const told = statuses.length === 1 ? `are said to be: ${words(statuses[0])}` : "did not come out";
    return `${sum(statuses)} of ${sum(manifest.statuses)} sprites ${told}.`;
  }

  async function show(main) {
    const number = ++showing;
    const { state } = address;
    const manifest = data.series.get(state.series);
    const statuses = [wantedStatus(state)].filter(Boolean);
    if (!statuses.length) statuses.push(...failed(manifest.statuses));
    let content;
    try {
      const all = await Promise.all(layersWith(manifest, statuses).map((place) => lines(place, statuses)));
      content = all.length ? table(all.flat()) : null;
    } catch (error) {
      content = element("p", { class: "failure", role: "alert" }, error.message);
    }
    if (number !== showing || address.state.view !== "failures") return;
    main.className = "failures";
    main.replaceChildren(element("h1", {}, `Sprites without a picture: ${manifest.series}`),
      element("p", {}, summary(manifest, statuses)), ...[content].filter(Boolean));
  }

  function statusChoice(state) {
    const statuses = failed(data.series.get(state.series).statuses).map((status) => [status, words(status)]);
    return choice("Status", wantedStatus(state), [["", "all"], ...statuses], (status) => app.change({ status }),
      { "data-name": "status" });
  }

  registry.addView({
    name: "failures", label: "Failures", hint: "Sprites without a picture",
    settle: (values) => ({ ...values, series: address.existing(values).series }),
    title: ({ series }) => ["failures", series],
    controls: (state) => [controls.series(state), statusChoice(state)],
    show,
  });
}
