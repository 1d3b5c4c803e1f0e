"use strict";

// The sprites of a layer. Only the rows in sight exist as elements, so that a layer may have
// thousands of units.

const grid = (() => {
  const GAP = 8;
  const CAPTION = 20;
  const SPARE_ROWS = 2;
  const BLINK = 700;

  let root, canvas, header;
  let list = [];
  // The state and the other place that `list` was made for; the address may already be further.
  let now = null, against = null;
  // What stands below each unit.
  let shownNumber = "loss";
  let size = { edge: 64, width: 64, height: 98, columns: 1 };
  let focused = 0;
  let showing = 0;
  let blinking = 0;

  const zooms = ({ series }) => data.series.get(series).choices.zooms;

  /** The zoom that there is to choose nearest to a number. */
  const nearestZoom = (state, wanted) => zooms(state).reduce((best, zoom) =>
    (Math.abs(zoom - wanted) < Math.abs(best - wanted) ? zoom : best));

  /** A zoom in whole numbers, larger where there is room. */
  function usualZoom() {
    const { state } = address;
    const edge = sprites.longest(state);
    const wanted = innerWidth < 700 ? (edge <= 64 ? 1 : 0.5) : edge <= 32 ? 4 : edge <= 64 ? 2 : 1;
    return String(nearestZoom(state, wanted));
  }

  function measure() {
    const edge = Math.round(sprites.longest(now) * Number(now.zoom || usualZoom()));
    const shown = [now, against].filter(Boolean)
      .map((place) => sprites.size(place, edge / sprites.longest(place)));
    const widths = shown.map((size) => size.width);
    const width = now.compare === "side" ? widths[0] + 2 + widths[1] : Math.max(...widths);
    const room = Math.max(1, root.clientWidth - 2 * GAP);
    const columns = Math.max(1, Math.floor((room + GAP) / (Math.max(width, 56) + GAP)));
    size = { edge, width: Math.max(width, 56), height: Math.max(...shown.map((size) => size.height)) + CAPTION * (isLabelled() ? 2 : 1), columns };
  }

  const isLabelled = () => Boolean(data.layer(now).labelled);
  const rowHeight = () => size.height + GAP;
  const label = (unit, mark) => [
    `unit ${unit.index}`,
    unit.label,
    words(unit.status),
    `loss ${readable(unit.loss)}`,
    unit.other && `compared loss ${readable(unit.other.loss)}`,
    mark && `marked: ${mark.reason}`,
  ].filter(Boolean).join(", ");

  function figure(unit) {
    const first = sprites.show(now, unit.index, size.edge, unit.status);
    if (!now.compare) return [first];
    const second = sprites.show(against, unit.index, size.edge, unit.other.status, { class: "second" });
    return [first, second];
  }

  function caption(unit) {
    return element("span", { class: "caption" },
      element("b", {}, String(unit.index)), " ", element("span", {}, readable(unit[shownNumber])),
      unit.label && element("span", { class: "label" }, unit.label));
  }

  const hint = (unit, mark) => [unit.label, mark ? `marked: ${mark.reason}` : words(unit.status)]
    .filter(Boolean).join(": ");

  function cellOf(position) {
    const unit = list[position];
    const mark = marks.get(now.series, { ...now, index: unit.index });
    const cell = element("div", {
      role: "gridcell", class: `cell ${now.compare} ${mark ? "marked" : ""}`,
      tabindex: position === focused ? 0 : -1, "aria-label": label(unit, mark),
      "aria-colindex": (position % size.columns) + 1, "data-position": position,
      "data-index": unit.index, title: hint(unit, mark),
    }, element("span", { class: "pictures" }, figure(unit)), caption(unit));
    cell.style.width = `${size.width}px`;
    return cell;
  }

  function rowOf(number) {
    const first = number * size.columns;
    const last = Math.min(first + size.columns, list.length);
    const cells = [];
    for (let position = first; position < last; position++) cells.push(cellOf(position));
    const row = element("div", { role: "row", class: "row", "aria-rowindex": number + 1, "data-row": number }, cells);
    row.style.top = `${number * rowHeight()}px`;
    row.style.height = `${size.height}px`;
    return row;
  }

  /** Make the rows that have come into sight, drop those that have left it. */
  function fill() {
    const rows = Math.ceil(list.length / size.columns);
    // Asked once, before anything changes: each question may cost a layout.
    const { scrollTop: top, clientHeight: height } = root;
    const first = Math.max(0, Math.floor(top / rowHeight()) - SPARE_ROWS);
    const last = Math.min(rows, Math.ceil((top + height) / rowHeight()) + SPARE_ROWS);
    const present = new Map([...canvas.children].map((row) => [Number(row.dataset.row), row]));
    for (const [number, row] of present) {
      if (number < first || number >= last) row.remove();
    }
    for (let number = first; number < last; number++) {
      if (!present.has(number)) canvas.append(rowOf(number));
    }
  }

  function draw() {
    measure();
    const rows = Math.ceil(list.length / size.columns);
    canvas.style.height = `${rows * rowHeight()}px`;
    canvas.setAttribute("aria-rowcount", rows);
    canvas.setAttribute("aria-colcount", size.columns);
    canvas.replaceChildren();
    fill();
  }

  function title() {
    const names = (place) => [place.series, place.instance, place.layer, `${place.threshold} steps`];
    const name = names(now).join(" / ");
    const different = against && names(against).filter((part, at) => part !== names(now)[at]);
    const compared = against ? ` compared with ${different.join(" / ") || "itself"}` : "";
    const { depth } = data.layer(now);
    const count = `${list.length} of ${depth} units`;
    return [element("h1", {}, name + compared), element("p", { id: "count" }, count)];
  }

  function build(main) {
    main.className = "grid";
    header = element("div", { class: "grid-head" });
    canvas = element("div", { role: "grid", class: "canvas", "aria-label": "Sprites", "aria-readonly": "true" });
    root = element("div", { class: "scroller", id: "scroller", tabindex: -1 }, canvas);
    root.addEventListener("scroll", fill, { passive: true });
    canvas.addEventListener("click", (event) => {
      const cell = event.target.closest(".cell");
      if (cell) open(Number(cell.dataset.position));
    });
    canvas.addEventListener("focusin", (event) => {
      const cell = event.target.closest(".cell");
      if (cell) settle(Number(cell.dataset.position));
    });
    main.replaceChildren(header, root);
  }

  /** Blink unless the user wants no motion; `b` then turns the pictures over. */
  function blink() {
    clearInterval(blinking);
    root.classList.remove("flipped");
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    if (address.state.compare === "blink" && !still) blinking = setInterval(flip, BLINK);
  }

  const flip = () => root.classList.toggle("flipped");

  async function show(main) {
    const number = ++showing;
    if (main.className !== "grid" || !root?.isConnected) build(main);
    const { state } = address;
    const other = comparison.other(state);
    let units = [];
    try {
      units = await selection.shown(state, other);
    } catch (error) {
      say(error.message);
    }
    if (number !== showing || address.state.view !== "grid") return;
    const page = [state.series, state.instance, state.layer, state.sort, state.status].join("|");
    if (root.dataset.page !== page) root.scrollTop = 0;
    root.dataset.page = page;
    [list, now, against] = [units, state, other];
    shownNumber = selection.sortOf(state).shown;
    header.replaceChildren(...title());
    focused = Math.max(0, list.findIndex((unit) => String(unit.index) === state.index));
    draw();
    if (state.index !== "") reveal(focused);
    blink();
  }

  function leave() {
    showing++;
    clearInterval(blinking);
  }

  /** Make a cell the one that Tab comes to, and that the address names. */
  function settle(position) {
    if (position === focused && address.state.index === String(list[position].index)) return;
    canvas.querySelector('[tabindex="0"]')?.setAttribute("tabindex", -1);
    canvas.querySelector(`[data-position="${position}"]`)?.setAttribute("tabindex", 0);
    focused = position;
    address.change({ index: String(list[position].index) });
  }

  function reveal(position) {
    const top = Math.floor(position / size.columns) * rowHeight();
    if (top < root.scrollTop) root.scrollTop = top;
    const bottom = top + rowHeight() - root.clientHeight;
    if (bottom > root.scrollTop) root.scrollTop = bottom;
    fill();
  }

  function focus(position) {
    if (!list.length) return;
    const wanted = Math.min(list.length - 1, Math.max(0, position));
    reveal(wanted);
    canvas.querySelector(`[data-position="${wanted}"]`).focus({ preventScroll: true });
  }

  const pageLength = () => Math.max(1, Math.floor(root.clientHeight / rowHeight())) * size.columns;
  const move = (by) => () => focus(focused + by());

  const ARROWS = {
    ArrowLeft: move(() => -1), ArrowRight: move(() => 1),
    ArrowUp: move(() => -size.columns), ArrowDown: move(() => size.columns),
    PageUp: move(() => -pageLength()), PageDown: move(() => pageLength()),
    Home: move(() => -focused), End: move(() => list.length - 1 - focused),
  };

  const open = (position) => list[position]
    && app.change({ view: "unit", index: String(list[position].index) }, true);

  function zoom(by) {
    const { state } = address;
    const all = zooms(state);
    const at = all.indexOf(nearestZoom(state, Number(state.zoom || usualZoom()))) + by;
    app.change({ zoom: String(all[Math.min(all.length - 1, Math.max(0, at))]) });
  }

  const zoomChoice = (state) => choice("Zoom", state.zoom || usualZoom(),
    zooms(state).map((value) => [String(value), `${value} ×`]), (value) => app.change({ zoom: value }),
    { "data-name": "zoom", title: "keys + and -" });

  /** Show the marks of the cells in sight as they are now. */
  function redraw() {
    const again = canvas.contains(document.activeElement);
    canvas.replaceChildren();
    fill();
    if (again) canvas.querySelector(`[data-position="${focused}"]`)?.focus({ preventScroll: true });
  }

  registry.addView({
    name: "grid",
    address: { ...comparison.ADDRESS, ...selection.ADDRESS, zoom: "" },
    settle: (values) => selection.settle(comparison.settle(values)),
    title: ({ layer, instance, series }) => [layer, instance, series],
    controls: (state) => [...controls.place(state), ...comparison.controls(state), ...selection.controls(state),
      zoomChoice(state)],
    keys: [
      ...controls.PLACE_KEYS,
      { label: "Arrows, Home, End, Page up, Page down", what: "another unit", press: ARROWS },
      { label: "Enter", what: "open a unit", press: { Enter: () => open(focused) } },
      { label: "+, -", what: "zoom", press: { "+": () => zoom(1), "-": () => zoom(-1) } },
      ...comparison.KEYS,
      { label: "b", what: "turn over what blinks", press: { b: flip } },
    ],
    show,
    leave,
    enter: () => focus(focused),
    resize: () => now && root.isConnected && draw(),
    marked: () => (address.state.marked ? show(document.getElementById("main")) : redraw()),
    current: () => list[focused],
  });

  return { get list() { return list; } };
})();
