"""Which files hold the weights of an ONNX file, found without reading these.

An ONNX file is a protocol buffer: fields of a number and a type, most of them with their length in
front. Only the few that lead to names of files are looked into.
"""

import mmap
import os
from collections.abc import Iterator
from pathlib import Path

# ModelProto.graph, GraphProto.initializer, TensorProto.external_data and its entries.
_GRAPH, _INITIALIZER, _EXTERNAL, _KEY, _VALUE = 7, 5, 13, 1, 2
_WHOLE_NUMBER, _EIGHT_BYTES, _COUNTED, _FOUR_BYTES = 0, 1, 2, 5

Span = tuple[int, int]


def files_beside(path: Path) -> list[str]:
    """The files in the folder of an ONNX file, or below, that it names as places of its weights.

    What is no ONNX file has none; it is refused when it is imported.
    """
    try:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            names = sorted(set(_locations(data)))
    # Damaged files end in the middle of a field.
    except (OSError, ValueError, IndexError):
        return []
    inside = [name for name in names if not os.path.normpath(name).startswith((os.pardir, os.sep))]
    return [str(path.parent / name) for name in inside if (path.parent / name).is_file()]


def _locations(data: mmap.mmap) -> Iterator[str]:
    for graph in _fields(data, (0, len(data)), _GRAPH):
        for tensor in _fields(data, graph, _INITIALIZER):
            for entry in _fields(data, tensor, _EXTERNAL):
                if any(data[a:b] == b"location" for a, b in _fields(data, entry, _KEY)):
                    for start, end in _fields(data, entry, _VALUE):
                        yield data[start:end].decode("utf8")


def _fields(data: mmap.mmap, span: Span, wanted: int) -> Iterator[Span]:
    """Where the contents of the fields of one number lie."""
    at, end = span
    while at < end:
        tag, at = _number(data, at)
        kind = tag & 7
        if kind == _COUNTED:
            length, at = _number(data, at)
            if tag >> 3 == wanted:
                yield at, min(at + length, end)
            at += length
        elif kind == _WHOLE_NUMBER:
            _, at = _number(data, at)
        elif kind in (_EIGHT_BYTES, _FOUR_BYTES):
            at += 8 if kind == _EIGHT_BYTES else 4
        else:
            raise ValueError(f"no field of type {kind}")


def _number(data: mmap.mmap, at: int) -> tuple[int, int]:
    """A number of seven bits in each byte, and what follows it."""
    value = 0
    for shift in range(0, 70, 7):
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
    raise ValueError("a number without an end")
