"use strict";

// The state of the page is its address: everything that can be seen can be linked.

const address = (() => {
  const DEFAULTS = {
    view: "", series: "", instance: "", layer: "", threshold: "", index: "",
    compare: "", series2: "", instance2: "", layer2: "", threshold2: "",
    status: "", low: "", high: "", least: "", marked: "", sort: "index", zoom: "",
  };
  let state = { ...DEFAULTS };
  let timer = 0;

  /** Names keep their slashes, so that people can read and type the address. */
  function write(values) {
    const parameters = Object.entries(values).filter(([name, value]) => value !== DEFAULTS[name]);
    const encode = (text) => encodeURIComponent(text).replaceAll("%2F", "/");
    return "#" + parameters.map(([name, value]) => `${name}=${encode(value)}`).join("&");
  }

  function read() {
    const given = new URLSearchParams(location.hash.slice(1).replaceAll("+", "%2B"));
    const known = [...given].filter(([name]) => name in DEFAULTS);
    return { ...DEFAULTS, ...Object.fromEntries(known) };
  }

  const nearestThreshold = (layer, wanted) => {
    const all = layer.thresholds;
    if (wanted === "") return String(all.at(-1));
    return String(all.reduce((best, t) => (Math.abs(t - wanted) < Math.abs(best - wanted) ? t : best)));
  };

  /** The place in `values` that exists and is nearest to what they ask for. */
  function existing(place) {
    const series = data.series.get(place.series) ?? data.series.values().next().value;
    const instance = series.instances.find((item) => item.name === place.instance)
      ?? series.instances.at(-1);
    const named = { series: series.series, instance: instance.name };
    const layer = data.layer({ ...named, layer: place.layer }) ?? instance.layers[0];
    return { ...named, layer: layer.name, threshold: nearestThreshold(layer, place.threshold) };
  }

  /** What a place is compared with at first: its neighbouring instance, or another threshold. */
  function counterpart(place) {
    const instances = data.series.get(place.series).instances.map((item) => item.name);
    const different = (values, own) => values.find((value) => value !== own) ?? own;
    if (instances.length > 1) return { ...place, instance: different(instances, place.instance) };
    const thresholds = data.layer(place).thresholds.map(String);
    return { ...place, threshold: different(thresholds, place.threshold) };
  }

  /** The same values with a view and a place that exist; the other place only if compared. */
  function settled(values) {
    if (values.view === "overview") return values;
    const place = existing(values);
    const view = values.view === "unit" ? "unit" : "grid";
    const compare = ["side", "blink"].includes(values.compare) ? values.compare : "";
    const sort = !compare && ["change", "picture"].includes(values.sort) ? "index" : values.sort;
    return { ...values, ...place, ...second(values, place, compare), view, compare, sort };
  }

  /** The place that is compared with, under its names in the address. */
  function second(values, place, compare) {
    const names = Object.keys(place);
    const given = names.some((name) => values[`${name}2`]);
    const wanted = Object.fromEntries(names.map((name) => [name, values[`${name}2`] || place[name]]));
    const other = !compare ? {} : given ? existing(wanted) : existing(counterpart(place));
    return Object.fromEntries(names.map((name) => [`${name}2`, other[name] ?? ""]));
  }

  /** The page of a series begins with its sprites, the page over all series with a list. */
  const start = () => (MANIFESTS[0].folder === "" ? "grid" : "overview");

  return {
    get state() { return state; },
    /** The place of the sprites that are compared with, or null. */
    get other() {
      const { series2: series, instance2: instance, layer2: layer, threshold2: threshold } = state;
      return state.compare ? { series, instance, layer, threshold } : null;
    },
    /** The place that is shown; on the start page, the one that a layer is looked for in. */
    settledPlace: () => existing(state),
    link: (values) => write(settled({ ...state, ...values })),
    /** Take the state from the address. */
    arrive() {
      clearTimeout(timer);
      const given = read();
      state = settled({ ...given, view: given.view || (given.series ? "grid" : start()) });
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
