"""What a model file may try, and what must come of it."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class HostileFile:
    """A model file that attacks whoever imports it.

    Attributes:
        name: of the trick, for the test's name.
        write: writes the model into an empty folder and returns its path; its second argument is
            the canary, a path outside of that folder that the model tries to write, read or run.
        says: a regular expression that the refusal must match, beside naming the file.
        harmless: whether the model may be imported instead, its attack cut off.
    """

    name: str
    write: Callable[[Path, Path], Path]
    says: str = ""
    harmless: bool = False
