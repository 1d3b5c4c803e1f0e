"use strict";

// The controls above what is shown. While they stay the same they only follow the state, so that a
// slider is not replaced under the hand that moves it.

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
      "data-name": `${name} slider`, "data-slider": name, "aria-label": label, title: keys,
      "aria-valuetext": address.state[name],
      input: () => app.change({ [name]: values[slider.value] }),
    });
    list.append(slider);
    return list;
  }

  /** A choice of the series, if there are several. */
  const series = (state) => data.series.size > 1 && choice("Series", state.series, [...data.series.keys()],
    (name) => app.change({ series: name }), { "data-name": "series" });

  /** The controls of a view that shows a layer of an instance at a threshold. */
  const place = (state) => [
    series(state),
    stepper("instance", "Instance", instances(state.series), "keys i and Shift+i"),
    stepper("layer", "Layer", layers(state), "keys l and Shift+l",
      data.shortNames(data.instance(state.series, state.instance).layers)),
    stepper("threshold", "Threshold", thresholds(state), "keys t and Shift+t"),
  ];

  /** Change the state to the value `by` places further in a list that its `name` is chosen from. */
  function step(name, list, by) {
    const { state } = address;
    const values = list(state);
    const at = values.indexOf(state[name]) + by;
    app.change({ [name]: values[Math.min(values.length - 1, Math.max(0, at))] });
  }

  const ofSeries = (state) => instances(state.series);

  /** The keys of such a view. */
  const PLACE_KEYS = [
    { label: "i, Shift+i", what: "next, previous instance",
      press: { i: () => step("instance", ofSeries, 1), I: () => step("instance", ofSeries, -1) } },
    { label: "l, Shift+l", what: "next, previous layer",
      press: { l: () => step("layer", layers, 1), L: () => step("layer", layers, -1) } },
    { label: "t, Shift+t", what: "next, previous threshold",
      press: { t: () => step("threshold", thresholds, 1), T: () => step("threshold", thresholds, -1) } },
  ];

  const named = (part) => [part, ...part.querySelectorAll("*")].filter((field) => field.dataset.name);

  /** What tells controls from others: all but what is chosen now. */
  const shape = (parts) => JSON.stringify(parts.map((part) => [part.textContent, ...named(part).map((field) =>
    [field.dataset.name, ...[...field.options ?? []].map((option) => option.value)])]));

  function show() {
    const root = document.getElementById("controls");
    const parts = (address.view.controls?.(address.state) ?? []).flat().filter(Boolean);
    root.hidden = !parts.length;
    document.getElementById("open-controls").hidden = root.hidden;
    const wanted = shape(parts);
    if (built === wanted) return follow(root, parts.flatMap(named));
    const focused = document.activeElement?.dataset?.name;
    root.replaceChildren(...parts);
    built = wanted;
    if (focused) root.querySelector(`[data-name="${focused}"]`)?.focus();
  }

  /** Choose what new controls have chosen; what is being typed stays. */
  function follow(root, fresh) {
    named(root).forEach((field, number) => {
      const { value, checked } = fresh[number];
      const typing = field === document.activeElement && /^(text|number)$/.test(field.type);
      if (!typing) Object.assign(field, { value, checked });
      if (field.dataset.slider) field.setAttribute("aria-valuetext", fresh[number].getAttribute("aria-valuetext"));
    });
  }

  return { show, place, series, instances, layers, thresholds, PLACE_KEYS };
})();
