"""Operators that are not imported, and what to do about each."""

import onnx

from lucid_sprites.models.loaders.onnx.operator import IMPORTERS

_QUANTIZED = ("QuantizeLinear", "DequantizeLinear", "DynamicQuantizeLinear", "QLinearConv",
              "QLinearMatMul", "ConvInteger", "MatMulInteger")  # fmt: skip
_CONTROL = ("Loop", "Scan", "SequenceMap")
_RANDOM = ("RandomNormal", "RandomUniform", "RandomNormalLike", "RandomUniformLike", "Bernoulli",
           "Multinomial")  # fmt: skip


def why_not(node: onnx.NodeProto) -> str | None:
    """Why an operator cannot be imported, None if it can."""
    if node.domain not in ("", "ai.onnx"):
        return (
            f"operators of {node.domain} are not part of ONNX; export the model without "
            "optimizations for a runtime, and without custom operators"
        )
    kind = node.op_type
    if kind in _QUANTIZED or kind.startswith("QLinear"):
        return "the model is quantized; export it in float32, before it is quantized"
    if kind in _CONTROL:
        return "loops are not supported; export the model without them"
    if kind in _RANDOM:
        return "random numbers are not supported; export the model after model.eval()"
    if kind not in IMPORTERS:
        return (
            f"the operator {kind} is not supported; export the model in another opset or with the "
            "other exporter of PyTorch (dynamo=True or False), or give the network without it"
        )
    return None
