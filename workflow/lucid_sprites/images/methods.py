"""The methods of `images` by name: from a picture and layers to what people look at.

Their settings are in `recipe.image_settings.METHODS`, which the workflow reads without TensorFlow.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from PIL import Image
from tensorflow.core.framework.graph_pb2 import GraphDef

from lucid_sprites.images import grad_cam, network_input, panels
from lucid_sprites.images.backprop_rules import METHODS as BACKPROP_RULES
from lucid_sprites.images.panels import Panel
from lucid_sprites.models.graph.forward import activations
from lucid_sprites.recipe.image_settings import DREAM
from lucid_sprites.recipe.layer_catalogue import InputSpec


@dataclass(frozen=True)
class Shown:
    """A picture in front of a network.

    Attributes:
        graph: frozen.
        picture: its picture input.
        image: as it is in its file, upright.
        levels: fitted to the network, float32 [height, width, channels] in 0..255.
    """

    graph: GraphDef
    picture: InputSpec
    image: Image.Image
    levels: np.ndarray

    @property
    def value(self) -> np.ndarray:
        """What the network is fed: the levels in its own range, float32."""
        return network_input.in_range(self.levels, self.picture)


View = tuple[str, int | None, Panel]
"""A layer's name, the channel where the view is of one, and the picture."""

Settings = Mapping[str, Any]
"""Those that `recipe.image_settings.METHODS` names for the method."""


def _activations(shown: Shown, layers: Sequence[str], settings: Any) -> Iterator[View]:
    maps = activations(shown.graph, shown.picture.name, layers, shown.value)
    for layer, features in zip(layers, maps, strict=True):
        yield layer, None, panels.activation_grid(features, settings)


def _reconstructions(
    method: str, shown: Shown, layers: Sequence[str], settings: Any
) -> Iterator[View]:
    for layer in layers:
        yield (
            layer,
            None,
            panels.reconstruction_grid(
                shown.graph, shown.picture.name, layer, method, shown.value, settings
            ),
        )


def _dreams(shown: Shown, layers: Sequence[str], settings: Any) -> Iterator[View]:
    for layer in layers:
        dreams = panels.dreams(shown.graph, shown.picture, layer, shown.image, settings)
        for channel, panel in dreams:
            yield layer, channel, panel


def _grad_cam(shown: Shown, layers: Sequence[str], settings: Any) -> Iterator[View]:
    maps = grad_cam.heat_maps(
        shown.graph, shown.picture.name, layers, shown.value, shown.levels, settings
    )
    for layer, panel in zip(layers, maps, strict=True):
        yield layer, None, panel


METHODS: dict[str, Callable[[Shown, Sequence[str], Settings], Iterator[View]]] = {
    "activations": _activations,
    DREAM: _dreams,
    "grad_cam": _grad_cam,
    **{
        f"{rule}{signal}": partial(_reconstructions, f"{rule}{signal}")
        for rule in BACKPROP_RULES
        for signal in ("", "_strongest")
    },
}
"""Each yields the views of layers in their order."""
