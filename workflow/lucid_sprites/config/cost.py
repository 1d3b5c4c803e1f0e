"""How many sprites advance together, and how many one job optimizes."""

from typing import Any

# TensorFlow computes the last numbers of an array, where they do not fill a vector register of 8,
# by other formulas. Batches of full registers have no such remainder, whatever their sprites' size,
# so that a sprite's numbers do not depend on its place in the batch.
BATCH_MULTIPLE = 8

# The activations of a batch should stay near the processor's caches.
_ACTIVATION_BYTES = 6 << 20
_SMALLEST_BATCH, _LARGEST_BATCH = BATCH_MULTIPLE, 32

# A job should run much longer than it takes to start (2 to 8 s), and yet leave enough jobs for
# many cores. Reckoned for 256 steps at what one core of a server does (docs/measurements.md).
_SECONDS_OF_A_BLOCK = 30.0
_LARGEST_BLOCK = 256
_STEPS = 256
_SECONDS_OF_A_STEP = 3e-4
_SECONDS_OF_A_MAC = 5e-11

# The standard transforms enlarge the canvas to up to 84 pixels for 64.
_CANVAS_SHARE = 1.7


def sizes(layer: dict[str, Any], settings: dict[str, Any]) -> tuple[int, int]:
    """(batch, block size) of a layer: from its cost or as set, never from the selection.

    Args:
        layer: of the catalogue.
        settings: of the layer.
    """
    scale = settings["scale"]
    pixels = (scale**2 if isinstance(scale, int) else scale[0] * scale[1]) * _CANVAS_SHARE
    batch, block = settings["batch_size"], settings["block_size"]
    if batch == "auto":
        fitting = _ACTIVATION_BYTES / (4 * layer["activations"] * pixels)
        batch = _doubled(_SMALLEST_BATCH, min(fitting, _LARGEST_BATCH))
    if block == "auto":
        seconds = _STEPS * (_SECONDS_OF_A_STEP + _SECONDS_OF_A_MAC * layer["macs"] * pixels)
        block = _doubled(batch, min(_SECONDS_OF_A_BLOCK / seconds, _LARGEST_BLOCK))
    return batch, block


def _doubled(first: int, limit: float) -> int:
    """`first`, doubled as often as that stays within `limit`."""
    while 2 * first <= limit:
        first *= 2
    return first
