"""The settings of a sprite and how the levels of the config override each other."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, cast

from lucid_sprites import fingerprints
from lucid_sprites.errors import UserError
from lucid_sprites.files import PICTURE, check_input
from lucid_sprites.recipe import transform_lists
from lucid_sprites.recipe.setting_types import (
    Level,
    LossCrisis,
    Photo,
    Scale,
    Settings,
    SpriteSettings,
    Transforms,
)
from lucid_sprites.recipe.size import Size

# Raised whenever the engine's arithmetic changes: other pictures for the same settings.
ENGINE_VARIANT = "batched-3"

DEFAULTS: Settings = {
    "engine": "batched",
    "precision": "float32",
    "thresholds": [64, 256],
    "scale": 64,
    "learning_rate": 0.05,
    "transforms": "standard",
    "parametrization": "fft",
    "decorrelate": True,
    "optimizer": "adam",
    "alpha": False,
    "shared": [],
    "start": None,
    "seed": 0,
    "attempts": 2,
    "fallbacks": [],
    # The original kit's test: a loss that falls `hits` times into one of the last `bins`
    # distinct bins of width 1 / factor is stuck.
    "loss_crisis": {"bins": 10, "hits": 10, "factor": 1e7, "minimum": 0},
    "indexes": [],
    "max_index": None,
    "columns": "auto",
    "batch_size": "auto",
    "block_size": "auto",
    "keep_state": True,
}


@dataclass(frozen=True)
class Recipe:
    """How one attempt at a sprite is optimized; with graph, layer, index: what it looks like.

    Attributes:
        scale: edge of the sprite in pixels, or [height, width].
        learning_rate: of the optimizer.
        transforms: canonical transforms (see `recipe.transform_lists`).
        parametrization: `fft`, `maco`, `pixel`, `laplacian` or `cppn`.
        decorrelate: colours are optimized in a decorrelated space.
        loss_crisis: limits of the problem detection.
        seed: the user's seed.
        attempt: 0 for the first try; with the seed, it keys all randomness.
        engine: `batched`, or `lucid` for the reference.
        precision: of the convolutions, `float32` or `bfloat16`.
        optimizer: `adam`, `sgd`, `rmsprop` or `normalized`.
        alpha: the sprite is transparent where nothing matters.
        shared: how many times smaller the coarse pictures are that the sprites of a joint group
            share.
        start: `file` and `sha256` of the picture to start from; None for noise.
    """

    scale: Scale
    learning_rate: float
    transforms: Transforms
    parametrization: str
    decorrelate: bool
    loss_crisis: LossCrisis
    seed: int
    attempt: int
    engine: str = "batched"
    precision: str = "float32"
    optimizer: str = "adam"
    alpha: bool = False
    shared: list[int] = field(default_factory=list)
    start: Photo | None = None

    @property
    def size(self) -> Size:
        """Of the sprite."""
        return Size.of(self.scale)

    def as_dict(self) -> dict[str, Any]:
        """Plain data, for records and keys, without the axes that are as they mostly are."""
        values = asdict(self)
        if self.start:
            values["start"] = {"sha256": self.start["sha256"]}
        return _without_defaults(values)


def _without_defaults(values: Mapping[str, Any]) -> dict[str, Any]:
    """Without the axes that are as they mostly are."""
    usual = cast(Mapping[str, Any], DEFAULTS)
    return {k: v for k, v in values.items() if k not in _EXTRA_KEYS or v != usual[k]}


def merge(base: Settings, override: Level) -> Settings:
    """`base` with the settings of a more specific level; `loss_crisis` merges key by key."""
    merged = {**base, **{key: value for key, value in override.items() if key in DEFAULTS}}
    if "loss_crisis" in override:
        merged["loss_crisis"] = {**base["loss_crisis"], **override["loss_crisis"]}
    return cast(Settings, merged)


def resolve(settings: Settings, where: str, crop: list[int] | None = None) -> SpriteSettings:
    """The settings of one sprite, checked and canonical.

    Args:
        crop: height and width in pixels that the layer needs in the end, None if it takes any.

    Raises:
        UserError: unknown transforms, or transforms that leave nothing of the picture.
    """
    merged = cast(Mapping[str, Any], settings)
    resolved = {key: merged[key] for key in _SPRITE_KEYS}
    resolved["thresholds"] = sorted(settings["thresholds"])
    size = Size.of(settings["scale"])
    resolved["scale"] = size.scale
    resolved["transforms"] = _transforms(settings["transforms"], size, crop, where)
    place = f"{where}, fallbacks"
    resolved["fallbacks"] = [
        {**fallback, "transforms": _transforms(fallback["transforms"], size, crop, place)}
        if "transforms" in fallback
        else fallback
        for fallback in settings["fallbacks"]
    ]
    if settings["start"] is not None:
        resolved["start"] = photo(settings["start"], f"{where}, start")
    _check_fits(resolved, where)
    return cast(SpriteSettings, _without_defaults(resolved))


def photo(file: str, where: str) -> Photo:
    """A picture file by its path and content.

    Raises:
        UserError: it cannot be read.
    """
    check_input(file, PICTURE, where)
    return {"file": file, "sha256": fingerprints.content(file, where)}


def _check_fits(settings: Mapping[str, Any], where: str) -> None:
    """Raise UserError for settings, all axes among them, that exclude each other."""
    kinds = [own.get("parametrization") for own in (settings, *settings["fallbacks"])]
    if settings["start"] is not None and "cppn" in kinds:
        raise UserError(f"{where}: a cppn cannot start from a picture; choose fft, pixel, ...")
    if settings["start"] is not None and settings["shared"]:
        raise UserError(f"{where}: sprites that share a coarse part cannot start from a picture")
    if settings["engine"] == "lucid":
        changed = [key for key in _EXTRA_KEYS if key in _without_defaults(settings)]
        if kinds[0] not in ("fft", "pixel"):
            changed.append("parametrization")
        changed += transform_lists.unknown_to_lucid(settings["transforms"])
        if changed or not isinstance(settings["scale"], int):
            raise UserError(
                f"{where}: engine lucid is for comparison, with square sprites of fft or pixel and "
                f"Adam; leave out {', '.join(changed) or 'the width'} or the engine"
            )


def recipes(settings: SpriteSettings) -> list[Recipe]:
    """The attempts at one sprite, in order: further seeds first, then the fallbacks."""
    own: dict[str, Any] = {key: value for key, value in settings.items() if key in _RECIPE_KEYS}
    seeds = [Recipe(**own, attempt=attempt) for attempt in range(settings["attempts"])]
    fallbacks = [
        Recipe(**{**own, **fallback}, attempt=len(seeds) + number)
        for number, fallback in enumerate(settings["fallbacks"])
    ]
    return seeds + fallbacks


def identity(content: str, picture: Mapping[str, Any], layer: str, settings: SpriteSettings) -> str:
    """A short text that changes with whatever decides what a sprite looks like.

    Args:
        content: digest of all that the layer is computed from.
        picture: the graph's picture input, as plain data.
        settings: as resolved; the thresholds do not show in a sprite.
    """
    shown = {key: value for key, value in settings.items() if key != "thresholds"}
    text = canonical_json([ENGINE_VARIANT, content, picture, layer, shown])
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def canonical_json(value: Any) -> str:
    """One text for equal values: sorted keys, no spaces."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


