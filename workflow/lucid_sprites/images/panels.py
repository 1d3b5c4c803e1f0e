"""What a picture excites in a layer, as a picture: the grids and dreams that users look at."""

from collections.abc import Iterator, Mapping
from dataclasses import fields, replace
from typing import Any

import numpy as np
from PIL import Image
from tensorflow.core.framework.graph_pb2 import GraphDef

from lucid_sprites.errors import UserError
from lucid_sprites.images import dream, grid, network_input
from lucid_sprites.images.reconstruction import (
    Reconstructor,
    strongest_maps,
    whole_maps,
)
from lucid_sprites.images.strongest_patch import strongest_patches
from lucid_sprites.models.graph.prepare import prepare
from lucid_sprites.recipe import index_ranges
from lucid_sprites.recipe.image_settings import DreamSettings, GridSettings
from lucid_sprites.recipe.layer_catalogue import InputSpec
from lucid_sprites.sprites.png import Record

_STRONGEST = "_strongest"
# Edge of a dream's tiles where the network takes pictures of any size.
_FREE_TILE = 224

Panel = tuple[np.ndarray, Record]
"""Levels, uint8 [height, width, channels], and a record of what they show."""


def activation_grid(features: np.ndarray, settings: GridSettings) -> Panel:
    """The feature maps of a layer in a grid.

    Args:
        features: float32 [height, width, depth] or [depth].
        settings: `maps` (a number for the strongest, or "all"), `normalize`, `padding`.
    """
    maps = strongest_maps(features, _count(settings))
    planes = features.reshape(*(features.shape[:-1] or (1, 1)), -1)
    if planes.shape[:2] == (1, 1):  # by themselves single values would all be black
        settings = {**settings, "normalize": "layer"}
    cells = (planes[..., channel, None] for channel in maps)
    return _grid(cells, maps, planes.shape[:2], features, settings)


def reconstruction_grid(
    graph: GraphDef,
    input_name: str,
    layer: str,
    method: str,
    value: np.ndarray,
    settings: GridSettings,
) -> Panel:
    """The picture as each feature map of a layer sees it, in a grid.

    Args:
        graph: a frozen graph.
        input_name: node that the picture is fed to.
        layer: node whose feature maps are looked at.
        method: one of `backward.METHODS`, with `_strongest` behind it for the strongest single
            activation of each map instead of the whole map.
        value: the picture in the network's range, float32 [height, width, channels].
        settings: as for `activation_grid`.
    """
    rule = method.removesuffix(_STRONGEST)
    with Reconstructor(prepare(graph, input_name, layer), input_name, layer, rule, value) as built:
        maps = strongest_maps(built.features, _count(settings))
        if not method.endswith(_STRONGEST):
            cells = built.reconstruct(whole_maps(built.features, maps, rule))
            return _grid(cells, maps, value.shape[:2], built.features, settings)
        patches, boxes = _patches(strongest_patches(built, maps))
        size = patches[0].shape[:2]
        levels, record = _grid(iter(patches), maps, size, built.features, settings)
        return levels, {**record, "boxes": boxes}


def dreams(
    graph: GraphDef,
    picture: InputSpec,
    layer: str,
    image: Image.Image,
    settings: DreamSettings,
) -> Iterator[tuple[int, Panel]]:
    """Channels of a layer and their dreams.

    Args:
        image: a dream starts from it, or has its proportions.
        settings: `dream.Settings`, and `channels`, `start` ("noise" or "picture"), `size` (longest
            edge in pixels, None for the network's size grown by all octaves), `size_limit`.

    Raises:
        UserError: the network has one size, and the tiles another.
    """
    said: Mapping[str, Any] = settings
    dream_settings = dream.Settings(
        **{field.name: said[field.name] for field in fields(dream.Settings)}
    )
    tile = _tile(picture, dream_settings)
    shape = (*_dream_size(image, picture, dream_settings, settings), picture.channels)
    if settings["start"] == "picture":
        resized = image.resize(shape[1::-1], Image.Resampling.LANCZOS)
        start = network_input.fit(resized, _any_size(picture), limit=max(shape))
    else:
        start = dream.noise(shape, dream_settings.seed)
    with dream.Dreamer(prepare(graph, picture.name, layer), picture, layer) as dreamer:
        for channel in index_ranges.parse(settings["channels"]):
            levels = dream.dream(dreamer, start, channel, dream_settings, tile)
            yield channel, (_levels(levels), {**settings, "channel": channel})


