"""Labelled grids of sprites."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

from PIL import Image, ImageDraw, ImageFont

from lucid_sprites.comparison.states import Sprite
from lucid_sprites.recipe.size import Size

_GAP = 2
_MARGIN = 8
_PAPER, _INK, _FRAME = "white", "#202020", "#d0d0d0"


@dataclass(frozen=True)
class Row:
    """A row of a grid: its label and its sprites, None where there is none."""

    label: str
    sprites: Sequence[Sprite | None]


def draw(title: str, columns: Sequence[str], rows: Sequence[Row], cell: Size) -> Image.Image:
    """A grid with a title above, a label over each column and left of each row.

    Cells of sprites that are missing or failed stay empty, with a frame.

    Args:
        cell: size of the cells; sprites are fitted into it, never enlarged.
    """
    # With a size, it is the font that comes with Pillow.
    edge = max(11, min(16, cell.width // 5))
    font = cast(ImageFont.FreeTypeFont, ImageFont.load_default(edge))
    line = _height(font)
    left = _MARGIN + max((_width(row.label, font) for row in rows), default=0) + _MARGIN
    top = _MARGIN + line + (line if any(columns) else 0) + _GAP
    wide, high = cell.width + _GAP, cell.height + _GAP
    width = max(left + len(columns) * wide, _MARGIN + _width(title, font)) + _MARGIN
    figure = Image.new("RGB", (width, top + len(rows) * high + _MARGIN), _PAPER)
    ink = ImageDraw.Draw(figure)
    ink.text((_MARGIN, _MARGIN // 2), title, _INK, font)
    for number, label in enumerate(columns):
        middle = left + number * wide + cell.width // 2
        ink.text((middle, top - _GAP), label, _INK, font, anchor="md")
    for number, row in enumerate(rows):
        y = top + number * high
        ink.text((left - _MARGIN, y + cell.height // 2), row.label, _INK, font, anchor="rm")
        for column, sprite in enumerate(row.sprites):
            _place(figure, ink, sprite, (left + column * wide, y), cell)
    return figure


def stack(figures: Sequence[Image.Image]) -> Image.Image:
    """Figures under one another."""
    sheet = Image.new(
        "RGB", (max(f.width for f in figures), sum(f.height for f in figures)), _PAPER
    )
    y = 0
    for figure in figures:
        sheet.paste(figure, (0, y))
        y += figure.height
    return sheet


def _place(
    figure: Image.Image,
    ink: ImageDraw.ImageDraw,
    sprite: Sprite | None,
    corner: tuple[int, int],
    cell: Size,
) -> None:
    x, y = corner
    if sprite is None or not sprite.has_picture:
        ink.rectangle((x, y, x + cell.width - 1, y + cell.height - 1), outline=_FRAME)
        return
    image = sprite.image()
    image.thumbnail((cell.width, cell.height), Image.Resampling.LANCZOS)
    left, top = (cell.width - image.width) // 2, (cell.height - image.height) // 2
    figure.paste(image, (x + left, y + top))


def _width(text: str, font: ImageFont.FreeTypeFont) -> int:
    return round(font.getlength(text))


def _height(font: ImageFont.FreeTypeFont) -> int:
    ascent, descent = font.getmetrics()
    return ascent + descent
