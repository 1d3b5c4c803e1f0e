"""How many sprites advance together, how many one job optimizes, and what that job needs."""

import math
from collections.abc import Iterable

from lucid_sprites.recipe.engine_limits import BATCH_MULTIPLE, LARGE_KERNEL_BYTES
from lucid_sprites.recipe.setting_types import Group, Settings
from lucid_sprites.recipe.settings import recipes, size_of
from lucid_sprites.recipe.size import Size

# The activations of a batch should stay near the processor's caches.
_ACTIVATION_BYTES = 12 << 20
_SMALLEST_BATCH, _LARGEST_BATCH = BATCH_MULTIPLE, 32

# A job should run much longer than it takes to start (2 to 8 s), and yet leave enough jobs for
# many cores. Reckoned for 256 steps at what one core of a server does (docs/measurements.md).
_SECONDS_OF_A_BLOCK = 60.0
_LARGEST_BLOCK = 256
_STEPS = 256
_SECONDS_OF_A_PIXEL = 4e-8
_SECONDS_OF_A_MAC = 1.5e-11

# What a job asks a cluster for. Too little gets it killed, so: several times what was reckoned, a
# slow start from a shared disk, and the memory that TensorFlow takes for itself. Beside the largest
# activation, a batch keeps about ten more for the gradients; a graph is held several times while it
# is folded (docs/scale.md).
_MINUTES_TO_START = 10
_SLOWER = 12
_MEGABYTES_TO_START = 700
_ACTIVATIONS_KEPT = 16
_GRAPH_COPIES = 8
# Of large kernels, by all that hold them.
_LARGE_KERNEL_COPIES = 20

# The standard transforms enlarge the canvas to up to 84 pixels for 64.
_CANVAS_SHARE = 1.7


def sizes(macs: float, activations: float, settings: Settings) -> tuple[int, int]:
    """(batch, block size) of a layer: from its cost or as set, never from the selection.

    Args:
        macs, activations: of the layer, from the catalogue.
        settings: of the layer.
    """
    batch, block = settings["batch_size"], settings["block_size"]
    size = size_of(settings)
    if batch == "auto":
        fitting = _ACTIVATION_BYTES / _activation_bytes(activations, size)
        batch = _doubled(_SMALLEST_BATCH, min(fitting, _LARGEST_BATCH))
    if block == "auto":
        seconds = _STEPS * _step_seconds(macs, size)
        block = _doubled(batch, min(_SECONDS_OF_A_BLOCK / seconds, _LARGEST_BLOCK))
    return batch, block


def job_minutes(macs: float, groups: Iterable[Group]) -> int:
    """Minutes that are ample for a job, all attempts at its sprites included.

    Args:
        macs: of the layer, from the catalogue.
        groups: of the job's block.
    """
    seconds: float = sum(
        len(group.indexes)
        * len(recipes(group.settings))
        * max(group.settings["thresholds"])
        * _step_seconds(macs, group.size)
        for group in groups
    )
    return _MINUTES_TO_START + math.ceil(_SLOWER * seconds / 60)


def job_megabytes(activations: float, batch: int, size: Size, graph_megabytes: float) -> int:
    """Memory that is ample for a job.

    Args:
        activations: of the layer, from the catalogue.
        batch: sprites that advance together.
        size: of the largest of these.
        graph_megabytes: size of the graph's file.
    """
    kept = _ACTIVATIONS_KEPT * batch * _activation_bytes(activations, size) / 1e6
    large = min(graph_megabytes, LARGE_KERNEL_BYTES / 1e6)
    weights = _GRAPH_COPIES * graph_megabytes + _LARGE_KERNEL_COPIES * large
    return _MEGABYTES_TO_START + math.ceil(kept + weights)


def _step_seconds(macs: float, size: Size) -> float:
    """Of one sprite."""
    return (_SECONDS_OF_A_PIXEL + _SECONDS_OF_A_MAC * macs) * _canvas_pixels(size)


def _activation_bytes(activations: float, size: Size) -> float:
    """The largest activation of one sprite, in float32."""
    return 4 * activations * _canvas_pixels(size)


def _canvas_pixels(size: Size) -> float:
    """Of a sprite."""
    return size.pixels * _CANVAS_SHARE


def _doubled(first: int, limit: float) -> int:
    """`first`, doubled as often as that stays within `limit`."""
    while 2 * first <= limit:
        first *= 2
    return first
