"""Frozen graphs on disk."""

import re
from pathlib import Path

from google.protobuf.message import DecodeError
from tensorflow.core.framework.graph_pb2 import GraphDef
from tensorflow.core.protobuf.saved_model_pb2 import SavedModel

from lucid_sprites.errors import UserError
from lucid_sprites.models.graph import text_form

# What people save under a .pb name, by its first bytes, and what to do about it.
_BINARY_IMPOSTORS = (
    (b"PK\x03\x04", "a zip archive (a PyTorch or .keras file?); export a frozen TensorFlow graph"),
    (b"\x89HDF", "an HDF5 file (Keras weights or model?); export a frozen TensorFlow graph"),
    (b"\x80\x02", "a Python pickle, which is never loaded; export a frozen TensorFlow graph"),
    (b"\x80\x03", "a Python pickle, which is never loaded; export a frozen TensorFlow graph"),
    (b"\x80\x04", "a Python pickle, which is never loaded; export a frozen TensorFlow graph"),
)
_TEXT_IMPOSTORS = (
    (b"version https://git-lfs", "a Git LFS pointer; fetch the file itself with `git lfs pull`"),
    (b"<!doctype", "an HTML page; download the file itself"),
    (b"<html", "an HTML page; download the file itself"),
)

_TEXT_BEGINNING = re.compile(rb"(node|versions|library)\s*{")


def read(path: str | Path) -> GraphDef:
    """The graph in a frozen `.pb` or `.pbtxt` file.

    Raises:
        UserError: missing, empty, truncated, or not a frozen graph; says what it looks like.
    """
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        raise UserError(f"{path}: cannot be read: {error.strerror}") from error
    if not data:
        raise UserError(f"{path}: is empty; a frozen TensorFlow graph (.pb) is needed")
    text = data[:64].lstrip().lower()
    for content, impostors in ((data, _BINARY_IMPOSTORS), (text, _TEXT_IMPOSTORS)):
        for start, meaning in impostors:
            if content.startswith(start):
                raise UserError(f"{path}: not a frozen graph but {meaning}")
    if _is_text(Path(path), text):
        return _whole(text_form.parse(path, GraphDef()), path, data)
    graph = GraphDef()
    try:
        graph.ParseFromString(data)
    except DecodeError as error:
        raise UserError(f"{path}: {_diagnosis(data)}") from error
    return _whole(graph, path, data)


def _is_text(path: Path, beginning: bytes) -> bool:
    """Graphs in text form are also called .pb."""
    return path.suffix == ".pbtxt" or _TEXT_BEGINNING.match(beginning) is not None


def _whole(graph: GraphDef, path: str | Path, data: bytes) -> GraphDef:
    if not graph.node:
        raise UserError(f"{path}: {_diagnosis(data)}")
    return graph


def _diagnosis(data: bytes) -> str:
    try:
        saved = SavedModel.FromString(data)
    except DecodeError:
        saved = None
    if saved and saved.meta_graphs:
        return (
            "a saved_model.pb without its variables, not a frozen graph; freeze the SavedModel "
            "folder that it was taken from"
        )
    return (
        f"not a frozen TensorFlow graph, or a truncated one ({len(data)} bytes); "
        "save it again with its weights frozen to constants"
    )
