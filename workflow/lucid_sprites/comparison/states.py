"""The sprites of several states of a network, as the spritesheets list them."""

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from lucid_sprites.recipe import index_ranges
from lucid_sprites.recipe.size import Size
from lucid_sprites.recipe.statuses import OK
from lucid_sprites.sprites import png, sheet_index
from lucid_sprites.sprites.sheet_index import Sheet


@dataclass(frozen=True)
class Sprite:
    """One sprite.

    Attributes:
        path: its PNG.
        has_picture: one was found; otherwise the PNG is empty.
        start: seed and attempt, which decide what the optimization started from.
    """

    path: Path
    has_picture: bool
    start: tuple[int, int]

    def image(self) -> Image.Image:
        """The picture in RGB.

        Raises:
            UserError: it cannot be read.
        """
        image, _ = png.read(str(self.path))
        return image.convert("RGB")

    def values(self) -> np.ndarray:
        """The picture as float32 [height, width, 3] in 0..1."""
        return np.asarray(self.image(), np.float32) / 255


@dataclass(frozen=True)
class Layer:
    """The sprites of a layer in one state.

    Attributes:
        number, name: of the layer in the graph.
        cell: that all of its sprites fit into.
        sprites: by index.
    """

    number: int
    name: str
    cell: Size
    sprites: dict[int, Sprite]


State = dict[str, Layer]
"""The layers of one state, by name, in the order of the network."""


def read_states(sheets: list[str]) -> dict[str, State]:
    """The states in the order in which they come first in the list.

    They are called as their instance, or, of several series, `<series>/<instance>`.

    Args:
        sheets: JSON files beside the spritesheets; `l_{2,5-7}_t_64.json` is that of each of these
            layers, because a command line holds no list of all files.

    Raises:
        UserError: one cannot be read.
    """
    states: dict[tuple[str, str], list[Layer]] = {}
    for sheet in (path for pattern in sheets for path in _files(pattern)):
        described = sheet_index.read(sheet)
        layer = _layer(described, Path(sheet).parents[1])
        states.setdefault((described["series"], described["instance"]), []).append(layer)
    several = len({series for series, _ in states}) > 1
    return {
        f"{series}/{instance}" if several else instance: _in_order(layers)
        for (series, instance), layers in states.items()
    }


def _in_order(layers: list[Layer]) -> State:
    return {layer.name: layer for layer in sorted(layers, key=lambda layer: layer.number)}


def _files(pattern: str) -> list[str]:
    """The files that a pattern stands for."""
    layers = re.search(r"(?<=/l_)\{([\d,-]+)\}(?=_t_\d+\.json$)", pattern)
    if not layers:
        return [pattern]
    numbers = index_ranges.parse(layers[1])
    return [f"{pattern[: layers.start()]}{number}{pattern[layers.end() :]}" for number in numbers]


def _layer(sheet: Sheet, folder: Path) -> Layer:
    sprites = {
        cell["index"]: Sprite(
            folder / "sprites" / cell["sprite"],
            cell["status"] == OK,
            (cell["seed"], cell["attempt"]),
        )
        for cell in sheet["cells"]
    }
    return Layer(sheet["number"], sheet["layer"], Size.of(sheet["cell"]), sprites)


def common_layers(states: dict[str, State]) -> list[str]:
    """Names of the layers that all states have, in the order of the first."""
    first, *others = states.values()
    return [name for name in first if all(name in other for other in others)]


def common_neurons(layers: list[Layer]) -> list[int]:
    """Indexes of the neurons that were rendered in all of these layers."""
    return sorted(set.intersection(*(set(layer.sprites) for layer in layers)))