# Axes of a recipe that are left out of records and keys where they are as by default.
_EXTRA_KEYS = ("precision", "optimizer", "alpha", "shared", "start")
_RECIPE_KEYS = (
    *_EXTRA_KEYS,
    "engine",
    "scale",
    "learning_rate",
    "transforms",
    "parametrization",
    "decorrelate",
    "loss_crisis",
    "seed",
)
_SPRITE_KEYS = (*_RECIPE_KEYS, "thresholds", "attempts", "fallbacks")

# Below this edge there is nothing left to see; shallow kernels are up to 11 pixels wide.
_SMALLEST_CANVAS = 4
# Beyond this a single picture's activations fill the memory.
_LARGEST_CANVAS = 8192


def _transforms(said: Any, size: Size, crop: list[int] | None, where: str) -> Transforms:
    """The canonical transforms of what a config says."""
    value = transform_lists.canonical(said, where)
    if crop is not None:
        value = transform_lists.with_crop(value, list(size), crop)
    found = [transform_lists.edges(value, edge) for edge in size]
    smallest, largest = min(low for low, _ in found), max(high for _, high in found)
    what = f"{where}: transforms {said!r}"
    if smallest < _SMALLEST_CANVAS:
        raise UserError(
            f"{what} shrink a sprite of {size} pixels to {smallest}; choose a larger scale or "
            "smaller transforms"
        )
    if largest > _LARGEST_CANVAS:
        raise UserError(
            f"{what} enlarge a sprite of {size} pixels to {largest}, more than {_LARGEST_CANVAS}; "
            "choose a smaller scale or other transforms"
        )
    return value
