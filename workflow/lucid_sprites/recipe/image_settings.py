"""The language of `images`: methods, their settings with the defaults, and kinds of layers."""

from collections.abc import Mapping
from typing import Any, TypedDict, cast

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


class ImageSettings(GridSettings, DreamSettings):
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
# Defaults are tf_cnnvis's where it has the setting.
_DEFAULTS: Mapping[str, Any] = {
    "methods": ["activations", "deconvolution"],
    "layers": ["relu"],
    "maps": "all",
    **_SIZE,
    **_GRID,
    **_DREAM,
}
DEFAULTS = cast(ImageSettings, _DEFAULTS)
# What a method's outputs depend on, so that other settings do not make them again.
SETTINGS_OF = {
    "activations": [*_SIZE, *_GRID, "maps"],
    DREAM: [*_SIZE, *_DREAM],
    **{
        f"{method}{signal}": [*_SIZE, *_GRID, "maps"]
        for method in ("gradient", "deconvolution", "guided_backpropagation")
        for signal in ("", "_strongest")
    },
}
METHODS = tuple(SETTINGS_OF)

# Kinds of layers with tf_cnnvis's short forms.
KINDS = {
    "relu": ("Relu", "Relu6", "LeakyRelu", "Elu", "Selu", "Softplus", "Maximum"),
    "pool": ("MaxPool", "AvgPool"),
    "conv": ("Conv2D", "DepthwiseConv2dNative"),
}
SHORT = {kind[0]: kind for kind in KINDS}
