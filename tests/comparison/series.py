"""Sprites and sheets of made-up states, as the workflow writes them."""

import json
from pathlib import Path

import numpy as np

from lucid_sprites.recipe.size import Size
from lucid_sprites.sprites import png


def write_state(
    folder: Path,
    instance: str,
    layers: dict[str, dict[int, np.ndarray | None]],
    seed: int = 0,
    series: str = "made_up",
) -> list[str]:
    """Write sprites (None: failed) of each layer of one state; returns the sheets' JSON files."""
    sheets = []
    for number, (name, pictures) in enumerate(layers.items()):
        cells = []
        edge = max((p.shape[0] for p in pictures.values() if p is not None), default=8)
        for index, picture in pictures.items():
            path = folder / instance / "sprites" / f"l_{number}_i_{index}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            record = {"index": index}
            found = picture is not None
            path.write_bytes(
                png.encode(picture, record) if found else png.empty(Size(edge, edge), record)
            )
            cells.append({"index": index, "status": "ok" if found else "no_gradient",
                          "loss": 1.0, "seed": seed, "attempt": 0,
                          "sprite": path.name})  # fmt: skip
        sheet = folder / instance / "spritemaps" / f"l_{number}.json"
        sheet.parent.mkdir(parents=True, exist_ok=True)
        described = {"series": series, "instance": instance, "layer": name, "number": number,
                     "threshold": 64, "cell": edge}  # fmt: skip
        sheet.write_text(json.dumps({**described, "cells": cells}))
        sheets.append(str(sheet))
    return sheets


def plain(colour: tuple[float, float, float], edge: int = 16) -> np.ndarray:
    """A picture of one colour."""
    return np.full((edge, edge, 3), colour, np.float32)


def stripes(period: int, shift: int = 0, edge: int = 32) -> np.ndarray:
    """Upright grey stripes."""
    wave = 0.5 + 0.5 * np.sin(2 * np.pi * (np.arange(edge) + shift) / period)
    return np.broadcast_to(wave[None, :, None], (edge, edge, 3)).astype(np.float32)
