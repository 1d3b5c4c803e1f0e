"use strict";

// What is there, from the manifests inside this page, and what is loaded on demand: scripts that
// call `receiveData`, because a page opened from disk may not read files in any other way.

const data = (() => {
  const waiting = new Map();
  const loaded = new Map();

  /** The data under `key`, from a script at `path`; loaded once. */
  function load(key, path) {
    if (!loaded.has(key)) {
      const promise = new Promise((resolve, reject) => {
        waiting.set(key, resolve);
        const tag = element("script", {
          src: path.split("/").map(encodeURIComponent).join("/"),
          load: () => tag.remove(),
          error: () => {
            tag.remove();
            loaded.delete(key);
            reject(new Error(`${path} is missing or damaged; run the workflow again`));
          },
        });
        document.head.append(tag);
      });
      loaded.set(key, promise);
    }
    return loaded.get(key);
  }

  function receive(key, value) {
    waiting.get(key)?.(value);
    waiting.delete(key);
  }

  /** The status of a sprite that came out. */
  const [OK] = MANIFESTS[0].statuses;
  const pictured = (status) => MANIFESTS[0].pictured.includes(status);

  const series = new Map(MANIFESTS.map((manifest) => [manifest.series, manifest]));

  const instance = (seriesName, name) =>
    series.get(seriesName)?.instances.find((item) => item.name === name);

  /** A layer of an instance by its name, or by its number. */
  function layer(place) {
    const layers = instance(place.series, place.instance)?.layers ?? [];
    return layers.find((item) => item.name === place.layer)
      ?? layers.find((item) => String(item.number) === String(place.layer));
  }

  /** Names of an instance's layers by what differs: without the folders that all have in common. */
  function shortNames(layers) {
    const names = layers.map((item) => item.name);
    let common = names.length > 1 ? names[0].lastIndexOf("/") + 1 : 0;
    while (common && !names.every((name) => name.startsWith(names[0].slice(0, common)))) {
      common = names[0].lastIndexOf("/", common - 2) + 1;
    }
    return new Map(names.map((name) => [name, name.slice(common)]));
  }

  /** The path of a kind of file, as the manifest's templates say, from the series' folder. */
  function pathIn(kind, place, more = {}) {
    const fields = { ...place, layer: layer(place)?.number, ...more };
    return series.get(place.series).paths[kind].replace(/{(\w+)}/g, (_, name) => fields[name]);
  }

  const path = (kind, place, more) => series.get(place.series).folder + pathIn(kind, place, more);

  /** The path as seen from the folder that the workflow runs in. */
  const projectPath = (kind, place, more) =>
    `${series.get(place.series).results}/${place.series}/${pathIn(kind, place, more)}`;

  const key = (place) => `${place.series}/${place.instance}/${layer(place).number}`;
  const cells = (place) => load(key(place), path("cells", place));
  const details = (place) => load(`${key(place)}/details`, path("details", place));
  const pixels = (place) => load(`${key(place)}/${place.threshold}`, path("pixels", place));
  const table = (seriesName, name) =>
    load(`${seriesName}/tables/${name}`, path("table", { series: seriesName }, { table: name }));

  /** What is known of a unit at a threshold, by the columns of the cells. */
  function record(cells, threshold, position) {
    const columns = Object.entries(cells.at[threshold] ?? {}).map(([name, values]) => [name, values[position]]);
    const label = cells.label?.[position] ?? null;
    return { index: cells.index[position], scale: cells.scale[position], label, ...Object.fromEntries(columns) };
  }

  return { OK, pictured, record, series, instance, layer, shortNames, path, projectPath, cells, details, pixels, table, receive };
})();

/** What the scripts with data call. */
const receiveData = data.receive;