def _count(settings: GridSettings) -> int | None:
    return None if settings["maps"] == "all" else settings["maps"]


def _grid(
    cells: Iterator[np.ndarray],
    maps: list[int],
    size: tuple[int, int],
    features: np.ndarray,
    settings: GridSettings,
) -> Panel:
    padding = settings["padding"]
    height, width = grid.cell_size(len(maps), *size, padding)
    resized = (grid.resize(cell, height, width) for cell in cells)
    # One by one: a quarter of the memory.
    levels = np.concatenate([_levels(cell) for cell in _normalized(resized, settings["normalize"])])
    across = grid.columns_for(len(maps), height, width)
    peaks = features.reshape(-1, features.shape[-1]).max(axis=0)
    record = {
        **settings,
        "cells": maps,
        "peaks": [float(peaks[channel]) for channel in maps],
        "cell": [height, width],
        "columns": across,
    }
    return grid.place(levels, padding, across), record


def _normalized(cells: Iterator[np.ndarray], normalize: str) -> Iterator[np.ndarray]:
    """Cells in 0..255, each as the only one of an array."""
    if normalize != "layer":
        yield from (grid.normalized(cell[None], normalize) for cell in cells)
        return
    kept = list(cells)
    low, high = min(map(np.min, kept)), max(map(np.max, kept))
    yield from (grid.stretched(cell[None], low, high) for cell in kept)


def _levels(values: np.ndarray) -> np.ndarray:
    levels: np.ndarray = np.rint(values).astype(np.uint8)
    return levels


def _patches(cells: Iterator[np.ndarray]) -> tuple[list[np.ndarray], list[list[int] | None]]:
    """What is not zero of each reconstruction, in the middle of patches of one size.

    One activation sees a small part of the picture.

    Returns:
        patches, and where they were: [y, x, height, width], None where all is zero.
    """
    parts, boxes = [], []
    for cell in cells:
        rows, columns = (np.flatnonzero(cell.any(axis=axes)) for axes in ((1, 2), (0, 2)))
        box = [0, 0, 1, 1]
        if rows.size:
            box = [rows[0], columns[0], int(np.ptp(rows)) + 1, int(np.ptp(columns)) + 1]
        y, x, height, width = map(int, box)
        parts.append(cell[y : y + height, x : x + width].copy())
        boxes.append([y, x, height, width] if rows.size else None)
    size = [max(part.shape[axis] for part in parts) for axis in (0, 1)]
    patches = []
    for part in parts:
        before = [(whole - length) // 2 for whole, length in zip(size, part.shape[:2], strict=True)]
        after = [size[axis] - part.shape[axis] - before[axis] for axis in (0, 1)]
        patches.append(np.pad(part, (*zip(before, after, strict=True), (0, 0))))
    return patches, boxes


def _tile(picture: InputSpec, settings: dream.Settings) -> tuple[int, int]:
    free = settings.tile or _FREE_TILE
    tile = (picture.height or free, picture.width or free)
    if settings.tile and tile != (settings.tile, settings.tile):
        raise UserError(
            f"tiles of {settings.tile} pixels: the network takes pictures of {picture.height} x "
            f"{picture.width} only; leave `tile` out"
        )
    return tile


def _dream_size(
    image: Image.Image, picture: InputSpec, dream_settings: dream.Settings, settings: DreamSettings
) -> tuple[int, int]:
    """Height and width with the proportions of the image."""
    first = max(picture.height or 0, picture.width or 0)
    first = first or min(max(image.size), settings["size_limit"])
    longest = settings["size"] or first * dream_settings.octave_scale ** (
        dream_settings.octaves - 1
    )
    scale = longest / max(image.size)
    return max(1, round(image.height * scale)), max(1, round(image.width * scale))


def _any_size(picture: InputSpec) -> InputSpec:
    return replace(picture, height=None, width=None)
