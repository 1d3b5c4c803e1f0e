"use strict";

// Which units of a layer are shown, and in what order.

const selection = (() => {
  /** Sort keys that tables bring, `table/column`, with what they are called. */
  const tableSorts = (seriesName) => data.series.get(seriesName).tables.flatMap(({ name, columns }) =>
    columns.filter(([, kind]) => kind === "number").map(([column]) => [`${name}/${column}`, `${name}: ${column}`]));

  /** Values of a table's column by index, for a place. */
  async function column(place, name) {
    const [tableName, columnName] = [name.slice(0, name.indexOf("/")), name.slice(name.indexOf("/") + 1)];
    if (!data.series.get(place.series).tables.some((item) => item.name === tableName)) return new Map();
    const table = await data.table(place.series, tableName);
    const at = table.columns.findIndex(([title]) => title === columnName);
    const values = new Map();
    for (const row of rowsOf(table, place)) {
      if (typeof row[at + 2] === "number") values.set(row[1], row[at + 2]);
    }
    return values;
  }

  /** The rows of a table that hold for an instance and a layer. */
  function rowsOf(table, place) {
    const number = data.layer(place)?.number;
    const rows = [...(table.rows[place.layer] ?? []), ...(table.rows[number] ?? [])];
    return rows.filter(([instance]) => instance == null || String(instance) === place.instance);
  }

  /** Every unit of a place with its record; `value` is what it is sorted by. */
  async function units(state, other) {
    const cells = await data.cells(state);
    const at = cells.at[state.threshold];
    const list = cells.index.map((index, position) => ({
      index,
      loss: at.loss[position],
      status: at.status[position],
      seed: at.seed[position],
      attempt: at.attempt[position],
      scale: cells.scale[position],
    })).filter((unit) => unit.status != null);
    if (other) await addOther(list, state, other);
    return list;
  }

  async function addOther(list, state, other) {
    const cells = await data.cells(other);
    const at = cells.at[other.threshold];
    const positions = new Map(cells.index.map((index, position) => [index, position]));
    for (const unit of list) {
      const position = positions.get(unit.index);
      const status = position == null ? null : at.status[position];
      unit.other = { status, loss: status == null ? null : at.loss[position] };
      const both = unit.loss != null && unit.other.loss != null;
      unit.change = both ? unit.other.loss - unit.loss : null;
    }
    if (state.sort === "picture") {
      const both = list.filter((unit) => unit.status === "ok" && unit.other.status === "ok");
      const found = await sprites.differences(state, other, both.map((unit) => unit.index));
      both.forEach((unit, number) => (unit.picture = found[number]));
    }
  }

  /** What has no value reaches no limit. */
  const reaches = (value, limit) => (value ?? NaN) >= Number(limit);

  /** The change that is looked at: of the picture if that is what the units are sorted by. */
  const changeOf = (unit, state) => (state.sort === "picture" ? unit.picture : Math.abs(unit.change ?? NaN));

  function passes(unit, state) {
    if (state.compare && state.least !== "" && !reaches(changeOf(unit, state), state.least)) return false;
    if (state.status === "ok" && unit.status !== "ok") return false;
    if (state.status === "failed" && unit.status === "ok") return false;
    if (state.status && !["ok", "failed"].includes(state.status) && unit.status !== state.status) return false;
    if (state.low !== "" && !reaches(unit.loss, state.low)) return false;
    if (state.high !== "" && !reaches(-(unit.loss ?? NaN), -state.high)) return false;
    if (state.marked && !marks.get(state.series, { ...state, index: unit.index })) return false;
    return true;
  }

  const highFirst = (name) => (a, b) => (b[name] ?? -Infinity) - (a[name] ?? -Infinity) || a.index - b.index;
  const lowFirst = (name) => (a, b) => (a[name] ?? Infinity) - (b[name] ?? Infinity) || a.index - b.index;
  const ORDERS = {
    index: (a, b) => a.index - b.index,
    loss: highFirst("loss"),
    "-loss": lowFirst("loss"),
    status: (a, b) => a.status.localeCompare(b.status) || a.index - b.index,
    change: (a, b) => Math.abs(b.change ?? 0) - Math.abs(a.change ?? 0) || a.index - b.index,
    picture: highFirst("picture"),
  };

  /** The units to show, in order. */
  async function shown(state, other) {
    const list = (await units(state, other)).filter((unit) => passes(unit, state));
    if (ORDERS[state.sort]) return list.sort(ORDERS[state.sort]);
    if (!state.sort.includes("/")) return list;
    const low = state.sort.startsWith("-");
    const values = await column(state, state.sort.slice(low ? 1 : 0));
    for (const unit of list) unit.value = values.get(unit.index);
    return list.sort((low ? lowFirst : highFirst)("value"));
  }

  return { shown, rowsOf, tableSorts };
})();
