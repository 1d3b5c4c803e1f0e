"""Protocol buffers in text form (`.pbtxt`)."""

from pathlib import Path
from typing import TypeVar

from google.protobuf import text_format
from google.protobuf.message import Message

from lucid_sprites.errors import UserError

_LARGEST = 64 << 20

Parsed = TypeVar("Parsed", bound=Message)


def parse(path: str | Path, message: Parsed) -> Parsed:
    """`message` with what a file in text form says.

    Raises:
        OSError: it cannot be read.
        UserError: too large, or not in text form.
    """
    with open(path, "rb") as file:
        data = file.read(_LARGEST + 1)
    if len(data) > _LARGEST:
        raise UserError(
            f"{path}: text of more than {_LARGEST >> 20} MB; save the graph in binary form (.pb)"
        )
    try:
        text_format.Parse(data, message)
        return message
    except (text_format.ParseError, ValueError, RecursionError) as error:
        # What it says quotes the file, which may be a link to something else that is not for logs.
        line = error.GetLine() if isinstance(error, text_format.ParseError) else None
        where = f" (line {line})" if line else ""
        raise UserError(f"{path}: not a {message.DESCRIPTOR.name} in text form{where}") from error
