"use strict";

// What ties the page together: the registered views and dialogs, keys, search, theme.

const app = (() => {
  const main = document.getElementById("main");
  let shown = null;

  function show() {
    const { state, view } = address;
    if (shown !== view) shown?.leave?.();
    shown = view;
    const title = view.title?.(state).filter(Boolean) ?? [];
    document.title = title.length ? title.join(" · ") : "lucid-sprites";
    suggestLayers(state);
    controls.show();
    const present = registry.dialogsOf(view.name);
    for (const dialog of registry.dialogs) buttonOf(dialog).hidden = !present.includes(dialog);
    view.show(main);
  }

  /** Change the state and show it. */
  function change(values, step = false) {
    address.change(values, step);
    show();
  }

  function suggestLayers(state) {
    const list = document.getElementById("layer-names");
    const wanted = state.series && state.instance ? controls.layers(state) : [];
    if (list.dataset.names !== wanted.join()) {
      list.dataset.names = wanted.join();
      list.replaceChildren(...wanted.map((value) => element("option", { value })));
    }
  }

  /**
   * `conv5`, `17`, `conv5 17` or `tabby`: a layer by a part of its name, a unit by its index or its class. A
   * part of a layer's name comes before a part of a class's.
   */
  async function search(text) {
    const wanted = text.trim();
    const found = layerAndIndex(wanted);
    const place = address.settledPlace();
    try {
      const named = (found.isExact ? null : await unitsNamed(place, wanted, true))
        ?? (found.layer ? null : await unitsNamed(place, wanted, false));
      if (named) showNamed(named, wanted);
      else showPlace({ ...place, ...found });
    } catch (error) {
      say(error.message);
    }
  }

  /** The layer and the index that a text says; no layer where none has it in its name. */
  function layerAndIndex(text) {
    const terms = text.split(/\s+/).filter(Boolean);
    const index = /^\d+$/.test(terms.at(-1) ?? "") ? terms.pop() : "";
    const place = address.settledPlace();
    const sought = terms.join(" ");
    const layers = controls.layers(place);
    const exact = sought ? layers.find((name) => name.toLowerCase() === sought.toLowerCase()) : place.layer;
    const layer = exact ?? layers.find((name) => name.toLowerCase().includes(sought.toLowerCase()));
    return { sought, index, layer, isExact: Boolean(exact) };
  }

  /** The first layer with units that are called so, or that have the text in their names; what is shown comes first. */
  async function unitsNamed(place, text, isWhole) {
    for (const layer of [place.layer, ...controls.layers(place)]) {
      const at = { ...place, layer };
      const indexes = data.layer(at).labelled ? await selection.named(at, text, isWhole) : [];
      if (indexes.length) return { place: at, indexes };
    }
    return null;
  }

  /** Show the unit that was found by its name, or all of them. */
  function showNamed({ place, indexes }, named) {
    document.getElementById("find").blur();
    const several = { ...selection.ADDRESS, named, index: "", view: "grid" };
    change({ ...place, ...(indexes.length > 1 ? several : { index: String(indexes[0]), view: "unit" }) }, true);
  }

  function showPlace({ sought, isExact, ...place }) {
    const { layer, index } = place;
    if (!layer) return say(`No layer of ${place.series} / ${place.instance} has "${sought}" in its name`);
    if (index && Number(index) >= data.layer(place).depth) {
      return say(`${layer} has units 0 to ${data.layer(place).depth - 1}`);
    }
    document.getElementById("find").blur();
    change({ ...place, view: index ? "unit" : "grid" }, true);
  }

  function theme() {
    const root = document.documentElement;
    const dark = root.dataset.theme ? root.dataset.theme === "dark"
      : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
    localStorage.setItem("lucid-sprites theme", root.dataset.theme);
  }

  const KEYS = [
    { label: "/", what: "search", press: { "/": () => document.getElementById("find").focus() } },
    { label: "d", what: "light or dark", press: { d: theme } },
    { label: "?", what: "these keys", press: { "?": help } },
  ];

  /** The keys of everything there is, each once. */
  function help() {
    const views = [...registry.views.values()].flatMap((view) => view.keys ?? []);
    const keys = new Set([...views, ...registry.dialogs.flatMap((dialog) => dialog.keys), ...KEYS]);
    openDialog("Keys", element("dl", { class: "keys" }, [...keys].flatMap(({ label, what }) =>
      [element("dt", {}, label), element("dd", {}, what)])));
  }

  /** What a key does in the view that is shown. */
  function actionOf(key) {
    const { view } = address;
    const dialogs = registry.dialogsOf(view.name).flatMap((dialog) => dialog.keys);
    return [...KEYS, ...dialogs, ...(view.keys ?? [])].find(({ press }) => Object.hasOwn(press, key))?.press[key];
  }

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
    const action = actionOf(event.key);
    if (!action) return;
    action();
    event.preventDefault();
  }

  const buttonOf = ({ name }) => document.getElementById(`open-${name}`);

  /** Buttons in the header for what is registered with a label. */
  function addButtons() {
    const views = [...registry.views.values()].filter(({ label }) => label)
      .map((view) => ({ ...view, open: () => change({ view: view.name }, true) }));
    document.getElementById("theme").before(...[...views, ...registry.dialogs].map(({ name, label, hint, open }) =>
      element("button", { id: `open-${name}`, title: hint, click: open }, label)));
  }

  function listen() {
    const on = (id, action) => document.getElementById(id).addEventListener("click", (event) => {
      event.preventDefault();
      action(event);
    });
    on("home", () => change({ view: "overview" }, true));
    on("skip", () => (address.view.enter ? address.view.enter() : main.querySelector("a")?.focus()));
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
    new ResizeObserver(() => address.view.resize?.()).observe(main);
  }

  function start() {
    const kept = localStorage.getItem("lucid-sprites theme");
    if (kept) document.documentElement.dataset.theme = kept;
    address.arrive();
    addButtons();
    listen();
    show();
  }

  return { start, change };
})();

app.start();
