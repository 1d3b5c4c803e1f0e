"""Networks of `keras.applications`, with the preparation of pictures that belongs to each."""

import importlib
import pkgutil
from typing import Any

import keras
from tensorflow.core.framework.graph_pb2 import GraphDef

from lucid_sprites.errors import UserError, nearest
from lucid_sprites.models.families import Facts
from lucid_sprites.models.keras_model import freeze
from lucid_sprites.models.names import without_prefix


def load(name: str, weights: str) -> tuple[GraphDef, Facts]:
    """A network that takes RGB bytes: what `preprocess_input` does is part of the graph.

    Args:
        name: of the class, such as `InceptionV3`.
        weights: `imagenet` (downloaded by Keras, which checks the sum), `none` (random, from a
        fixed
            seed), or a file.

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
    graph = without_prefix(freeze(model), f"{network.name}/")
    return graph, Facts("read", (0.0, 255.0), "rgb", name="picture")


class _Builder:
    """One network class, and the function that prepares pictures for it."""

    def __init__(self, module: Any, name: str) -> None:
        self.network = getattr(module, name)
        self.preprocess_input = module.preprocess_input


def _builders() -> dict[str, _Builder]:
    found = {}
    for info in pkgutil.iter_modules(keras.applications.__path__):
        module = importlib.import_module(f"{keras.applications.__name__}.{info.name}")
        if hasattr(module, "preprocess_input"):
            names = [
                name for name in vars(module) if name[0].isupper() and callable(vars(module)[name])
            ]
            found |= {name: _Builder(module, name) for name in names}
    return found
