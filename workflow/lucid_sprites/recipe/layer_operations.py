"""Operations whose outputs are layers, by kind."""

RECTIFIERS = ("Relu", "Relu6", "LeakyRelu", "Elu", "Selu", "Softplus", "Maximum")
SQUASHING = ("Softsign", "Sigmoid", "Tanh")
"""Activations that are bounded on both sides: gates, mostly."""

BATCH_NORMS = ("FusedBatchNorm", "FusedBatchNormV2", "FusedBatchNormV3")

# Outputs of these ops are layers; the rest of a graph is plumbing.
LAYER_OPS = {
    "convolution": ("Conv2D", "DepthwiseConv2dNative", "Conv2DBackpropInput", "MatMul"),
    "norm": ("BiasAdd", "Add", "AddV2", *BATCH_NORMS, "LRN"),
    "activation": (*RECTIFIERS, *SQUASHING),
    "pool": ("MaxPool", "AvgPool", "Mean"),
    "merge": ("ConcatV2", "Concat"),
    "output": ("Softmax",),
}  # fmt: skip
KINDS = {op: kind for kind, ops in LAYER_OPS.items() for op in ops}


def is_rectified(kind: str, op: str) -> bool:
    """Whether a layer is the output of a rectifier.

    That of a nonlinearity in several operations (Swish, GELU, hard swish) is, too: it is an
    activation whose last operation is something else.

    Args:
        kind: of the layer.
        op: its last operation.
    """
    return op in RECTIFIERS or (kind == "activation" and op not in SQUASHING)
