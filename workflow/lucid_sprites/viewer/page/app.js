"use strict";

// What ties the page together: views, keys, search, theme.

const app = (() => {
  const main = document.getElementById("main");
  const KEYS = [
    ["i, Shift+i", "next, previous instance"], ["l, Shift+l", "next, previous layer"],
    ["t, Shift+t", "next, previous threshold"], ["Arrows, Home, End, Page up, Page down", "another unit"],
    ["Enter, Escape", "open a unit, back to all"], ["+, -", "zoom"], ["c", "compare: side by side, blinking, off"],
    ["b", "turn over what blinks"], ["m", "mark the unit with the last reason, or take the mark away"],
    ["1 to 5", `mark as ${review.REASONS.join(", ")}`], ["r", "review: list and export of the marks"],
    ["e", "export a figure"], ["/", "search"], ["d", "light or dark"], ["?", "these keys"],
  ];

  function show() {
    const { state } = address;
    document.title = state.view === "overview" ? "lucid-sprites"
      : [state.view === "unit" ? `unit ${state.index}` : null, state.layer, state.instance, state.series].filter(Boolean).join(" · ");
    names();
    controls.show();
    if (state.view !== "grid") grid.leave();
    if (state.view === "overview") overview.show(main);
    else if (state.view === "unit") unit.show(main);
    else grid.show(main);
  }

  /** Change the state and show it. */
  function change(values, step = false) {
    address.change(values, step);
    show();
  }

  function names() {
    const { state } = address;
    const list = document.getElementById("layer-names");
    const wanted = state.series && state.instance ? controls.layers(state) : [];
    if (list.dataset.names !== wanted.join()) {
      list.dataset.names = wanted.join();
      list.replaceChildren(...wanted.map((value) => element("option", { value })));
    }
  }

  /** `conv5`, `17`, or `conv5 17`: a layer by a part of its name, a unit by its index. */
  function search(text) {
    const words = text.trim().split(/\s+/).filter(Boolean);
    const index = /^\d+$/.test(words.at(-1) ?? "") ? words.pop() : "";
    const place = address.settledPlace();
    const wanted = words.join(" ").toLowerCase();
    const layers = controls.layers(place);
    const layer = wanted
      ? layers.find((name) => name.toLowerCase() === wanted) ?? layers.find((name) => name.toLowerCase().includes(wanted))
      : place.layer;
    if (!layer) return say(`No layer of ${place.series} / ${place.instance} has "${words.join(" ")}" in its name`);
    if (index && Number(index) >= data.layer({ ...place, layer }).depth) {
      return say(`${layer} has units 0 to ${data.layer({ ...place, layer }).depth - 1}`);
    }
    document.getElementById("find").blur();
    change({ ...place, layer, index, view: index ? "unit" : "grid" }, true);
  }

  function zoom(by) {
    const all = [0.5, 1, 1.5, 2, 3, 4, 6];
    const at = all.indexOf(Number(address.state.zoom || grid.usualZoom())) + by;
    change({ zoom: String(all[Math.min(all.length - 1, Math.max(0, at))]) });
  }

  function theme() {
    const root = document.documentElement;
    const dark = root.dataset.theme ? root.dataset.theme === "dark"
      : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
    localStorage.setItem("lucid-sprites theme", root.dataset.theme);
  }

  function help() {
    openDialog("Keys", element("dl", { class: "keys" }, KEYS.flatMap(([key, what]) =>
      [element("dt", {}, key), element("dd", {}, what)])));
  }

  function mark(reason) {
    const { state } = address;
    const record = state.view === "unit" ? unit.current() : grid.current();
    if (record && record.seed != null) review.toggle(state, record, reason);
  }

  function marksChanged() {
    if (address.state.view === "unit") unit.show(main);
    else if (address.state.view === "grid") address.state.marked ? grid.show(main) : grid.redraw();
  }

  const EVERYWHERE = {
    "/": () => document.getElementById("find").focus(),
    "?": help,
    d: theme,
    r: review.open,
  };
  const OF_A_LAYER = {
    i: () => change({ instance: controls.neighbour("instance", 1) }),
    I: () => change({ instance: controls.neighbour("instance", -1) }),
    l: () => change({ layer: controls.neighbour("layer", 1) }),
    L: () => change({ layer: controls.neighbour("layer", -1) }),
    t: () => change({ threshold: controls.neighbour("threshold", 1) }),
    T: () => change({ threshold: controls.neighbour("threshold", -1) }),
    m: () => mark(),
    ...Object.fromEntries(review.REASONS.map((reason, at) => [String(at + 1), () => mark(reason)])),
  };
  const OF_THE_GRID = {
    "+": () => zoom(1),
    "-": () => zoom(-1),
    c: () => change({ compare: { "": "side", side: "blink", blink: "" }[address.state.compare] }),
    e: figure.open,
  };

  /** Does the element use the key itself? */
  function taken(target, key) {
    if (document.getElementById("dialog").open) return true;
    if (target.matches("textarea, select, input:not([type=range], [type=checkbox])")) return true;
    if (target.matches("input[type=range]")) return /^(Arrow|Page|Home|End)/.test(key);
    return key === "Enter" && target.matches("a, button, summary");
  }

  function press(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape" && event.target.matches("input")) return event.target.blur();
    if (taken(event.target, event.key)) return;
    const { view } = address.state;
    const keys = { ...EVERYWHERE, ...(view !== "overview" && OF_A_LAYER), ...(view === "grid" && OF_THE_GRID) };
    if (keys[event.key]) keys[event.key]();
    else if (!(view === "grid" ? grid.key(event.key) : view === "unit" && unit.key(event.key))) return;
    event.preventDefault();
  }

  function listen() {
    const on = (id, what) => document.getElementById(id).addEventListener("click", what);
    on("home", (event) => { event.preventDefault(); change({ view: "overview" }, true); });
    on("skip", (event) => { event.preventDefault(); address.state.view === "grid" ? grid.focusFirst() : main.querySelector("a")?.focus(); });
    on("open-review", review.open);
    on("open-figure", figure.open);
    on("open-help", help);
    on("theme", theme);
    on("open-controls", (event) => {
      const open = document.body.classList.toggle("controls-open");
      event.currentTarget.setAttribute("aria-expanded", open);
    });
    document.getElementById("search").addEventListener("submit", (event) => {
      event.preventDefault();
      search(document.getElementById("find").value);
    });
    document.addEventListener("keydown", press);
    addEventListener("hashchange", () => { address.arrive(); show(); });
    new ResizeObserver(() => address.state.view === "grid" && grid.resize()).observe(main);
  }

  function start() {
    const kept = localStorage.getItem("lucid-sprites theme");
    if (kept) document.documentElement.dataset.theme = kept;
    for (const name of data.series.keys()) marks.forgetDone(name);
    document.getElementById("mark-count").textContent = marks.count();
    address.arrive();
    listen();
    show();
  }

  return { start, change, marksChanged };
})();

app.start();
