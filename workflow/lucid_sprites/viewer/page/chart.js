"use strict";

// Lines over steps, as SVG.

const chart = (() => {
  const WIDTH = 520, HEIGHT = 240, LEFT = 56, BOTTOM = 34, TOP = 10, RIGHT = 12;

  function svg(tag, attributes, ...children) {
    const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    made.append(...children);
    return made;
  }

  /** About five round numbers from `low` to `high`. */
  function ticks(low, high) {
    const rough = (high - low) / 5;
    const power = 10 ** Math.floor(Math.log10(rough));
    const step = [1, 2, 5, 10].map((factor) => factor * power).find((size) => size >= rough);
    const values = [];
    for (let at = Math.ceil(low / step) * step; at <= high + step / 1e6; at += step) {
      values.push(Number(at.toPrecision(10)));
    }
    return values;
  }

  /**
   * A chart of `lines`: each has `points` (pairs of step and value), a `label` and a `kind` that
   * its style goes by; `marks` are steps to point out, and `unit` is what the steps are called.
   */
  function draw(lines, marks, label, unit = "steps") {
    const points = lines.flatMap((line) => line.points).filter(([, loss]) => loss != null);
    if (points.length < 2) return element("p", {}, "No curve: the attempt ended at once.");
    const steps = [...points.map(([step]) => step), ...marks];
    const losses = points.map(([, loss]) => loss);
    const [last, low, top] = [Math.max(...steps), Math.min(0, ...losses), Math.max(...losses)];
    const high = top > low ? top : low + 1;
    const x = (step) => LEFT + (step / last) * (WIDTH - LEFT - RIGHT);
    const y = (loss) => HEIGHT - BOTTOM - ((loss - low) / (high - low)) * (HEIGHT - BOTTOM - TOP);
    const picture = svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, class: "chart", role: "img", "aria-label": label });
    for (const value of ticks(low, high)) {
      picture.append(
        svg("line", { x1: LEFT, x2: WIDTH - RIGHT, y1: y(value), y2: y(value), class: "rule" }),
        svg("text", { x: LEFT - 6, y: y(value) + 4, "text-anchor": "end" }, readable(value)));
    }
    for (const step of ticks(0, last)) {
      picture.append(svg("text", { x: x(step), y: HEIGHT - BOTTOM + 16, "text-anchor": "middle" }, String(step)));
    }
    for (const step of marks) {
      picture.append(svg("line", { x1: x(step), x2: x(step), y1: TOP, y2: HEIGHT - BOTTOM, class: "mark" }));
    }
    for (const line of lines) {
      const path = line.points.filter(([, loss]) => loss != null).map(([step, loss]) => `${x(step)},${y(loss)}`);
      picture.append(svg("polyline", { points: path.join(" "), class: `line ${line.kind}` },
        svg("title", {}, line.label)));
    }
    picture.append(svg("text", { x: WIDTH - RIGHT, y: HEIGHT - 2, "text-anchor": "end" }, unit));
    return picture;
  }

  return { draw };
})();
