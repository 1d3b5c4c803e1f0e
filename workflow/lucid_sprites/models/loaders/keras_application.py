"""Networks of `keras.applications`, with the preparation of pictures that belongs to each."""

import contextlib
import importlib
from typing import Any

import keras
import numpy as np
from tensorflow.core.framework.graph_pb2 import GraphDef

from lucid_sprites.errors import UserError, nearest
from lucid_sprites.models.graph.large_constants import Weights, renamed
from lucid_sprites.models.graph.short_names import without_prefix
from lucid_sprites.models.known_networks import Facts
from lucid_sprites.models.loaders.freeze_keras import freeze_light
from lucid_sprites.recipe.value_ranges import BYTES

_IMAGENET_CLASSES = 1000


def load(name: str, weights: str) -> tuple[GraphDef, Weights, Facts]:
    """A network that takes RGB bytes: what `preprocess_input` does is part of the graph.

    Args:
        name: of the class, such as `InceptionV3`.
        weights: `imagenet` (downloaded by Keras, which checks the sum), `none` (random, from
            a fixed seed), or a file.

    Raises:
        UserError: unknown network, no network connection, or weights that do not fit.
    """
    builders = _builders()
    if name not in builders:
        raise UserError(
            f"keras.applications has no {name!r}; nearest: {nearest(name, sorted(builders))}"
        )
    keras.utils.set_random_seed(0)
    try:
        network = builders[name].network(weights=None if weights == "none" else weights)
    # Keras raises whatever the download or the file's reader raises.
    except Exception as error:
        raise UserError(
            f"keras.applications {name}: weights {weights!r} cannot be loaded: "
            f"{str(error).splitlines()[0][:300]}; choose `imagenet` (needs a network connection), "
            "`none` (random), or a file of weights"
        ) from error
    pictures = keras.Input(network.input_shape[1:], name="picture")
    prepared = builders[name].preprocess_input(pictures)
    model = keras.Model(pictures, network(prepared), name="prepared")
    graph, large = freeze_light(model)
    short = without_prefix(graph, f"{network.name}/")
    facts = Facts("read", BYTES, "rgb", name="picture")
    return short, renamed(large, graph, short), facts


def labels(weights: str) -> tuple[str, ...]:
    """The names of ImageNet's classes, where the weights are ImageNet's.

    Keras downloads them once, as it does the weights; none where it cannot.
    """
    if weights != "imagenet":
        return ()
    one_of_each = np.eye(_IMAGENET_CLASSES)
    # Whatever the download raises: a network without names is as good.
    with contextlib.suppress(Exception):
        decoded = keras.applications.imagenet_utils.decode_predictions(one_of_each, top=1)
        return tuple(name for ((_, name, _),) in decoded)
    return ()


class _Builder:
    """One network class, and the function that prepares pictures for it."""

    def __init__(self, network: Any) -> None:
        self.network = network
        self.preprocess_input = importlib.import_module(network.__module__).preprocess_input


def _builders() -> dict[str, _Builder]:
    public = {name: value for name, value in vars(keras.applications).items() if callable(value)}
    return {name: _Builder(network) for name, network in public.items() if name[0].isupper()}
