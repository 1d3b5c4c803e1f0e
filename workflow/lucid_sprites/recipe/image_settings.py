"""The language of `images`: methods, their settings with the defaults, and kinds of layers."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypedDict, cast

from lucid_sprites.errors import nearest
from lucid_sprites.recipe import index_ranges
from lucid_sprites.recipe.layer_catalogue import Layer
from lucid_sprites.recipe.layer_operations import is_rectified

# Raised whenever the arithmetic of a method changes: other views for the same settings.
VIEWS_VARIANT = "views-1"

DREAM = "deepdream"


class SizeSettings(TypedDict):
    """In what size pictures are shown to the network."""

    size_limit: int
    stretch: bool


class GridSettings(SizeSettings):
    """A grid of feature maps or reconstructions; `maps` is a number, or `all`."""

    padding: int
    normalize: str
    maps: Any


class DreamSettings(SizeSettings):
    """Dreams (see `images.dream`).

    Attributes:
        channels: as a list or as text.
        start: `noise` or `picture`.
        size: longest edge in pixels; None for the network's size grown by all octaves.
    """

    channels: Any
    start: str
    size: int | None
    octaves: int
    octave_scale: float
    iterations: int
    step: float
    tile: int | None
    levels: int
    denoise: float
    seed: int


class TargetSettings(SizeSettings):
    """What a class is explained by (see `images.grad_cam`).

    Attributes:
        target: number of the class; None for the one with the highest score.
        target_layer: whose channels are the scores of classes; None for what the softmax reads.
    """

    target: int | None
    target_layer: str | None


class ImageSettings(GridSettings, DreamSettings, TargetSettings):
    """An entry of `images`, over the defaults."""

    methods: list[str]
    layers: list[Any]


_GRID = {"padding": 1, "normalize": "contrast"}
_SIZE = {"size_limit": 512, "stretch": False}
_DREAM = {
    "channels": [0],
    "start": "noise",
    "size": None,
    "octaves": 3,
    "octave_scale": 1.4,
    "iterations": 50,
    "step": 1.0,
    "tile": None,
    "levels": 4,
    "denoise": 2.0,
    "seed": 0,
}
_TARGET = {"target": None, "target_layer": None}
# Defaults are tf_cnnvis's where it has the setting.
_DEFAULTS: Mapping[str, Any] = {
    "methods": ["activations", "deconvolution"],
    "layers": ["relu"],
    "maps": "all",
    **_SIZE,
    **_GRID,
    **_DREAM,
    **_TARGET,
}
DEFAULTS = cast(ImageSettings, _DEFAULTS)


def _no_problem(settings: Mapping[str, Any], layer: Layer, layers: Sequence[Layer]) -> str | None:
    return None


def _missing_channel(
    settings: Mapping[str, Any], layer: Layer, layers: Sequence[Layer]
) -> str | None:
    last = index_ranges.parse(settings["channels"], "channels")[-1]
    if last < layer.depth:
        return None
    return f"channel {last} is beyond its depth; choose from 0 to {layer.depth - 1}"


def _missing_target(
    settings: Mapping[str, Any], layer: Layer, layers: Sequence[Layer]
) -> str | None:
    name, unit = settings["target_layer"], settings["target"]
    by_name = {candidate.name: candidate for candidate in layers}
    if name is None:
        return None
    if name not in by_name:
        return f"no target_layer {name!r}; nearest names: {nearest(name, list(by_name))}"
    if by_name[name].number <= layer.number:
        return f"target_layer {name!r} is not behind it"
    if unit is not None and unit >= by_name[name].depth:
        return f"target {unit} is beyond {name}; choose from 0 to {by_name[name].depth - 1}"
    return None


@dataclass(frozen=True)
class Method:
    """A way to show what a picture excites; what it does is in `images.methods`.

    Attributes:
        settings: those that its pictures depend on; others do not make them again.
        by_channel: makes a picture for each of `channels`, and not one of the layer.
        problem: of these settings, a layer, and all layers of its network: why it cannot be shown.
    """

    settings: tuple[str, ...]
    by_channel: bool = False
    problem: Callable[[Mapping[str, Any], Layer, Sequence[Layer]], str | None] = _no_problem


_OF_GRIDS = Method((*_SIZE, *_GRID, "maps"))

METHODS: dict[str, Method] = {
    "activations": _OF_GRIDS,
    DREAM: Method((*_SIZE, *_DREAM), by_channel=True, problem=_missing_channel),
    "grad_cam": Method((*_SIZE, *_TARGET), problem=_missing_target),
    **{
        f"{method}{signal}": _OF_GRIDS
        for method in ("gradient", "deconvolution", "guided_backpropagation")
        for signal in ("", "_strongest")
    },
}

# Kinds of layers with tf_cnnvis's short forms.
KINDS: dict[str, Callable[[str, str], bool]] = {
    "relu": is_rectified,
    "pool": lambda _, op: op in ("MaxPool", "AvgPool"),
    "conv": lambda _, op: op in ("Conv2D", "DepthwiseConv2dNative"),
}
"""Whether a layer is of the kind, by its own kind and its last operation (see `Layer`)."""
SHORT = {kind[0]: kind for kind in KINDS}
