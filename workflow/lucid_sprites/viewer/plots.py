"""Program: how the optimization of a series went, in plots.

python -m lucid_sprites.viewer.plots --manifest manifest.json --out FOLDER/PLOT.svg ...
"""

import argparse
import math
from collections.abc import Callable
from functools import partial
from itertools import cycle
from pathlib import Path

import numpy as np
from matplotlib import colormaps, rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lucid_sprites import program
from lucid_sprites.errors import UserError
from lucid_sprites.files import save_whole
from lucid_sprites.viewer.layer_data import LayerSummary, LossSpread
from lucid_sprites.viewer.manifest import Manifest, read

_COLUMNS = 4
_PANEL = 3.0, 2.2
"""Inches."""
_ROW = 0.28
"""Inches for a bar."""

_LATE = 0.25
"""The part of the steps that is called late."""

# Okabe and Ito's colours, which colour-blind people can tell apart.
_STATUS_COLOURS = [
    "#009E73", "#F0E442", "#999999", "#E69F00", "#CC79A7", "#56B4E9", "#D55E00", "#0072B2",
]  # fmt: skip


def loss(manifest: Manifest) -> Figure:
    """Median and quartiles of the loss over the steps: a panel per layer, a line per instance."""
    names = _layer_names(manifest)
    columns = min(_COLUMNS, math.ceil(math.sqrt(len(names))))
    rows = math.ceil(len(names) / columns)
    size = max(columns, 2) * _PANEL[0], rows * _PANEL[1] + 0.6
    figure = Figure(size, layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False)
    panels = dict(zip(names, axes.flat, strict=False))
    colours = colormaps["viridis"]
    count = len(manifest["instances"])
    for number, instance in enumerate(manifest["instances"]):
        colour = colours(0.8 * number / max(1, count - 1))
        for layer in instance["layers"]:
            spread, panel = layer["loss"], panels[layer["name"]]
            panel.fill_between(spread["step"], spread["low"], spread["high"], color=colour,
                               alpha=0.2, linewidth=0)  # fmt: skip
            panel.plot(spread["step"], spread["median"], color=colour, label=instance["name"])
    for name, panel in panels.items():
        panel.set_title(_short(name), fontsize=8)
        panel.tick_params(labelsize=7)
        panel.grid(alpha=0.3)
    for panel in list(axes.flat)[len(names) :]:
        panel.set_visible(False)
    figure.supxlabel("optimization steps", fontsize=9)
    figure.supylabel("mean activation", fontsize=9)
    # The same line in every panel: one legend, of as many instances as fit.
    handles = {text: line for panel in panels.values()
               for line, text in zip(*panel.get_legend_handles_labels(), strict=True)}  # fmt: skip
    if handles:
        figure.legend(handles.values(), handles, loc="outside upper center", fontsize=8,
                      ncols=min(count, 2 * columns))  # fmt: skip
    return figure


def status(manifest: Manifest) -> Figure:
    """Sprites by status: a bar per layer and instance."""
    layers = _layers(manifest)
    figure, axes = _bars([name for name, _ in layers])
    left = [0] * len(layers)
    for kind, colour in zip(manifest["statuses"], cycle(_STATUS_COLOURS), strict=False):
        widths = [sum(at.get(kind, 0) for at in layer["status"].values()) for _, layer in layers]
        if any(widths):
            label = kind.replace("_", " ")
            axes.barh(range(len(layers)), widths, left=left, color=colour, label=label)
        left = [start + width for start, width in zip(left, widths, strict=True)]
    axes.set_xlabel("sprites")
    figure.legend(loc="outside upper center", ncols=3, fontsize=8)
    return figure


def time(manifest: Manifest) -> Figure:
    """Seconds of optimization: a bar per layer and instance."""
    layers = _layers(manifest)
    figure, axes = _bars([name for name, _ in layers])
    axes.barh(range(len(layers)), [layer["seconds"] for _, layer in layers], color="#0072B2")
    axes.set_xlabel("seconds on one core")
    return figure


def late_rise(manifest: Manifest) -> Figure:
    """How much of the rise of the median loss came last: a bar per layer and instance."""
    layers = _layers(manifest)
    figure, axes = _bars([name for name, _ in layers])
    shares = [100 * _late_share(layer["loss"]) for _, layer in layers]
    axes.barh(range(len(layers)), shares, color="#0072B2")
    axes.axvline(100 * _LATE, color="#999999", linestyle="--")
    axes.set_xlabel("% of the rise in the last quarter of the steps; dashed: as fast as before")
    return figure


def _late_share(spread: LossSpread) -> float:
    """The part of the median's rise in the last of the steps; 0 if it does not rise."""
    steps, median = spread["step"], spread["median"]
    if not steps or median[-1] <= median[0]:
        return 0.0
    start = steps[-1] - _LATE * (steps[-1] - steps[0])
    rise = median[-1] - float(np.interp(start, steps, median))
    return rise / (median[-1] - median[0])


PLOTS: dict[str, Callable[[Manifest], Figure]] = {
    "loss": loss,
    "late_rise": late_rise,
    "status": status,
    "time": time,
}
"""The plots by name; `planning.viewer.PLOTS` has what the report calls them."""


def _plot_of(path: str) -> Callable[[Manifest], Figure]:
    """The plot that a file is named after."""
    name = Path(path).stem
    if name not in PLOTS:
        raise UserError(f"{path}: there is no plot {name!r}; there are {', '.join(PLOTS)}")
    return PLOTS[name]


def _layer_names(manifest: Manifest) -> list[str]:
    """The layers of all instances, each once."""
    names = (layer["name"] for instance in manifest["instances"] for layer in instance["layers"])
    return list(dict.fromkeys(names))


def _layers(manifest: Manifest) -> list[tuple[str, LayerSummary]]:
    """The layers of all instances, with a label."""
    return [
        (f"{instance['name']}  {_short(layer['name'])}", layer)
        for instance in manifest["instances"]
        for layer in instance["layers"]
    ]


def _bars(labels: list[str]) -> tuple[Figure, Axes]:
    """An empty plot with a row for each label, the first on top."""
    figure = Figure((8, 1.2 + _ROW * len(labels)), layout="constrained")
    axes = figure.subplots()
    axes.set_yticks(range(len(labels)), labels)
    axes.set_ylim(len(labels) - 0.4, -0.6)
    axes.tick_params(labelsize=8)
    axes.grid(axis="x", alpha=0.3)
    axes.set_axisbelow(True)
    return figure, axes


def _short(name: str) -> str:
    """Enough of a layer's name to know it by."""
    return name if len(name) <= 38 else f"…{name[-37:]}"


def main() -> None:
    """Read the arguments, draw the plots."""
    parser = argparse.ArgumentParser(description="Plot how the optimization of a series went.")
    parser.add_argument("--manifest", required=True, help="of the series")
    parser.add_argument("--out", nargs="+", required=True, help="SVG files, named as the plots")
    with program.run(parser) as arguments:
        manifest = read(arguments.manifest)
        for path in arguments.out:
            draw = _plot_of(path)
            # Equal plots are equal files: no date, and no random names inside.
            with rc_context({"svg.hashsalt": "lucid-sprites"}):
                save = partial(draw(manifest).savefig, format="svg", metadata={"Date": None})
                save_whole(path, save)


if __name__ == "__main__":
    main()
