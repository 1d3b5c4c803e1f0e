"""Program: show some units of a network under each value range that it may have been made for.

python -m lucid_sprites.sprites.range_sheet
    --graph PB --catalogue JSON --made MARK --out SHEET.png
"""

import argparse
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from lucid_sprites import program
from lucid_sprites.files import save_whole
from lucid_sprites.planning import catalogues
from lucid_sprites.recipe.layer_catalogue import Catalogue, InputSpec, Layer
from lucid_sprites.recipe.settings import DEFAULTS, merge, recipes, resolve, sized
from lucid_sprites.recipe.value_ranges import Range, ranges_for
from lucid_sprites.sprites import png

_UNITS = 4
_STEPS = 128
# In pixels: the edge of a cell, what is left between cells, a line of text.
_CELL, _GAP, _LINE = 128, 6, 20
_INK, _PAPER, _NOTHING = "#222222", "#ffffff", "#dddddd"


@dataclass(frozen=True)
class Column:
    """Units under one range.

    Attributes:
        pictures: float32 [height, width, channels] in 0..1; None where there is none.
        losses: as high as the units got.
    """

    range: Range
    pictures: list[np.ndarray | None]
    losses: list[float]


def main() -> None:
    """Read the arguments, render the units, write the sheet."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--graph", required=True, help="in normal form")
    parser.add_argument("--catalogue", required=True, help="of its layers")
    parser.add_argument("--made", required=True, help="what it says of how it was made")
    parser.add_argument("--out", required=True, help="PNG file to write")
    with program.run(parser, program.TensorFlow.WITHOUT_KERAS) as arguments:
        catalogue = catalogues.read(arguments.catalogue)
        layer = choose_layer(catalogue)
        columns = render(arguments.graph, catalogue.picture, layer)
        assumed = catalogue.picture.low, catalogue.picture.high
        sheet = draw(f"{layer.number} {layer.name}", columns, assumed)
        save_whole(arguments.out, lambda path: png.save_marked(sheet, path, arguments.made))


def choose_layer(catalogue: Catalogue) -> Layer:
    """The middle one of the activations that have positions and units that vary, or of others."""
    varying = [layer for layer in catalogue.layers if layer.constant < layer.depth]
    placed = [layer for layer in varying if layer.height]
    activations = [layer for layer in placed if layer.kind == "activation"]
    chosen = activations or placed or varying or catalogue.layers
    return chosen[len(chosen) // 2]


def render(graph: str, picture: InputSpec, layer: Layer) -> list[Column]:
    """The first units of a layer under each range, by one attempt each."""
    from lucid_sprites.engine.optimize import optimize
    from lucid_sprites.engine.task import Task
    from lucid_sprites.models.graph import prepare
    from lucid_sprites.models.loaders import frozen_graph

    # What recurs or stays low is told by its picture.
    patient = {"hits": math.inf, "minimum": -math.inf}
    settings = merge(DEFAULTS, {"thresholds": [_STEPS], "loss_crisis": patient})
    whole = resolve(sized(settings, picture.height, picture.width), "ranges", layer.needs)
    units = range(min(_UNITS, layer.depth))
    network = prepare.prepare(frozen_graph.read(graph), picture.name, layer.name)
    columns = []
    for low, high in ranges_for(picture.channels):
        tasks = [Task(index, recipes(whole)[0], (_STEPS,)) for index in units]
        ranged = replace(picture, low=low, high=high)
        made = optimize(network, ranged, layer.name, tasks, _UNITS, lambda _: None)
        outcomes = {outcome.task.index: outcome for outcome in made}
        columns.append(
            Column(
                (low, high),
                [outcomes[index].pictures.get(_STEPS) for index in units],
                [outcomes[index].loss for index in units],
            )
        )
    return columns


def draw(title: str, columns: Sequence[Column], assumed: Range) -> Image.Image:
    """A sheet with a column for each range and a row for each unit, with what they reached."""
    rows = max(len(column.pictures) for column in columns)
    width = len(columns) * (_CELL + _GAP) + _GAP
    sheet = Image.new("RGB", (width, 3 * _LINE + rows * (_CELL + _LINE) + _GAP), _PAPER)
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(13)
    pen.text((_GAP, 3), title, _INK, font)
    for number, column in enumerate(columns):
        x, y = _GAP + number * (_CELL + _GAP), _LINE
        low, high = column.range
        pen.text((x, y + 3), f"{low:g} to {high:g}", _INK, font)
        if column.range == assumed:
            pen.text((x, y + _LINE + 1), "(assumed)", _INK, font)
        for row, (picture, loss) in enumerate(zip(column.pictures, column.losses, strict=True)):
            corner = x, y + 2 * _LINE + row * (_CELL + _LINE)
            sheet.paste(_cell(picture), corner)
            pen.text((x, corner[1] + _CELL + 2), f"{loss:.3g}", _INK, font)
    return sheet


def _cell(picture: np.ndarray | None) -> Image.Image:
    if picture is None:
        return Image.new("RGB", (_CELL, _CELL), _NOTHING)
    levels = (np.clip(picture, 0, 1) * 255).astype(np.uint8)
    if levels.shape[-1] not in (1, 3):
        levels = levels[..., :1]
    image = Image.fromarray(levels[..., 0] if levels.shape[-1] == 1 else levels)
    return image.convert("RGB").resize((_CELL, _CELL), Image.Resampling.BICUBIC)


if __name__ == "__main__":
    main()
