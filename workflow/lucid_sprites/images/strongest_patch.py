"""Reconstructions of single activations, from as little of the picture as these see."""

from collections.abc import Iterator, Sequence
from itertools import islice

import numpy as np
import tensorflow.compat.v1 as tf

from lucid_sprites import tensorflow_start
from lucid_sprites.images.receptive_field import Fields, receptive_field
from lucid_sprites.images.reconstruction import (
    BATCH,
    Passes,
    Reconstructor,
    passes,
    strongest_activations,
)

_SHARE = 0.5
"""Of the picture: a crop goes forward, too, for which the whole picture has it behind it."""


def strongest_patches(built: Reconstructor, maps: Sequence[int]) -> Iterator[np.ndarray]:
    """The reconstruction of the strongest single activation of each map, in order.

    One activation depends on its part of the picture alone: where that is small, crops around the
    activations go forward and backward, one for each map, instead of the picture.
    """
    signals = strongest_activations(built.features, maps, built.task.method)
    fields = receptive_field(built.passes.features, built.passes.picture)
    if fields is None or built.passes.result is None:
        return built.reconstruct(signals)
    height, width, channels = built.value.shape
    edges = fields[0].edge(height), fields[1].edge(width)
    if edges[0] * edges[1] > _SHARE * height * width:
        return built.reconstruct(signals)
    return _from_crops(built, signals, fields, passes(built.task, (*edges, channels)))


def _from_crops(
    built: Reconstructor, signals: Iterator[np.ndarray], fields: Fields, cropped: Passes
) -> Iterator[np.ndarray]:
    edges, space = (tensor.shape[1:3].as_list() for tensor in (cropped.picture, cropped.features))
    strides = [field.stride for field in fields]
    with tf.Session(
        graph=cropped.picture.graph, config=tensorflow_start.session_config()
    ) as session:
        run = session.make_callable(cropped.result, [cropped.picture, cropped.signal])
        while batch := list(islice(signals, BATCH)):
            corners = [_corner(signal, fields, built.value.shape) for signal in batch]
            crops = [_cut(built.value, corner, edges) for corner in corners]
            parts = [
                _cut(signal, np.floor_divide(corner, strides).tolist(), space)
                for signal, corner in zip(batch, corners, strict=True)
            ]
            for corner, part in zip(corners, run(np.stack(crops), np.stack(parts)), strict=True):
                whole = np.zeros_like(built.value)
                _cut(whole, corner, edges)[:] = part
                yield whole


def _corner(signal: np.ndarray, fields: Fields, shape: Sequence[int]) -> list[int]:
    """Where the crop around a signal's only activation begins; a signal may have none."""
    peak = np.unravel_index(np.abs(signal).argmax(), signal.shape)
    return [
        field.start(int(position), length)
        for field, position, length in zip(fields, peak[:2], shape[:2], strict=True)
    ]


def _cut(image: np.ndarray, corner: Sequence[int], edges: Sequence[int]) -> np.ndarray:
    (y, x), (height, width) = corner, edges
    return image[y : y + height, x : x + width]
