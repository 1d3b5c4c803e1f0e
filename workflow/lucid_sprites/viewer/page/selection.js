"use strict";

// Which units of a layer are shown, in what order, and which have a name.

const selection = (() => {
  const ADDRESS = { status: "", low: "", high: "", least: "", marked: "", named: "", sort: "index" };
  // In the address: every status but that of a picture.
  const FAILED = "failed";

  /** Orders of numbers that tables bring, by keys `table/column`. */
  const tableSorts = ({ tables }) => tables.flatMap(({ name, columns }) =>
    columns.filter(([, kind]) => kind === "number").flatMap(([column]) => {
      const sort = { by: "value", shown: "value", table: name, column };
      const [key, title] = [`${name}/${column}`, `${name}: ${column}`];
      return [{ ...sort, key, title: `${title}, high first`, order: "high" },
        { ...sort, key: `-${key}`, title: `${title}, low first`, order: "low" }];
    }));

  /** The orders of a series' units; some need something to compare with. */
  function sorts(state) {
    const manifest = data.series.get(state.series);
    return [...manifest.choices.sorts, ...tableSorts(manifest)].filter((sort) => state.compare || !sort.compared);
  }

  /** The order that a state asks for. */
  const sortOf = (state) => sorts(state).find(({ key }) => key === state.sort)
    ?? sorts(state).find(({ key }) => key === ADDRESS.sort);

  /** The same values with an order that needs no comparison if there is none. */
  function settle(values) {
    const { sorts: all } = data.series.get(values.series).choices;
    const needless = !values.compare && all.some(({ key, compared }) => compared && key === values.sort);
    return needless ? { ...values, sort: ADDRESS.sort } : values;
  }

  /** Values of a table's column by index, for a place. */
  async function column(place, sort) {
    const table = await data.table(place.series, sort.table);
    const at = table.columns.findIndex(([title]) => title === sort.column);
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

  /** Every unit of a place with its record. */
  async function units(state, other) {
    const cells = await data.cells(state);
    const list = cells.index.map((index, position) => data.record(cells, state.threshold, position))
      .filter((unit) => unit.status != null);
    if (other) await addOther(list, state, other);
    return list;
  }

  async function addOther(list, state, other) {
    const cells = await data.cells(other);
    const positions = new Map(cells.index.map((index, position) => [index, position]));
    for (const unit of list) {
      const position = positions.get(unit.index);
      const record = position == null ? {} : data.record(cells, other.threshold, position);
      unit.other = { status: record.status ?? null, loss: record.loss ?? null };
      const both = unit.loss != null && unit.other.loss != null;
      unit.change = both ? unit.other.loss - unit.loss : null;
      unit.difference = both ? Math.abs(unit.change) : null;
    }
    if (sortOf(state).by === "picture") {
      const both = list.filter((unit) => unit.status === data.OK && unit.other.status === data.OK);
      const differences = await sprites.differences(state, other, both.map((unit) => unit.index));
      both.forEach((unit, number) => (unit.picture = differences[number]));
    }
  }

  /** What has no value reaches no limit. */
  const reaches = (value, limit) => (value ?? NaN) >= Number(limit);

  function hasStatus(unit, wanted) {
    if (wanted === FAILED) return unit.status !== data.OK;
    return wanted === "" || unit.status === wanted;
  }

  /** Has a unit a name with some text in it? Where no unit has a name, all pass. */
  const isNamed = (unit, state) => !state.named || !data.layer(state).labelled
    || (unit.label ?? "").toLowerCase().includes(state.named.toLowerCase());

  /** The units of a layer that are called so, or that have a text in their names. */
  async function named(place, text, isWhole) {
    const wanted = text.toLowerCase();
    const { index, label } = await data.cells(place);
    const fits = (name) => (isWhole ? name === wanted : name.includes(wanted));
    return index.filter((_, position) => fits((label?.[position] ?? "").toLowerCase()));
  }

  function passes(unit, state) {
    // The change that is looked at: of the picture if that is what the units are sorted by.
    const change = sortOf(state).by === "picture" ? unit.picture : unit.difference;
    return (!state.compare || state.least === "" || reaches(change, state.least))
      && hasStatus(unit, state.status)
      && isNamed(unit, state)
      && (state.low === "" || reaches(unit.loss, state.low))
      && (state.high === "" || reaches(-(unit.loss ?? NaN), -state.high))
      && (!state.marked || Boolean(marks.get(state.series, { ...state, index: unit.index })));
  }

  /** Compares units for an order; what has no value comes last, equal ones go by index. */
  function comparing({ by, order }) {
    const sign = order === "high" ? -1 : 1;
    return ({ [by]: a, index: i }, { [by]: b, index: j }) => {
      if (a == null || b == null) return (a == null) - (b == null) || i - j;
      return sign * (typeof a === "string" ? a.localeCompare(b) : a - b) || i - j;
    };
  }

  /** The units to show, in order. */
  async function shown(state, other) {
    const list = (await units(state, other)).filter((unit) => passes(unit, state));
    const sort = sortOf(state);
    const values = sort.table ? await column(state, sort) : new Map();
    for (const unit of list) unit.value = values.get(unit.index);
    return list.sort(comparing(sort));
  }

  function filters(state) {
    const kinds = data.series.get(state.series).statuses.filter((status) => status !== data.OK);
    const statuses = [["", "all"], [data.OK, data.OK], [FAILED, `all ${FAILED}`],
      ...kinds.map((status) => [status, words(status)])];
    const number = (label, name) => entry(label, state[name], (value) => app.change({ [name]: value }),
      { type: "number", step: "any", size: 6, "data-name": name });
    const marked = element("input", {
      type: "checkbox", checked: Boolean(state.marked), "data-name": "marked",
      change: (event) => app.change({ marked: event.target.checked ? "yes" : "" }),
    });
    return [
      choice("Status", state.status, statuses, (status) => app.change({ status }), { "data-name": "status" }),
      number("Loss from", "low"),
      number("to", "high"),
      state.compare && number("Change from", "least"),
      data.layer(state).labelled && entry("Name", state.named, (text) => app.change({ named: text.trim() }),
        { type: "text", size: 10, "data-name": "named" }),
      element("label", { class: "field check" }, marked, element("span", {}, "only marked")),
    ];
  }

  const order = (state) => choice("Sort by", sortOf(state).key, sorts(state).map(({ key, title }) => [key, title]),
    (sort) => app.change({ sort }), { "data-name": "sort" });

  return { ADDRESS, FAILED, settle, shown, named, rowsOf, sortOf, controls: (state) => [...filters(state), order(state)] };
})();
