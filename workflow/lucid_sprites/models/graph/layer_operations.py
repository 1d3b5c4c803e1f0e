"""Operations whose outputs are layers, by kind."""

# Outputs of these ops are layers; the rest of a graph is plumbing.
LAYER_OPS = {
    "convolution": ("Conv2D", "DepthwiseConv2dNative", "Conv2DBackpropInput", "MatMul"),
    "norm": ("BiasAdd", "Add", "AddV2", "FusedBatchNorm", "FusedBatchNormV2", "FusedBatchNormV3",
             "LRN"),
    "activation": ("Relu", "Relu6", "LeakyRelu", "Elu", "Selu", "Softplus", "Softsign", "Sigmoid",
                   "Tanh", "Maximum"),
    "pool": ("MaxPool", "AvgPool", "Mean"),
    "merge": ("ConcatV2", "Concat"),
    "output": ("Softmax",),
}  # fmt: skip
KINDS = {op: kind for kind, ops in LAYER_OPS.items() for op in ops}
