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
from lucid_sprites.recipe.objectives.vocabulary import UNITS
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

# Raised whenever failures are noticed or met in another way: what failed is tried again, what came
# out stays as it is.
RETRIES_VARIANT = "lifted-1"

_USUAL_SCALE = 64
_SMALLEST_SCALE = 8

DEFAULTS: Settings = {
    "engine": "batched",
    "precision": "float32",
    "thresholds": [64, 256],
    # 64 pixels, or the network's own size where that is smaller (see `sized`).
    "scale": None,
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
    "rescue": True,
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
        lifted: a unit that does not fire is raised by what comes before its nonlinearity (see
            `engine.lifted_layer`).
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
    lifted: bool = False

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
    return {k: v for k, v in values.items() if k not in _USUAL or v != _USUAL[k]}


def merge(base: Settings, override: Level) -> Settings:
    """`base` with the settings of a more specific level; `loss_crisis` merges key by key.

    A `scale` of none says nothing.
    """
    said = {key: value for key, value in override.items() if key in DEFAULTS}
    if said.get("scale", 0) is None:
        del said["scale"]
    merged = {**base, **said}
    if "loss_crisis" in override:
        merged["loss_crisis"] = {**base["loss_crisis"], **override["loss_crisis"]}
    return cast(Settings, merged)


def sized(settings: Settings, height: int | None, width: int | None) -> Settings:
    """Settings with a scale: where they have none, sprites are as large as small networks see.

    Args:
        height, width: of the network's pictures in pixels, None where it takes any.
    """
    if settings["scale"] is not None:
        return settings
    scale: Scale = _USUAL_SCALE
    if height and width and max(height, width) < _USUAL_SCALE:
        scale = Size(max(height, _SMALLEST_SCALE), max(width, _SMALLEST_SCALE)).scale
    return {**settings, "scale": scale}


def size_of(settings: Settings) -> Size:
    """Of a sprite: as the settings say, or the usual one."""
    return Size.of(settings["scale"] or _USUAL_SCALE)


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
    size = size_of(settings)
    resolved["scale"] = size.scale
    resolved["transforms"] = _transforms(settings["transforms"], size, crop, where)
    fallbacks_where = f"{where}, fallbacks"
    resolved["fallbacks"] = [
        {**fallback, "transforms": _transforms(fallback["transforms"], size, crop, fallbacks_where)}
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
    kinds = [attempt.get("parametrization") for attempt in (settings, *settings["fallbacks"])]
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
    """The attempts at one sprite, in order: further seeds first, the fallbacks, then a rescue."""
    axes: dict[str, Any] = {key: value for key, value in settings.items() if key in _RECIPE_KEYS}
    seeds = [Recipe(**axes, attempt=attempt) for attempt in range(settings["attempts"])]
    fallbacks = [
        Recipe(**{**axes, **fallback}, attempt=len(seeds) + number)
        for number, fallback in enumerate(settings["fallbacks"])
    ]
    attempts = seeds + fallbacks
    return [*attempts, _rescue(axes, len(attempts))] if _can_be_rescued(settings) else attempts


def _can_be_rescued(settings: SpriteSettings) -> bool:
    """Whether a sprite has a unit to lift, and is optimized by itself."""
    objective = settings.get("objective", {"objective": "channel"})
    alone = settings["engine"] == DEFAULTS["engine"] and not settings.get("members")
    return alone and objective["objective"] in UNITS and settings.get("rescue", True)


def _rescue(axes: Mapping[str, Any], attempt: int) -> Recipe:
    """The attempt at a unit that no other has excited.

    Without random transforms, which push most units that wake down again.
    """
    shown = transform_lists.still(axes["transforms"], list(Size.of(axes["scale"])))
    return Recipe(**{**axes, "transforms": shown}, attempt=attempt, lifted=True)


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
_USUAL: Mapping[str, Any] = {
    "lifted": False,
    **{k: v for k, v in DEFAULTS.items() if k in (*_EXTRA_KEYS, "rescue")},
}
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
_SPRITE_KEYS = (*_RECIPE_KEYS, "thresholds", "attempts", "fallbacks", "rescue")

# Below this edge there is nothing left to see; shallow kernels are up to 11 pixels wide.
_SMALLEST_CANVAS = 4
# Beyond this a single picture's activations fill the memory.
_LARGEST_CANVAS = 8192


def _transforms(said: Any, size: Size, crop: list[int] | None, where: str) -> Transforms:
    """The canonical transforms of what a config says."""
    value = transform_lists.canonical(said, where)
    if crop is not None:
        value = transform_lists.with_crop(value, list(size), crop)
    ranges = [transform_lists.edges(value, edge) for edge in size]
    smallest, largest = min(low for low, _ in ranges), max(high for _, high in ranges)
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
