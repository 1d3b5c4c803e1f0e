"""Names of layers: PyTorch's module, and what it does.

Exporters keep a module's name in different places: in the name of its weights
(`layer2.0.conv1.weight`), in the name of the node (`/layer2/layer2.0/conv1/Conv`), or in the
metadata of the node (`pkg.torch.onnx.name_scopes`).
"""

import ast
import re
from collections import Counter

import onnx

_SCOPES = "pkg.torch.onnx.name_scopes"
_MOST_CHARACTERS = 10_000
_LONGEST = 200
_WITH_WEIGHTS = ("Conv", "ConvTranspose", "Gemm", "MatMul")
_WEIGHT = re.compile(r"^(?!onnx::)([A-Za-z_][\w.]*)\.weight(_orig|_v)?$")
_REFUSED = re.compile(r"[^A-Za-z0-9_./-]+")


def module(node: onnx.NodeProto, reads: Counter[str]) -> str:
    """The module that a node belongs to, "" if that is the whole network or not known.

    Args:
        reads: how many nodes read a tensor.
    """
    if node.op_type in _WITH_WEIGHTS and len(node.input) > 1:
        match = _WEIGHT.match(node.input[1])
        if match and reads[node.input[1]] == 1:
            return match[1]
    scopes = _scopes(node)
    if scopes is not None:
        return scopes
    return _path(node)


def _scopes(node: onnx.NodeProto) -> str | None:
    """By the metadata of PyTorch's newer exporter: the last but one is the module's whole name."""
    entries = [entry.value for entry in node.metadata_props if entry.key == _SCOPES]
    if not entries or len(entries[0]) > _MOST_CHARACTERS:
        return None
    try:
        scopes = ast.literal_eval(entries[0])
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return None
    if not isinstance(scopes, list) or not all(isinstance(scope, str) for scope in scopes):
        return None
    return "" if len(scopes) < 2 or scopes[-2].startswith("_empty_nn") else scopes[-2]


def _path(node: onnx.NodeProto) -> str:
    """By the node's name; a part that is repeated in the next one is left out there."""
    parts = [part for part in node.name.split("/") if part]
    if parts and _is_operation(parts[-1], node.op_type):
        parts.pop()
    if not node.name.startswith("/"):
        return "/".join(parts)
    joined: list[str] = []
    for part in parts:
        if joined and part.startswith(f"{joined[-1]}."):
            joined.pop()
        joined.append(part)
    return ".".join(joined)


def _is_operation(part: str, kind: str) -> bool:
    """`Relu`, `Relu_12` and, as TensorFlow has it, `Conv2D` for Conv."""
    part = part.removeprefix("node_")
    return re.fullmatch(rf"{re.escape(kind)}(2D)?(_\d+)?", part, re.IGNORECASE) is not None


def layer(node: onnx.NodeProto, label: str, reads: Counter[str]) -> str:
    """The name of a layer: module, and `label` for what it does."""
    return allowed(f"{module(node, reads)}/{label}")


def allowed(name: str) -> str:
    """`name` in the characters that TensorFlow's names have."""
    cleaned = re.sub(r"/+", "/", _REFUSED.sub("_", name)).strip("/")
    return re.sub(r"^[^A-Za-z0-9.]+", "", cleaned)[:_LONGEST].rstrip("/") or "unnamed"
