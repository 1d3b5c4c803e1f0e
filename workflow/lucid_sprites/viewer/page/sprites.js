"use strict";

// Sprites as they are shown (a part of the sheet's PNG) and as numbers (from the sheet's script).

const sprites = (() => {
  // Longest edge of a part of a picture, as it is shown.
  const PART = 160;
  // Edge from which there is room for the words of a status.
  const WORDY = 56;

  /** Where a unit stands on its sheet, in pixels of the sheet. */
  function cell(place, index) {
    const { columns } = data.layer(place);
    const { width, height } = size(place);
    return { width, height, x: (index % columns) * width, y: Math.floor(index / columns) * height };
  }

  /** Width and height of the cells of a sheet, in its pixels, or in those of the screen. */
  function size(place, zoom = 1) {
    const { cell } = data.layer(place);
    const [height, width] = [cell[place.threshold]].flat();
    return { width: Math.round((width ?? height) * zoom), height: Math.round(height * zoom) };
  }

  /** The longest edge of the cells of a sheet, in its pixels. */
  const longest = (place) => Math.max(...Object.values(size(place)));

  /** An element that shows a unit whose longest edge is to be `edge` pixels. */
  function show(place, index, edge, status, attributes = {}) {
    const shown = element("span", { ...attributes, class: `sprite ${attributes.class ?? ""}` });
    const { width, height } = size(place, edge / longest(place));
    shown.style.width = `${width}px`;
    shown.style.height = `${height}px`;
    if (!data.pictured(status)) {
      const reason = status == null ? "not rendered" : words(status);
      shown.classList.add("failed");
      shown.title = reason;
      shown.append(element("span", {}, edge < WORDY ? "✗" : reason));
      return shown;
    }
    if (status !== data.OK) {
      shown.classList.add("faint");
      shown.title = words(status);
    }
    const layer = data.layer(place);
    const rows = Math.ceil(layer.depth / layer.columns);
    const path = data.path("sheet", place).split("/").map(encodeURIComponent).join("/");
    shown.style.backgroundImage = `url("${path}")`;
    shown.style.backgroundSize = `${layer.columns * width}px ${rows * height}px`;
    shown.style.backgroundPosition = `${-(index % layer.columns) * width}px ${-Math.floor(index / layer.columns) * height}px`;
    return shown;
  }

  /**
   * A picture, or a part of one (`path#xywh=x,y,width,height`), at a size to look at; leads to the
   * whole picture.
   */
  function part(folder, value, label) {
    const [path, box] = value.split("#xywh=");
    const src = folder + path.split("/").map(encodeURIComponent).join("/");
    const image = element("img", { src, alt: label, loading: "lazy" });
    const frame = element("a", { href: src, class: "part", title: "the whole picture" }, image);
    if (!box) return frame;
    const [x, y, width, height] = box.split(",").map(Number);
    const fit = PART / Math.max(width, height);
    const zoom = fit > 1 ? Math.floor(fit) : fit;
    frame.classList.add("cut");
    frame.style.width = `${Math.round(width * zoom)}px`;
    frame.style.height = `${Math.round(height * zoom)}px`;
    image.style.transform = `scale(${zoom}) translate(${-x}px, ${-y}px)`;
    image.style.imageRendering = fit > 1 ? "pixelated" : "auto";
    return frame;
  }

  /** The sheet as an image whose pixels may be read. */
  async function image(place) {
    const picture = new Image();
    picture.src = await data.pixels(place);
    await picture.decode();
    return picture;
  }

  /** RGBA bytes of a whole sheet. */
  function bytes(picture) {
    const canvas = element("canvas", { width: picture.width, height: picture.height });
    const context = canvas.getContext("2d", { willReadFrequently: true });
    context.drawImage(picture, 0, 0);
    return context.getImageData(0, 0, picture.width, picture.height);
  }

  /**
   * How much the pictures of units differ between two places: mean absolute difference of their
   * colours, in 0..1. Null where the sprites are not of one size.
   */
  async function differences(first, second, indexes) {
    const [one, two] = (await Promise.all([image(first), image(second)])).map(bytes);
    return indexes.map((index) => {
      const [a, b] = [cell(first, index), cell(second, index)];
      if (a.width !== b.width || a.height !== b.height || b.y + b.height > two.height) return null;
      let sum = 0;
      for (let y = 0; y < a.height; y++) {
        let i = ((a.y + y) * one.width + a.x) * 4;
        let j = ((b.y + y) * two.width + b.x) * 4;
        for (const end = i + a.width * 4; i < end; i += 4, j += 4) {
          sum += Math.abs(one.data[i] - two.data[j])
            + Math.abs(one.data[i + 1] - two.data[j + 1])
            + Math.abs(one.data[i + 2] - two.data[j + 2]);
        }
      }
      return sum / (a.width * a.height * 3 * 255);
    });
  }

  return { cell, size, longest, show, part, image, differences };
})();
