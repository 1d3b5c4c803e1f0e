"use strict";

// What the sprites are compared with: another instance, threshold or series.

const comparison = (() => {
  const ADDRESS = { compare: "", series2: "", instance2: "", layer2: "", threshold2: "" };
  const MODES = [["", "off"], ["side", "side by side"], ["blink", "blinking"]];
  const modes = MODES.map(([mode]) => mode);

  /** The place that a state is compared with, or null. */
  function other(state) {
    const { series2: series, instance2: instance, layer2: layer, threshold2: threshold } = state;
    return state.compare ? { series, instance, layer, threshold } : null;
  }

  /** What a place is compared with at first: its neighbouring instance, or another threshold. */
  function counterpart(place) {
    const instances = controls.instances(place.series);
    const different = (values, now) => values.find((value) => value !== now) ?? now;
    if (instances.length > 1) return { ...place, instance: different(instances, place.instance) };
    return { ...place, threshold: different(controls.thresholds(place), place.threshold) };
  }

  /** The place that is compared with, under its names in the address. */
  function second(values, place) {
    const names = Object.keys(place);
    const given = names.some((name) => values[`${name}2`]);
    const wanted = Object.fromEntries(names.map((name) => [name, values[`${name}2`] || place[name]]));
    const settled = !values.compare ? {} : address.existing(given ? wanted : counterpart(place));
    return Object.fromEntries(names.map((name) => [`${name}2`, settled[name] ?? ""]));
  }

  /** The same values with a place that exists; the other place only if it is compared with. */
  function settle(values) {
    const place = address.existing(values);
    const compare = modes.includes(values.compare) ? values.compare : "";
    return { ...values, ...place, compare, ...second({ ...values, compare }, place) };
  }

  function elements(state) {
    const mode = choice("Compare", state.compare, MODES, (compare) => app.change({ compare }),
      { "data-name": "compare", title: "key c" });
    const place = other(state);
    if (!place) return [mode];
    const pick = (name, label, values) => choice(label, place[name], values,
      (value) => app.change({ [`${name}2`]: value }), { "data-name": `${name}2` });
    return [
      mode,
      data.series.size > 1 && pick("series", "with series", [...data.series.keys()]),
      pick("instance", "with instance", controls.instances(place.series)),
      place.series !== state.series && pick("layer", "with layer", controls.layers(place)),
      pick("threshold", "with threshold", controls.thresholds(place)),
    ];
  }

  const KEYS = [{ label: "c", what: "compare: side by side, blinking, off",
    press: { c: () => app.change({ compare: modes[(modes.indexOf(address.state.compare) + 1) % modes.length] }) } }];

  return { ADDRESS, KEYS, settle, other, controls: elements };
})();
