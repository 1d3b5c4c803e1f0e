"""What is fed for the sprites of a batch: each sprite's own values, looked up in its objective."""

from functools import cache
from typing import Any

import numpy as np
from tensorflow.core.framework.graph_pb2 import GraphDef

from lucid_sprites.engine import layer_activations, photo_inputs, random_streams
from lucid_sprites.engine.objectives.context import Path, PerSpriteInput
from lucid_sprites.recipe.layer_catalogue import InputSpec
from lucid_sprites.recipe.objectives.arithmetic import ObjectiveData

# A photo is shown to a network without a picture size of its own in this one.
_FREE_SIZE = 224


class FeedBuilder:
    """Values of sprites under one network, with photos read and seen once."""

    def __init__(self, network: GraphDef, picture: InputSpec, size: tuple[int, int]) -> None:
        """Remember what the values depend on.

        Args:
            size: height and width of the sprites.
        """
        self._size, self._channels = size, picture.channels
        photo_size = (picture.height or _FREE_SIZE, picture.width or _FREE_SIZE)

        @cache
        def read(file: str, sha256: str, size: tuple[int, int]) -> np.ndarray:
            return photo_inputs.read({"file": file, "sha256": sha256}, *size, picture.channels)

        @cache
        def seen(layer: str, file: str, sha256: str, size: tuple[int, int]) -> np.ndarray:
            return layer_activations.layer_activations(
                network, picture, layer, read(file, sha256, size)
            )

        self._photo_size, self._read, self._seen = photo_size, read, seen

    def feed(self, value: PerSpriteInput, objectives: list[ObjectiveData]) -> np.ndarray:
        """[batch, ...] for the placeholder of `value`."""
        rows = [self._resolved(_at(data, value.path), value) for data in objectives]
        return np.stack(rows).astype(value.tensor.dtype.as_numpy_dtype)

    def _resolved(self, said: Any, value: PerSpriteInput) -> np.ndarray:
        if not isinstance(said, dict):
            return self._checked(np.asarray(said), value)
        if "random" in said:
            seed, *size = said["random"]
            return random_streams.direction(seed, (*size, value.depth))
        photo = said["photo"]["file"], said["photo"]["sha256"]
        if value.layer is None:
            return self._read(*photo, self._size)
        if value.tensor.shape.rank == 4:
            return self._seen(value.layer, *photo, self._size)
        seen = self._seen(value.layer, *photo, self._photo_size)
        return layer_activations.patch(seen, said.get("cell", []))

    def _checked(self, array: np.ndarray, value: PerSpriteInput) -> np.ndarray:
        if value.layer is not None and array.shape[-1] != value.depth:
            raise ValueError(f"{array.shape[-1]} numbers for the {value.depth} of {value.layer}")
        return array


def _at(data: Any, path: Path) -> Any:
    for key in path:
        data = data[key]
    return data
