"""What every program of the package does the same: its arguments, its errors, its start."""

import argparse
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum
from typing import NoReturn

from lucid_sprites import tensorflow_start
from lucid_sprites.errors import UserError

ERROR = "error: "
"""With it begins each line that a program ends with when it fails."""


class TensorFlow(Enum):
    """What a program needs of TensorFlow, whose import is the longest part of most of them."""

    NONE = "none"
    WHEN_NEEDED = "without Keras, and imported by what it calls"
    WITHOUT_KERAS = "without Keras"
    WITH_KERAS = "with Keras"


@contextmanager
def run(
    parser: argparse.ArgumentParser,
    tensorflow: TensorFlow = TensorFlow.NONE,
    refused: tuple[type[Exception], ...] = (),
) -> Iterator[argparse.Namespace]:
    """Run the body of a `with` statement as a program, with the arguments of the command line.

    Bad arguments end it with exit code 2 before anything is imported; a `UserError` of the body
    ends it with one line and exit code 1.

    Args:
        parser: of the command line.
        tensorflow: what the body needs of TensorFlow.
        refused: other exceptions that are one line.
    """
    one_line: tuple[type[Exception], ...] = (UserError, *refused)
    arguments = parser.parse_args()
    start(tensorflow)
    try:
        yield arguments
    except one_line as error:
        fail(error)


def start(tensorflow: TensorFlow) -> None:
    """Import TensorFlow as lean as what needs it allows; call it before any other import of it."""
    if tensorflow in (TensorFlow.WHEN_NEEDED, TensorFlow.WITHOUT_KERAS):
        tensorflow_start.block_keras()
    if tensorflow in (TensorFlow.WITHOUT_KERAS, TensorFlow.WITH_KERAS):
        tensorflow_start.import_quietly()


def fail(*messages: object) -> NoReturn:
    """End the program with a line for each message, and exit code 1."""
    sys.exit("\n".join(f"{ERROR}{message}" for message in messages))


def log_to_stderr() -> None:
    """Show what modules log, with the time."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
