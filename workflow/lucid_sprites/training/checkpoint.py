"""The whole state of a training: weights, optimizer, random generators, and notes.

The order of the data needs no place in it: batches depend on the seed and the step alone.
"""

import json
from typing import Any
from zipfile import BadZipFile

import keras
import numpy as np

from lucid_sprites.errors import UserError
from lucid_sprites.files import save_whole
from lucid_sprites.made import mark

_NOTES = "notes"

_DAMAGED = (OSError, KeyError, ValueError, EOFError, BadZipFile)
"""What reading a torn or foreign file raises."""


def save(path: str, network: keras.Model, notes: dict[str, Any], made: str = "") -> None:
    """Write the state of a compiled network, whole, with notes: plain data.

    Args:
        made: what it says of how it was made (see `lucid_sprites.made`).
    """
    said = {mark(made): np.zeros(0)} if made else {}
    arrays = {
        f"{number:04}": keras.ops.convert_to_numpy(variable)
        for number, variable in enumerate(_variables(network))
    }

    def write(temporary: str) -> None:
        # Given a name instead of a file, numpy would add an ending to it.
        with open(temporary, "wb") as file:
            np.savez(
                file, allow_pickle=False, **said, **arrays, **{_NOTES: np.array(json.dumps(notes))}
            )

    save_whole(path, write)


def load(path: str, network: keras.Model) -> dict[str, Any]:
    """Fill a compiled network with a state of `save`; returns the notes.

    Raises:
        UserError: it cannot be read, or belongs to another network.
    """
    try:
        with np.load(path) as arrays:
            variables = _variables(network)
            values = [arrays[f"{number:04}"] for number in range(len(variables))]
            notes: dict[str, Any] = json.loads(str(arrays[_NOTES]))
        for variable, value in zip(variables, values, strict=True):
            variable.assign(value)
    except _DAMAGED as error:
        raise UserError(
            f"{path}: not a whole checkpoint of this network ({error}); delete it and run again"
        ) from error
    return notes


def read_notes(path: str) -> dict[str, Any]:
    """The notes of a state; empty if there is no whole one."""
    try:
        with np.load(path) as arrays:
            notes: dict[str, Any] = json.loads(str(arrays[_NOTES]))
            return notes
    except _DAMAGED:
        return {}


def _variables(network: keras.Model) -> list[keras.Variable]:
    """Weights, states of random generators, and the optimizer's variables, in a fixed order."""
    return [*network.variables, *network.optimizer.variables]
