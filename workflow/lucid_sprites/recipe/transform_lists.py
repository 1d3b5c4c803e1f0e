"""Transforms as data: presets and the spelled-out list, checked and made canonical.

A transform list is a list of one-key mappings, applied in order to the picture:
`{pad: pixels}`, `{jitter: pixels}`, `{scale: [factors]}`, `{rotate: [degrees]}`,
`{crop_or_pad: [height, width]}`, `{homography: share}` (each corner of the canvas moves by up to
that share of its size), `{normalize_gradient: length}` (of the gradient that reaches the picture),
`{blur: sigma}` or `{blur: [lowest, highest]}` (Gaussian, in pixels of the picture itself).
lucid's own names random_scale, random_rotate and crop_or_pad_to are understood. They mean what
lucid's transforms of these names mean, but for one thing: the engine samples the picture once for
all of them, so what one of them cuts off comes back if a later one enlarges the canvas again.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from lucid_sprites.errors import UserError, nearest

Transform = dict[str, Any]

MOST_BLURRED = 16
"""Largest sigma of a blur, in pixels."""

_LUCID_NAMES = {
    "random_scale": "scale",
    "random_rotate": "rotate",
    "crop_or_pad_to": "crop_or_pad",
}


def _scales(first: int, last: int, step: int) -> Transform:
    return {"scale": [percent / 100 for percent in range(first, last + 1, step)]}


def _rotations(extra_zeros: int) -> Transform:
    """-10 to 10 degrees; the extra zeros make the upright picture more likely."""
    return {"rotate": [*range(-10, 11), *[0] * extra_zeros]}


PRESETS: dict[str, list[Transform]] = {
    "none": [],
    # lucid.optvis.transform.standard_transforms
    "standard": [{"pad": 12}, {"jitter": 8}, _scales(90, 110, 2), _rotations(5), {"jitter": 4}],
    # lucid-spritemaps' transform ids 1, 3 and 4 (0 is "none", 2 is "standard").
    "shallow": [{"pad": 16}, {"jitter": 32}, _scales(80, 119, 1), {"jitter": 2}],
    "strong": [{"pad": 16}, {"jitter": 16}, _scales(90, 110, 2), _rotations(5), {"jitter": 8}],
    "wild": [{"pad": 32}, {"jitter": 64}, _scales(80, 119, 1), _rotations(5), {"jitter": 8}],
}
KIT_IDS = ("none", "shallow", "standard", "strong", "wild")


def canonical(value: Any, where: str) -> str | list[Transform]:
    """A preset's name, or the checked list.

    Args:
        value: a preset name, a kit number 0 to 4, or a list of transforms.
        where: the place in the config, for the message.

    Raises:
        UserError: unknown preset or transform, or wrong parameters.
    """
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < len(KIT_IDS):
        return KIT_IDS[value]
    if isinstance(value, str) and value in PRESETS:
        return value
    if isinstance(value, list):
        return [_checked(item, where) for item in value]
    raise UserError(
        f"{where}: unknown transforms {value!r}; choose {', '.join(PRESETS)}, "
        f"a number from 0 to {len(KIT_IDS) - 1}, or a list such as [{{pad: 12}}, {{jitter: 8}}]"
    )


def steps(transforms: str | list[Transform]) -> list[Transform]:
    """The transforms of a canonical value, spelled out."""
    return PRESETS[transforms] if isinstance(transforms, str) else transforms


def unknown_to_lucid(transforms: str | list[Transform]) -> list[str]:
    """Names of transforms that engine `lucid` does not have."""
    names = dict.fromkeys(name for item in steps(transforms) for name in item)
    return [name for name in names if not TRANSFORMS[name].in_lucid]


def with_crop(
    transforms: str | list[Transform], picture: list[int], size: list[int]
) -> str | list[Transform]:
    """Canonical transforms that end in canvases of `size`; both are height and width in pixels."""
    spelled = steps(transforms)
    ends = list(picture) if not spelled else spelled[-1].get("crop_or_pad")
    return transforms if ends == size else [*spelled, {"crop_or_pad": size}]


def still(transforms: str | list[Transform], picture: list[int]) -> str | list[Transform]:
    """Transforms without chance, which show pictures of one height and width to their edges.

    On the canvas, of those that `transforms` make, whose size is nearest to the picture's: enlarged
    where that is larger, for a margin would be a part of the canvas that no picture can change.
    """
    ranges = [canvas_edges(transforms, edge) for edge in picture]
    canvas = [min(max(edge, low), high) for edge, (low, high) in zip(picture, ranges, strict=True)]
    factor = max(math.ceil(100 * to / edge) / 100 for edge, to in zip(picture, canvas, strict=True))
    enlarged: str | list[Transform] = [{"scale": [factor]}] if factor > 1 else "none"
    return with_crop(enlarged, picture, canvas)


def _checked(item: Any, where: str) -> Transform:
    if not isinstance(item, dict) or len(item) != 1:
        raise UserError(f"{where}: {item!r} is not one transform such as {{jitter: 8}}")
    ((said, value),) = item.items()
    name: Any = _LUCID_NAMES.get(said, said)
    kind = TRANSFORMS.get(name)
    if kind is None:
        raise UserError(
            f"{where}: unknown transform {name!r}; did you mean "
            f"{nearest(str(name), [*TRANSFORMS], 1)}? There are {', '.join(TRANSFORMS)}"
        )
    if not kind.accepts(value):
        raise UserError(f"{where}: {name} takes {kind.expected}, not {value!r}")
    return {name: value}


def _is_pixels(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 1024


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_between(value: Any, low: float, high: float) -> bool:
    return _is_number(value) and low <= value <= high


def _are(value: Any, low: float, high: float) -> bool:
    return (
        isinstance(value, list)
        and bool(value)
        and all(_is_between(item, low, high) for item in value)
    )


def _is_range(value: Any, low: float, high: float) -> bool:
    return _are(value, low, high) and len(value) == 2 and value[0] <= value[1]


def _unchanged(low: int, high: int, _: Any) -> tuple[int, int]:
    return low, high


@dataclass(frozen=True)
class TransformType:
    """What can be said of a transform without doing it; what it does is in `engine.transforms`.

    Attributes:
        expected: its parameter, for messages.
        accepts: whether a value is one.
        edges: from the smallest and largest edge of the canvas in pixels and the parameter to those
            after it.
        in_lucid: engine `lucid` has it, too.
    """

    expected: str
    accepts: Callable[[Any], bool]
    edges: Callable[[int, int, Any], tuple[int, int]] = _unchanged
    in_lucid: bool = True


TRANSFORMS: dict[str, TransformType] = {
    "pad": TransformType(
        "a number of pixels from 0 to 1024",
        _is_pixels,
        lambda low, high, pixels: (low + 2 * pixels, high + 2 * pixels),
    ),
    "jitter": TransformType(
        "a number of pixels from 0 to 1024",
        _is_pixels,
        lambda low, high, pixels: (low - pixels, high - pixels),
    ),
    "scale": TransformType(
        "a list of factors from 0.1 to 10",
        lambda value: _are(value, 0.1, 10),
        lambda low, high, factors: (int(low * min(factors)), int(high * max(factors))),
    ),
    "rotate": TransformType(
        "a list of degrees from -360 to 360", lambda value: _are(value, -360, 360)
    ),
    "crop_or_pad": TransformType(
        "a list [height, width] of pixels",
        lambda value: _are(value, 1, 4096) and len(value) == 2 and all(map(_is_pixels, value)),
        lambda low, high, size: (min(size), max(size)),
    ),
    # Beyond 0.4 the corners of the canvas may fall in line.
    "homography": TransformType(
        "a share from 0 to 0.4", lambda value: _is_between(value, 0, 0.4), in_lucid=False
    ),
    "normalize_gradient": TransformType(
        "a length from 1e-6 to 1e6", lambda value: _is_between(value, 1e-6, 1e6)
    ),
    "blur": TransformType(
        f"a sigma of 0 to {MOST_BLURRED} pixels, or the lowest and the highest as a list",
        lambda value: _is_between(value, 0, MOST_BLURRED) or _is_range(value, 0, MOST_BLURRED),
        in_lucid=False,
    ),
}


def edges(transforms: str | list[Transform], scale: int) -> tuple[int, int]:
    """Smallest and largest canvas edge in pixels on the way of a sprite of `scale` pixels."""
    stages = _stages(transforms, scale)
    return min(low for low, _ in stages), max(high for _, high in stages)


def canvas_edges(transforms: str | list[Transform], scale: int) -> tuple[int, int]:
    """Smallest and largest edge in pixels of the canvases that a network is shown in the end."""
    return _stages(transforms, scale)[-1]


def _stages(transforms: str | list[Transform], scale: int) -> list[tuple[int, int]]:
    """Smallest and largest edge after each transform, the picture itself first."""
    low = high = scale
    stages = [(low, high)]
    for item in steps(transforms):
        ((name, value),) = item.items()
        low, high = TRANSFORMS[name].edges(low, high, value)
        stages.append((low, high))
    return stages
