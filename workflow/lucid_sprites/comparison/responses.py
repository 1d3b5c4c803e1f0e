"""Program: show the sprites of one state to another state, and say which neurons respond.

python -m lucid_sprites.comparison.responses --strongest N --graph OTHER.pb --catalogue OTHER.json
    --out RESPONSES.csv --sheets SHEET.json ...
"""

import argparse
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from lucid_sprites import program
from lucid_sprites.comparison.states import Layer, read_states
from lucid_sprites.errors import UserError
from lucid_sprites.files import write_whole
from lucid_sprites.made import write_beside
from lucid_sprites.planning import catalogues
from lucid_sprites.recipe.layer_catalogue import InputSpec

if TYPE_CHECKING:
    from tensorflow.core.framework.graph_pb2 import GraphDef

COLUMNS = ["layer", "name", "sprite", "neuron", "rank", "response", "score"]


def table(layer: Layer, indexes: list[int], responses: np.ndarray, strongest: int) -> pd.DataFrame:
    """The neurons that respond most to each sprite, and the sprite's own neuron.

    A neuron's `score` for a sprite is its response less its mean response to all sprites of the
    layer, in standard deviations: how much it means this picture rather than any. `rank` counts
    neurons by score, from 1.

    Args:
        indexes: the sprites' neurons, [n].
        responses: mean over positions, [n, depth].
        strongest: neurons to list for each sprite.
    """
    deviation = responses.std(axis=0)
    scores = (responses - responses.mean(axis=0)) / np.where(deviation > 0, deviation, np.inf)
    order = np.argsort(-scores, axis=1, kind="stable")
    rows = []
    for row, sprite in enumerate(indexes):
        ranks = {int(neuron): rank for rank, neuron in enumerate(order[row], start=1)}
        listed = [*order[row, :strongest].tolist(), *([sprite] if sprite in ranks else [])]
        rows += [
            (layer.number, layer.name, sprite, neuron, ranks[neuron],
             responses[row, neuron], scores[row, neuron])
            for neuron in dict.fromkeys(listed)
        ]  # fmt: skip
    return pd.DataFrame(rows, columns=COLUMNS)


def respond(
    graph: "GraphDef",
    picture: InputSpec,
    layer: str,
    needs: list[int] | None,
    sprites: list[np.ndarray],
) -> np.ndarray:
    """Mean over positions of each channel of a layer, [n, depth].

    Args:
        graph: frozen.
        picture: its picture input.
        needs: height and width of the pictures that the layer takes, None if it takes any.
        sprites: each float32 [edge, edge, 3] in 0..1.
    """
    import tensorflow.compat.v1 as tf

    from lucid_sprites.models.graph.forward import ForwardPass
    from lucid_sprites.models.graph.prepare import prepare

    prepared = prepare(graph, picture.name, layer)
    if picture.channels == 1:
        sprites = [sprite.mean(-1, keepdims=True) for sprite in sprites]

    def to_input(pictures: tf.Tensor) -> tf.Tensor:
        ranged = picture.in_range(pictures)
        return ranged if needs is None else tf.image.resize(ranged, needs)

    shape = (None, None, None, sprites[0].shape[-1])
    with ForwardPass(prepared, picture.name, [layer], shape, to_input) as network:
        # One by one: some graphs fix the batch, and none is in a hurry here.
        values = [network.run(one[None])[0][0] for one in sprites]
    return np.stack([value.reshape(-1, value.shape[-1]).mean(0) for value in values])


def respond_all(strongest: int, graph: str, catalogue: str, sheets: list[str]) -> pd.DataFrame:
    """The tables of all layers that the other graph has, too; empty if no sprite was found.

    Raises:
        UserError: it has none of the layers with a sprite, or a sprite cannot be read.
    """
    from lucid_sprites.models.loaders import frozen_graph

    described = catalogues.read(catalogue)
    network = frozen_graph.read(graph)
    known = {layer.name: layer for layer in described.layers}
    (state,) = read_states(sheets).values()
    indexes_by_layer = {
        name: [index for index, sprite in sorted(layer.sprites.items()) if sprite.has_picture]
        for name, layer in state.items()
    }
    tables = []
    for name, layer in state.items():
        indexes = indexes_by_layer[name]
        if name not in known or not indexes:
            continue
        sprites = [layer.sprites[index].values() for index in indexes]
        responses = respond(network, described.picture, name, known[name].needs, sprites)
        tables.append(table(layer, indexes, responses, strongest))
    if not any(indexes_by_layer.values()):
        return pd.DataFrame(columns=COLUMNS)
    if not tables:
        raise UserError(f"{graph}: has none of the layers {', '.join(state)} with a sprite")
    return pd.concat(tables)


def main() -> None:
    """Read the arguments, write the table."""
    parser = argparse.ArgumentParser(description="Show one state's sprites to another state.")
    parser.add_argument("--strongest", type=int, required=True, help="neurons for each sprite")
    parser.add_argument("--graph", required=True, help="frozen graph of the other state")
    parser.add_argument("--catalogue", required=True, help="its layer catalogue")
    parser.add_argument("--made", required=True, help="what it says of how it was made")
    parser.add_argument("--out", required=True, help="CSV file to write")
    parser.add_argument("--sheets", required=True, nargs="+", help="JSON files of the sheets")
    with program.run(parser, program.TensorFlow.WITHOUT_KERAS) as arguments:
        responses = respond_all(
            arguments.strongest, arguments.graph, arguments.catalogue, arguments.sheets
        )
        write_whole(arguments.out, responses.round(5).to_csv(index=False))
        write_beside(arguments.out, arguments.made)


if __name__ == "__main__":
    main()
