"use strict";

// The units that are shown now, as one PNG with labels.

{
  // Browsers refuse larger canvases.
  const LARGEST = 16384;
  const LABEL = 18, TITLE = 34, GAP = 6;

  async function compose(units, places, options) {
    const pictures = await Promise.all(places.map(sprites.image));
    const cells = places.map((place) => sprites.size(place, options.zoom));
    const cell = { width: Math.max(...cells.map((size) => size.width)), height: Math.max(...cells.map((size) => size.height)) };
    const width = cell.width * places.length + 2 * (places.length - 1);
    const columns = Math.min(options.columns, units.length);
    const height = cell.height + (options.labels ? LABEL : 0);
    const head = options.title ? TITLE : 0;
    const canvas = element("canvas", {
      width: GAP + columns * (width + GAP),
      height: head + GAP + Math.ceil(units.length / columns) * (height + GAP),
    });
    if (Math.max(canvas.width, canvas.height) > LARGEST) {
      throw new Error(`The figure would be ${canvas.width} × ${canvas.height} pixels; choose fewer units or a smaller zoom`);
    }
    const context = canvas.getContext("2d");
    context.fillStyle = "#fff";
    context.fillRect(0, 0, canvas.width, canvas.height);
    context.imageSmoothingEnabled = false;
    context.fillStyle = "#111";
    context.textBaseline = "middle";
    context.font = "15px system-ui, sans-serif";
    context.fillText(options.title, GAP, head / 2, canvas.width - 2 * GAP);
    context.font = "12px system-ui, sans-serif";
    units.forEach((unit, number) => {
      const x = GAP + (number % columns) * (width + GAP);
      const y = head + GAP + Math.floor(number / columns) * (height + GAP);
      pictures.forEach((picture, at) => {
        const from = sprites.cell(places[at], unit.index);
        const status = at ? unit.other.status : unit.status;
        if (data.pictured(status)) {
          context.drawImage(picture, from.x, from.y, from.width, from.height, x + at * (cell.width + 2), y, cell.width, cell.height);
        } else {
          context.strokeStyle = "#bbb";
          context.strokeRect(x + at * (cell.width + 2) + 0.5, y + 0.5, cell.width - 1, cell.height - 1);
        }
      });
      if (options.labels) context.fillText([unit.index, unit.label, readable(unit.loss)].filter((part) => part != null).join("  "), x, y + cell.height + LABEL / 2, width);
    });
    return canvas;
  }

  function open() {
    const { state } = address;
    const places = [state, comparison.other(state)].filter(Boolean);
    const zooms = data.series.get(state.series).choices.figure_zooms;
    const units = grid.list;
    const usual = `${state.series} ${state.instance} ${state.layer}, ${state.threshold} steps`;
    const form = element("form", { class: "mark", submit: async (event) => { event.preventDefault(); await save(); } },
      element("p", {}, `${units.length} units, as they are filtered and sorted now.`),
      entry("Title", usual, () => {}, { name: "title" }),
      entry("Columns", data.layer(state).columns, () => {}, { name: "columns", type: "number", min: 1, max: 64 }),
      choice("Zoom", zooms[0], zooms, () => {}, { name: "zoom" }),
      element("label", { class: "field check" }, element("input", { type: "checkbox", name: "labels", checked: true }),
        element("span", {}, "index, name and loss below each")),
      element("button", { class: "primary", "data-export": "figure" }, "Download PNG"));

    async function save() {
      const given = Object.fromEntries(new FormData(form));
      const options = { title: given.title, labels: "labels" in given, columns: Number(given.columns), zoom: Number(given.zoom) };
      try {
        if (!units.length) throw new Error("There is nothing to draw: no unit passes the filters");
        const canvas = await compose(units, places, options);
        const blob = await new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
        const name = [state.series, state.instance, state.layer, state.threshold].join("_").replace(/[^\w.-]+/g, "_");
        download(`${name}.png`, blob);
      } catch (error) {
        say(error.message);
        form.append(element("p", { class: "failure", role: "alert" }, error.message));
      }
    }
    openDialog("Figure", form);
  }

  registry.addDialog({ name: "figure", label: "Figure", hint: "Export a figure (e)", views: ["grid"], open,
    keys: [{ label: "e", what: "export a figure", press: { e: open } }] });
}
