"use strict";

// The state of the page is its address: everything that can be seen can be linked.

const address = (() => {
  const PLACE = { view: "", series: "", instance: "", layer: "", threshold: "", index: "" };
  // The page of a series begins with its sprites, the page over all series with a list.
  const USUAL = "grid", START = MANIFESTS[0].folder === "" ? USUAL : "overview";
  let state = { ...PLACE };
  let timer = 0;

  /** All parts of the address with what they are by default. */
  const defaults = () => Object.assign({}, PLACE, ...[...registry.views.values()].map((view) => view.address));

  /** Names keep their slashes, so that people can read and type the address. */
  function write(values) {
    const usual = defaults();
    const parameters = Object.keys(usual).filter((name) => values[name] !== usual[name]);
    const encode = (text) => encodeURIComponent(text).replaceAll("%2F", "/");
    return "#" + parameters.map((name) => `${name}=${encode(values[name])}`).join("&");
  }

  function read() {
    const usual = defaults();
    const given = new URLSearchParams(location.hash.slice(1).replaceAll("+", "%2B"));
    const known = [...given].filter(([name]) => name in usual);
    return { ...usual, ...Object.fromEntries(known) };
  }

  const nearestThreshold = (layer, wanted) => {
    const all = layer.thresholds;
    if (wanted === "") return String(all.at(-1));
    return String(all.reduce((best, t) => (Math.abs(t - wanted) < Math.abs(best - wanted) ? t : best)));
  };

  /** The place in `values` that exists and is nearest to what they ask for. */
  function existing(values) {
    const series = data.series.get(values.series) ?? data.series.values().next().value;
    const instance = series.instances.find((item) => item.name === values.instance)
      ?? series.instances.at(-1);
    const named = { series: series.series, instance: instance.name };
    const layer = data.layer({ ...named, layer: values.layer }) ?? instance.layers[0];
    return { ...named, layer: layer.name, threshold: nearestThreshold(layer, values.threshold) };
  }

  /** The same values with a view that there is, and with what it makes of the rest. */
  function settled(values) {
    const view = registry.views.get(values.view) ?? registry.views.get(USUAL);
    return { ...view.settle(values), view: view.name };
  }

  return {
    existing,
    get state() { return state; },
    get view() { return registry.views.get(state.view); },
    /** The place that is shown; where none is, the one that a layer is looked for in. */
    settledPlace: () => existing(state),
    link: (values) => write(settled({ ...state, ...values })),
    /** Take the state from the address. */
    arrive() {
      clearTimeout(timer);
      const given = read();
      state = settled({ ...given, view: given.view || (given.series ? USUAL : START) });
      return state;
    },
    /** Change the state; `step` makes it one that the back button returns from. */
    change(values, step = false) {
      state = settled({ ...state, ...values });
      clearTimeout(timer);
      if (step) history.pushState(null, "", write(state));
      // A slider changes many times a second; browsers refuse so many addresses.
      else timer = setTimeout(() => history.replaceState(null, "", write(state)), 150);
      return state;
    },
  };
})();
