"""Program: say in numbers how much every neuron changed.

    python -m lucid_sprites.comparison.changes --out CHANGES.csv --by-layer LAYERS.csv
        [--table TABLE.csv] --plot OUT.png --graphs A.pb B.pb ... --sheets SHEET.json ...

Three numbers, each against the first state and against the state before:

- kernel correlation: Pearson's, of the weights of the convolution that the neuron comes from; 1 is
  no change but of scale, 0 is nothing in common;
- texture distance of the two sprites (see `texture`), in units of what lies between neighbouring
  neurons of the layer in the first state: 0 is no change, 1 is as good as another neuron;
- image distance of the two sprites, pixel by pixel.

The whole kernel of a layer is compared in the same way in the table by layer. TABLE.csv says the
same in the words of the viewer.
"""

import argparse
from typing import Any

import numpy as np
import pandas as pd

from lucid_sprites import program
from lucid_sprites.comparison.states import State, common_layers, common_neurons, read_states
from lucid_sprites.comparison.texture import (
    TextureDescriptor,
    image_distance,
    texture_descriptor,
    texture_distance,
)
from lucid_sprites.errors import UserError
from lucid_sprites.files import save_whole, write_whole
from lucid_sprites.made import write_beside

MEASURES = ("kernel_correlation", "texture_distance", "image_distance")
COLUMNS = [
    "layer", "name", "index", "instance", *MEASURES,
    *(f"{measure}_to_previous" for measure in MEASURES), "same_start",
]  # fmt: skip

Kernels = dict[str, list[np.ndarray] | None]
"""The weights of each channel, by layer."""


def changes(states: dict[str, State], kernels: dict[str, Kernels]) -> pd.DataFrame:
    """A row for each neuron and each state but the first.

    `same_start` says whether the sprite and that of the first state began with the same seed, so
    that what differs is the network alone. Numbers that cannot be had are empty.

    Args:
        states: at least two. Layers that not all of them have are left out.
        kernels: by state.

    Raises:
        UserError: fewer than two states, or a sprite that cannot be read.
    """
    if len(states) < 2:
        raise UserError(f"a comparison needs two states or more; there is only {', '.join(states)}")
    layers = [_changes_of_layer(states, kernels, name) for name in common_layers(states)]
    return pd.concat(layers, ignore_index=True) if layers else pd.DataFrame(columns=COLUMNS)


def _changes_of_layer(
    states: dict[str, State], kernels: dict[str, Kernels], name: str
) -> pd.DataFrame:
    layers = [state[name] for state in states.values()]
    rows: list[dict[str, Any]] = []
    neighbours: list[float] = []
    before = None
    for index in common_neurons(layers):
        # Reading and measuring a sprite is most of the work: each is looked at once.
        descriptors = [texture_descriptor(layer.sprites[index]) for layer in layers]
        neighbours.append(texture_distance(before, descriptors[0]))
        before = descriptors[0]
        key = {"layer": layers[0].number, "name": name, "index": index}
        rows += [
            {**key, **row} for row in _rows_of_neuron(states, kernels, name, index, descriptors)
        ]
    table = pd.DataFrame(rows, columns=COLUMNS)
    distances = ["texture_distance", "texture_distance_to_previous"]
    return table.assign(**(table[distances] / _typical(neighbours)))


def _typical(distances: list[float]) -> float:
    """Median of the distances between neighbours that differ; NaN if none do."""
    known = [distance for distance in distances if distance > 0]
    return float(np.median(known)) if known else float("nan")


def _rows_of_neuron(
    states: dict[str, State],
    kernels: dict[str, Kernels],
    name: str,
    index: int,
    descriptors_of_states: list[TextureDescriptor | None],
) -> list[dict[str, Any]]:
    """The rows of one neuron, with texture distances as they are."""
    sprites = {instance: state[name].sprites[index] for instance, state in states.items()}
    descriptors = dict(zip(states, descriptors_of_states, strict=True))
    weights = {instance: _channel(kernels[instance][name], index) for instance in states}

    def measured(old: str, new: str) -> tuple[float, float, float]:
        """The MEASURES between two states."""
        pair = descriptors[old], descriptors[new]
        correlated = correlation(weights[old], weights[new])
        return correlated, texture_distance(*pair), image_distance(*pair)

    first, *later = states
    rows = []
    for previous, instance in zip(states, later, strict=False):
        same_start = sprites[first].start == sprites[instance].start
        numbers = (*measured(first, instance), *measured(previous, instance), same_start)
        rows.append({"instance": instance, **dict(zip(COLUMNS[4:], numbers, strict=True))})
    return rows


