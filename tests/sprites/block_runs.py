"""Runs of blocks as their jobs do them, and what comes out."""

import dataclasses
import io
import json
from pathlib import Path

from PIL import Image

from lucid_sprites.files import sha256
from lucid_sprites.recipe import index_ranges
from lucid_sprites.recipe.layer_catalogue import InputSpec
from lucid_sprites.recipe.setting_types import Group
from lucid_sprites.recipe.settings import DEFAULTS
from lucid_sprites.sprites import attempts_log, block
from lucid_sprites.sprites.block import BlockSpec
from lucid_sprites.sprites.store import Store

PLAIN = {"transforms": "none", "parametrization": "pixel", "decorrelate": False}


def settings(**changes):
    keys = ("scale", "learning_rate", "transforms", "parametrization", "decorrelate",
            "loss_crisis", "seed", "thresholds", "attempts", "fallbacks")  # fmt: skip
    return {
        **{key: DEFAULTS[key] for key in keys},
        "engine": "batched",
        "rescue": False,
        "scale": 12,
        "thresholds": [4, 20],
        **changes,
    }


def spec(graph: Path, *groups, layer="conv1/Relu", **changes) -> BlockSpec:
    picture = InputSpec("picture", None, None, 3, 0.0, 1.0, {})
    groups = [Group(own, index_ranges.parse(indexes)) for indexes, own in groups]
    made = BlockSpec(str(graph), sha256(graph), sha256(graph), picture, 0, layer, 8, True, groups)
    return dataclasses.replace(made, **changes)


def place(member: str) -> tuple[int, int]:
    """Index and threshold of a sprite by its name in a block."""
    _, index, _, threshold, _ = member.split("_")
    return int(index), int(threshold)


class Run:
    """What one run of a block did: started optimizations, steps, sprites and their PNGs."""

    def __init__(self, asked: BlockSpec, folder: Path) -> None:
        self.started: list[tuple[int, int]] = []
        self.steps = 0
        self.sprites = block.complete(asked, Store(folder), self._start)
        self.pngs = {place(name): png for name, png in block.pictures(asked, self.sprites)}
        self.rows = attempts_log.rows(asked, self.sprites)
        json.dumps(self.rows)

    def _start(self, sprites: int, steps: int):
        self.started.append((sprites, steps))
        return self._advance

    def _advance(self, done: int) -> None:
        self.steps += done

    def statuses(self):
        """(index, attempt, threshold, status, step) of every row."""
        names = ("index", "attempt", "threshold", "status", "step")
        return [tuple(row[name] for name in names) for row in self.rows]


def opened(png: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(png))
    image.load()
    return image


def record(png: bytes) -> dict:
    return json.loads(opened(png).text["lucid-sprites"])


def shown(run: Run) -> dict[tuple[int, int], tuple[bytes, dict]]:
    """Pixels and records; the settings that were there beside show in a sprite's mark only."""
    return {place: (opened(png).tobytes(), record(png)) for place, png in run.pngs.items()}
