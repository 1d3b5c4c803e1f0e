"""ONNX files: read, and refused where they are not what can be imported."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import onnx
import onnx.inliner
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import DecodeError, Message

from lucid_sprites.errors import UserError
from lucid_sprites.models.loaders.onnx.class_labels import labels_in

_OLDEST, _NEWEST = 7, onnx.defs.onnx_opset_version()
_STANDARD = ("", "ai.onnx")
# TensorFlow keeps a graph in one message, and that holds less than 2 GB.
MOST_BYTES = (1 << 31) - (1 << 24)
_MOST_NODES = 200_000
_IMPOSTORS = (
    (b"PK\x03\x04", "a zip archive (PyTorch's own format?); export it with torch.onnx.export"),
    (b"\x80\x02", "a Python pickle, which is never loaded; export it with torch.onnx.export"),
    (b"version https://git-lfs", "a Git LFS pointer; fetch the file itself with `git lfs pull`"),
    (b"<", "an HTML page; download the file itself"),
)
_AGAIN = "export the model again"


@dataclass(frozen=True)
class ModelFile:
    """A model that was read.

    Attributes:
        graph: without functions.
        opset: version of its operators.
        labels: names of its classes.
    """

    graph: onnx.GraphProto
    opset: int
    labels: tuple[str, ...] = ()


def read(path: Path) -> ModelFile:
    """The model in a file; its weights may still be in files of their own.

    Raises:
        UserError: no ONNX model, damaged, too new or too old, or larger than a graph may be.
    """
    model = _parsed(path)
    opset, labels = _opset(model, path), labels_in(model)
    if model.functions:
        model = _without_functions(model, path)
    graph = model.graph
    if graph.sparse_initializer:
        name = graph.sparse_initializer[0].values.name
        raise UserError(
            f"{path}: weights {name!r} are sparse, which is not supported; {_AGAIN} dense"
        )
    if len(graph.node) > _MOST_NODES:
        raise UserError(f"{path}: {len(graph.node)} nodes are more than {_MOST_NODES}")
    return ModelFile(graph, opset, labels)


def without_weights(model: ModelFile) -> ModelFile:
    """A copy of a model, with nothing of what its weights take."""
    graph = onnx.GraphProto(
        name=model.graph.name,
        node=model.graph.node,
        input=model.graph.input,
        output=model.graph.output,
    )
    return ModelFile(graph, model.opset, model.labels)


def _parsed(path: Path) -> onnx.ModelProto:
    try:
        if path.stat().st_size > MOST_BYTES:
            raise UserError(
                f"{path}: {path.stat().st_size} bytes are more than the 2 GB that a graph can hold"
            )
        data = path.read_bytes()
    except OSError as error:
        raise UserError(f"{path}: cannot be read: {error.strerror}") from error
    if not data:
        raise UserError(f"{path}: is empty; {_AGAIN}")
    for start, meaning in _IMPOSTORS:
        if data.lstrip()[: len(start)] == start:
            raise UserError(f"{path}: not an ONNX model but {meaning}")
    try:
        model: onnx.ModelProto = onnx.ModelProto.FromString(data)
    except DecodeError as error:
        raise UserError(
            f"{path}: no ONNX model, or a truncated one ({len(data)} bytes); {_AGAIN}"
        ) from error
    if not model.graph.node:
        raise UserError(f"{path}: no ONNX model, or one without operators; {_AGAIN}")
    if not _is_text(model):
        raise UserError(f"{path}: a damaged ONNX model: names in it are no text; {_AGAIN}")
    return model


def _is_text(message: Message) -> bool:
    """Whether every string in a message is UTF-8; the others come as bytes."""
    for field, value in message.ListFields():
        values = [value] if isinstance(value, str | bytes | Message) else value
        if field.type == FieldDescriptor.TYPE_STRING:
            if any(isinstance(text, bytes) for text in values):
                return False
        elif field.type == FieldDescriptor.TYPE_MESSAGE and not all(map(_is_text, values)):
            return False
    return True


def _opset(model: onnx.ModelProto, path: Path) -> int:
    """The version of the standard operators."""
    versions = [opset.version for opset in model.opset_import if opset.domain in _STANDARD]
    if not versions:
        raise UserError(f"{path}: does not say which opset it is written in; {_AGAIN}")
    if not _OLDEST <= versions[0] <= _NEWEST:
        raise UserError(
            f"{path}: is written in opset {versions[0]}, and {_OLDEST} to {_NEWEST} are known; "
            f"{_AGAIN} with opset_version=18"
        )
    return int(versions[0])


def _without_functions(model: onnx.ModelProto, path: Path) -> onnx.ModelProto:
    """With what the file's own functions do in their place."""
    _check_functions(model, path)
    for function in model.functions:
        for opset in function.opset_import:
            if opset.domain in _STANDARD and opset.version > _NEWEST:
                raise UserError(f"{path}: function {function.name!r} is in opset {opset.version}")
    try:
        return onnx.inliner.inline_local_functions(model)
    # The inliner's own errors come from C++.
    except Exception as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0][:200]
        raise UserError(f"{path}: its functions cannot be inlined: {reason}; {_AGAIN}") from error


def _check_functions(model: onnx.ModelProto, path: Path) -> None:
    """Raise UserError for functions that call themselves, or that grow beyond all bounds."""
    calls = {
        (f.domain, f.name): Counter((n.domain, n.op_type) for n in _all_nodes(f.node))
        for f in model.functions
    }
    sizes: dict[tuple[str, str], int] = {}
    left = dict(calls)
    while left:
        ready = [key for key, called in left.items() if not called.keys() & left.keys()]
        if not ready:
            name = ", ".join(sorted(key[1] for key in left)[:5])
            raise UserError(f"{path}: functions that call themselves ({name}); {_AGAIN}")
        for key in ready:
            called = left.pop(key)
            sizes[key] = sum(n * sizes.get(other, 1) for other, n in called.items())
    total = sum(sizes.get((n.domain, n.op_type), 1) for n in _all_nodes(model.graph.node))
    if total > _MOST_NODES:
        raise UserError(
            f"{path}: its functions make {total} nodes, more than {_MOST_NODES}; {_AGAIN}"
        )


def _all_nodes(nodes: Iterable[onnx.NodeProto]) -> list[onnx.NodeProto]:
    """Nodes, and those of the graphs inside them."""
    collected, stack = [], list(nodes)
    while stack:
        node = stack.pop()
        collected.append(node)
        for attribute in node.attribute:
            stack += [*attribute.g.node, *(n for graph in attribute.graphs for n in graph.node)]
    return collected
