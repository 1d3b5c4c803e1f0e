"use strict";

// Units marked as bad: kept in this browser, exported as the file that the workflow reads.

const marks = (() => {
  const ABOUT = ["instance", "layer", "index", "reason"];

  /** The folder of a series decides where its marks are kept, whatever page shows it. */
  function slot(series) {
    const here = location.origin + location.pathname.replace(/[^/]*$/, "");
    const folder = data.series.get(series).folder || "";
    return `lucid-sprites marks ${here}${folder}`;
  }

  const key = ({ instance, layer, index }) => [instance, layer, index].join("|");
  const sameUnit = (a, b) => key(a) === key(b);

  function all(series) {
    try {
      return JSON.parse(localStorage.getItem(slot(series)) ?? "{}");
    } catch {
      return {};
    }
  }

  function keep(series, marked) {
    localStorage.setItem(slot(series), JSON.stringify(marked));
  }

  /** Forget the marks that these results were made with. */
  function forgetDone(series) {
    const marked = all(series);
    const done = data.series.get(series).review.redo;
    const settings = (entry) => JSON.stringify(
      Object.entries(entry).filter(([name]) => !ABOUT.includes(name)).sort());
    for (const [name, mark] of Object.entries(marked)) {
      if (done.some((entry) => sameUnit(entry, mark) && settings(entry) === settings(mark))) {
        delete marked[name];
      }
    }
    keep(series, marked);
  }

  const get = (series, unit) => all(series)[key(unit)];

  /** Mark a unit, or change its mark. `unit.seed` is that of the picture seen. */
  function set(series, unit, reason, settings) {
    const marked = all(series);
    const { instance, layer, index } = unit;
    marked[key(unit)] = { instance, layer, index, reason, ...settings };
    keep(series, marked);
  }

  function remove(series, unit) {
    const marked = all(series);
    delete marked[key(unit)];
    keep(series, marked);
  }

  const list = (series) => Object.values(all(series));
  const count = () => [...data.series.keys()].reduce((sum, name) => sum + list(name).length, 0);

  /** The review file: what was redone before, which must stay as it is, then the new marks. */
  function yaml(series) {
    const marked = list(series);
    const before = data.series.get(series).review.redo
      .filter((entry) => !marked.some((mark) => sameUnit(mark, entry)));
    const lines = [...before, ...marked].flatMap((entry) =>
      Object.entries(entry).map(([name, value], number) =>
        `${number ? "    " : "  - "}${name}: ${JSON.stringify(value)}`));
    return [
      `# Save as ${data.series.get(series).review.file}; the next run renders these anew.`,
      `series: ${JSON.stringify(series)}`,
      lines.length ? "redo:" : "redo: []",
      ...lines,
    ].join("\n") + "\n";
  }

  /** Paths of the marked units' sprites, a line each. */
  async function files(series) {
    const paths = [];
    for (const { instance, layer, index } of list(series)) {
      const place = { series, instance, layer };
      if (!data.layer(place)) continue;
      const cells = await data.cells(place);
      const position = cells.index.indexOf(index);
      for (const threshold of Object.keys(cells.at)) {
        if (cells.at[threshold].status[position] == null) continue;
        paths.push(data.projectPath("sprite", place, { index, threshold, scale: cells.scale[position] }));
      }
    }
    return paths.join("\n") + "\n";
  }

  for (const series of data.series.keys()) forgetDone(series);

  return { get, set, remove, list, count, yaml, files, ABOUT };
})();