def for_viewer(changed: pd.DataFrame, states: list[str]) -> pd.DataFrame:
    """The same rows as a table of the viewer: layers by name, because numbers may differ.

    Of two states, the first is also the one before.
    """
    measures = [name for name in COLUMNS[4:-1] if len(states) > 2 or name in MEASURES]
    key = {"layer": changed["name"], **changed[["instance", "index"]], "since": states[0]}
    words = {name.replace("_", " "): changed[name] for name in measures}
    same = changed["same_start"].map({True: "yes", False: "no"})
    return pd.DataFrame({**key, **words, "same start": same})


def by_layer(changed: pd.DataFrame, kernels: dict[str, Kernels]) -> pd.DataFrame:
    """A row for each layer and each state but the first.

    Columns: layer, name, instance, `layer_correlation` of the whole kernel with the first state's,
    and the medians of the MEASURES over the layer's neurons.
    """
    groups = changed.groupby(["layer", "name", "instance"], sort=False)
    table = groups[list(MEASURES)].median().reset_index()
    first = next(iter(kernels))
    whole = [
        correlation(_all(kernels[first][name]), _all(kernels[instance][name]))
        for name, instance in zip(table["name"], table["instance"], strict=True)
    ]
    table.insert(3, "layer_correlation", whole)
    return table


def correlation(first: np.ndarray | None, second: np.ndarray | None) -> float:
    """Pearson's of two vectors; NaN where one is missing or constant, or their lengths differ."""
    if first is None or second is None or first.shape != second.shape:
        return float("nan")
    a, b = (values - values.mean() for values in np.asarray([first, second], np.float64))
    norm = np.sqrt((a @ a) * (b @ b))
    return float(a @ b / norm) if norm > 0 else float("nan")


def _channel(channels: list[np.ndarray] | None, index: int) -> np.ndarray | None:
    return channels[index] if channels and index < len(channels) else None


def _all(channels: list[np.ndarray] | None) -> np.ndarray | None:
    return np.concatenate(channels) if channels else None


def read_kernels(graphs: list[str], states: dict[str, State]) -> dict[str, Kernels]:
    """The weights of the states' common layers; graphs in the order of the states."""
    from lucid_sprites.comparison.kernels import kernels
    from lucid_sprites.models.loaders import frozen_graph

    names = common_layers(states)
    by_instance = {}
    for instance, path in zip(states, graphs, strict=True):
        graph = frozen_graph.read(path)
        by_instance[instance] = {name: kernels(graph, name) for name in names}
    return by_instance


def main() -> None:
    """Read the arguments, write the tables and the plot."""
    parser = argparse.ArgumentParser(description="Say how much every neuron changed.")
    parser.add_argument("--made", required=True, help="what it says of how it was made")
    parser.add_argument("--out", required=True, help="CSV file to write, by neuron")
    parser.add_argument("--by-layer", required=True, help="CSV file to write, by layer")
    parser.add_argument("--table", help="CSV file to write, for the viewer")
    parser.add_argument("--plot", required=True, help="PNG file to write")
    parser.add_argument("--graphs", required=True, nargs="+", help="frozen graph of each state")
    parser.add_argument("--sheets", required=True, nargs="+", help="see `states.read_states`")
    with program.run(parser, program.TensorFlow.WITHOUT_KERAS) as arguments:
        from lucid_sprites.comparison.change_plot import plot

        states = read_states(arguments.sheets)
        kernels = read_kernels(arguments.graphs, states)
        changed = changes(states, kernels)
        layers = by_layer(changed, kernels)
        write_whole(arguments.by_layer, layers.round(5).to_csv(index=False))
        if arguments.table:
            table = for_viewer(changed, list(states))
            write_whole(arguments.table, table.round(5).to_csv(index=False))
        save_whole(arguments.plot, lambda path: plot(changed).savefig(path, format="png"))
        write_whole(arguments.out, changed.round(5).to_csv(index=False))
        write_beside(arguments.out, arguments.made)


if __name__ == "__main__":
    main()
