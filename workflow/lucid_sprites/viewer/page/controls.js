"use strict";

// The controls above the sprites. They are made once and then follow the state, so that a slider
// is not replaced under the hand that moves it.

const controls = (() => {
  let built = "";

  const instances = (series) => data.series.get(series).instances.map((item) => item.name);
  const layers = (place) => data.instance(place.series, place.instance).layers.map((item) => item.name);
  const thresholds = (place) => data.layer(place).thresholds.map(String);

  /** Something to go through by a slider, by a list, and by the keys that the title names. */
  function stepper(name, label, values, keys, texts = new Map()) {
    const options = values.map((value) => [value, texts.get(value) ?? value]);
    const list = choice(label, address.state[name], options, (value) => app.change({ [name]: value }),
      { "data-name": name, title: keys });
    if (values.length < 2) return list;
    const slider = element("input", {
      type: "range", min: 0, max: values.length - 1, value: values.indexOf(address.state[name]),
      "data-slider": name, "aria-label": label, title: keys,
      "aria-valuetext": address.state[name],
      input: () => app.change({ [name]: values[slider.value] }),
    });
    list.append(slider);
    return list;
  }

  function place(state) {
    return [
      data.series.size > 1 && choice("Series", state.series, [...data.series.keys()],
        (series) => app.change({ series }), { "data-name": "series" }),
      stepper("instance", "Instance", instances(state.series), "keys i and Shift+i"),
      stepper("layer", "Layer", layers(state), "keys l and Shift+l",
        data.shortNames(data.instance(state.series, state.instance).layers)),
      stepper("threshold", "Threshold", thresholds(state), "keys t and Shift+t"),
    ];
  }

  function comparison(state) {
    const other = address.other;
    const modes = [["", "off"], ["side", "side by side"], ["blink", "blinking"]];
    const mode = choice("Compare", state.compare, modes, (compare) => app.change({ compare }),
      { "data-name": "compare", title: "key c" });
    if (!other) return [mode];
    const pick = (name, label, values) => choice(label, other[name], values,
      (value) => app.change({ [`${name}2`]: value }), { "data-name": `${name}2` });
    return [
      mode,
      data.series.size > 1 && pick("series", "with series", [...data.series.keys()]),
      pick("instance", "with instance", instances(other.series)),
      other.series !== state.series && pick("layer", "with layer", layers(other)),
      pick("threshold", "with threshold", thresholds(other)),
    ];
  }

  function order(state) {
    const sorts = [["index", "index"], ["loss", "loss, high first"], ["-loss", "loss, low first"],
      ["status", "status"]];
    if (state.compare) sorts.push(["change", "change of loss"], ["picture", "change of picture"]);
    for (const [key, text] of selection.tableSorts(state.series)) {
      sorts.push([key, `${text}, high first`], [`-${key}`, `${text}, low first`]);
    }
    return choice("Sort by", state.sort, sorts, (sort) => app.change({ sort }), { "data-name": "sort" });
  }

  function filters(state) {
    const kinds = data.series.get(state.series).statuses.filter((status) => status !== "ok");
    const statuses = [["", "all"], ["ok", "ok"], ["failed", "all failed"],
      ...kinds.map((status) => [status, status.replaceAll("_", " ")])];
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
      element("label", { class: "field check" }, marked, element("span", {}, "only marked")),
    ];
  }

  function size(state) {
    const zooms = [0.5, 1, 1.5, 2, 3, 4, 6].map((zoom) => [String(zoom), `${zoom} ×`]);
    return choice("Zoom", state.zoom || grid.usualZoom(), zooms, (zoom) => app.change({ zoom }),
      { "data-name": "zoom", title: "keys + and -" });
  }

  /** What the choices depend on; while it is the same, the elements stay. */
  const shape = (state) => JSON.stringify([state.view, state.series, state.instance,
    state.compare, state.series2, state.instance2, data.layer(state).thresholds,
    address.other && data.layer(address.other).thresholds]);

  function show() {
    const state = address.state;
    const root = document.getElementById("controls");
    root.hidden = state.view === "overview";
    document.getElementById("open-controls").hidden = root.hidden;
    if (root.hidden) {
      built = "";
      return;
    }
    const wanted = shape(state);
    if (built !== wanted) {
      const parts = state.view === "unit"
        ? [place(state)]
        : [place(state), comparison(state), filters(state), order(state), size(state)];
      const focused = document.activeElement?.dataset?.name;
      root.replaceChildren(...parts.flat().filter(Boolean));
      built = wanted;
      if (focused) root.querySelector(`[data-name="${focused}"]`)?.focus();
    }
    follow(root, state);
  }

  function follow(root, state) {
    for (const field of root.querySelectorAll("[data-name]")) {
      const { name } = field.dataset;
      if (name === "marked") field.checked = Boolean(state.marked);
      else if (field !== document.activeElement || field.tagName === "SELECT") {
        field.value = name === "zoom" ? state.zoom || grid.usualZoom() : state[name];
      }
    }
    for (const slider of root.querySelectorAll("[data-slider]")) {
      const values = [...slider.parentElement.querySelector("select").options].map((o) => o.value);
      const value = state[slider.dataset.slider];
      slider.value = values.indexOf(value);
      slider.setAttribute("aria-valuetext", value);
    }
  }

  /** The value `by` places further in a list that the state's `name` is chosen from. */
  function neighbour(name, by) {
    const state = address.state;
    const values = { instance: () => instances(state.series), layer: () => layers(state),
      threshold: () => thresholds(state) }[name]();
    const at = values.indexOf(state[name]) + by;
    return values[Math.min(values.length - 1, Math.max(0, at))];
  }

  return { show, neighbour, instances, layers, thresholds };
})();
