"""How much the neurons of each layer changed, as a plot."""

from os.path import commonpath, dirname

import matplotlib

matplotlib.use("Agg")

import numpy as np
import pandas as pd
from matplotlib import pyplot
from matplotlib.figure import Figure

SHOWN = {
    "kernel_correlation": "kernel correlation",
    "texture_distance": "texture distance\n(1: as between neurons)",
}
_NAMED_STATES = 12
"""More states than this are told apart by colour alone."""


def plot(changed: pd.DataFrame) -> Figure:
    """How much each state differs from the first, by layer: the medians over neurons as a line.

    A band shows the quartiles of the last state.

    Args:
        changed: of `changes.changes`.
    """
    names = list(dict.fromkeys(changed["name"]))
    instances = list(dict.fromkeys(changed["instance"]))
    colours = pyplot.colormaps["viridis"](np.linspace(0, 0.9, len(instances))[::-1])
    shown = _without_common_folder(names)
    upright = len("".join(shown)) > 60
    width = min(16.0, max(7.0, 4 + 0.3 * len(names)))
    height = 6 + (max(map(len, shown)) * 0.07 if upright else 0)
    figure, axes = pyplot.subplots(2, 1, figsize=(width, height), sharex=True, layout="constrained")
    for axis, (column, label) in zip(axes, SHOWN.items(), strict=True):
        for instance, colour in zip(instances, colours, strict=True):
            groups = changed[changed["instance"] == instance].groupby("name")[column]
            axis.plot(groups.median().reindex(names), marker=".", color=colour, label=instance)
        if instances:
            low, high = (groups.quantile(share).reindex(names) for share in (0.25, 0.75))
            axis.fill_between(names, low, high, color=colour, alpha=0.12, linewidth=0)
        axis.set_ylabel(label)
        axis.grid(alpha=0.25)
    axes[0].set_title("Difference from the first state")
    axes[1].set_xticks(range(len(names)), shown, rotation=90 if upright else 0)
    if 0 < len(instances) <= _NAMED_STATES:
        figure.legend(*axes[0].get_legend_handles_labels(), loc="outside right center")
    return figure


def _without_common_folder(names: list[str]) -> list[str]:
    """Names of layers without the folders that all of them are in."""
    common = commonpath([dirname(name) for name in names]) if names else ""
    return [name[len(common) :].lstrip("/") for name in names]
