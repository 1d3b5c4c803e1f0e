"""Every operator gives what ONNX's own reference gives, as loaded and in normal form."""

import numpy as np
import pytest

from models.onnx import onnx_models
from models.onnx.onnx_models import model, node, pictures

RANDOM = np.random.default_rng(1)


def weights(*shape: int) -> np.ndarray:
    return RANDOM.normal(size=shape).astype(np.float32)


def positive(*shape: int) -> np.ndarray:
    return RANDOM.uniform(0.5, 2, shape).astype(np.float32)


def ints(*numbers: int) -> np.ndarray:
    return np.array(numbers, np.int64)


W = {"w": weights(4, 3, 3, 3), "b": weights(4)}
SIX = node("Conv", "x six", "y"), {"six": weights(6, 3, 1, 1)}


def of_six(*nodes, **constants):
    """Behind a convolution with six channels, called y."""
    return [SIX[0], *nodes], SIX[1] | constants


def unary(kind, **attributes):
    return [node(kind, "x", **attributes)], {}


CASES = {
    "conv": ([node("Conv", "x w b")], W),
    "conv_padded_strided": ([node("Conv", "x w b", pads=[1, 0, 2, 1], strides=[2, 1])], W),
    "conv_same": ([node("Conv", "x w", pads=[1, 1, 1, 1])], W),
    "conv_dilated": ([node("Conv", "x w b", dilations=[2, 3], pads=[2, 3, 2, 3])], W),
    "conv_dilated_strided": ([node("Conv", "x w", dilations=[2, 2], strides=[2, 2])], W),
    "conv_auto_pad": ([node("Conv", "x w", auto_pad="SAME_LOWER")], W),
    "conv_grouped": of_six(node("Conv", "y v b", group=2, pads=[1, 1, 1, 1]),
                           v=weights(4, 3, 3, 3), b=weights(4)),
    "conv_grouped_dilated": of_six(node("Conv", "y v", group=2, dilations=[2, 2]),
                                   v=weights(4, 3, 3, 3)),
    "conv_depthwise": of_six(node("Conv", "y v b", group=6, pads=[0, 1, 0, 1]),
                             v=weights(12, 1, 3, 3), b=weights(12)),
    "conv_depthwise_same": of_six(node("Conv", "y v", group=6, pads=[2, 2, 2, 2]),
                                  v=weights(6, 1, 5, 5)),
    "conv_depthwise_dilated": of_six(node("Conv", "y v", group=6, dilations=[2, 1]),
                                     v=weights(6, 1, 3, 3)),
    "conv_depthwise_uneven_strides": of_six(node("Conv", "y v", group=6, strides=[2, 1]),
                                            v=weights(6, 1, 3, 3)),
    "conv_transpose": ([node("ConvTranspose", "x v b", strides=[2, 2], pads=[1, 1, 1, 1],
                             output_padding=[1, 1])], {"v": weights(3, 5, 3, 3), "b": weights(5)}),
    "conv_transpose_plain": ([node("ConvTranspose", "x v", strides=[2, 3])],
                             {"v": weights(3, 5, 2, 3)}),
    "conv_transpose_dilated": ([node("ConvTranspose", "x v", dilations=[2, 2], pads=[1, 1, 1, 1])],
                               {"v": weights(3, 2, 3, 3)}),
    "batch_norm": ([node("BatchNormalization", "x s b m v", epsilon=1e-3)],
                   {"s": weights(3), "b": weights(3), "m": weights(3), "v": positive(3)}),
    "batch_norm_of_vectors": (
        [node("GlobalAveragePool", "x", "p"), node("Flatten", "p", "f"),
         node("BatchNormalization", "f s b m v")],
        {"s": weights(3), "b": weights(3), "m": weights(3), "v": positive(3)}),
    "instance_norm": ([node("InstanceNormalization", "x s b")], {"s": weights(3), "b": weights(3)}),
    "layer_norm": ([node("Transpose", "x", "t", perm=[0, 2, 3, 1]),
                    node("LayerNormalization", "t s b", axis=-1, epsilon=1e-6)],
                   {"s": weights(3), "b": weights(3)}),
    "group_norm_written_out": of_six(
        node("Reshape", "y apart", "r"), node("InstanceNormalization", "r ones zeros", "i"),
        node("Shape", "y", "shape"), node("Reshape", "i shape", "g"), node("Mul", "g s", "m"),
        node("Add", "m b"), apart=ints(0, 2, -1), ones=np.ones(2, np.float32),
        zeros=np.zeros(2, np.float32), s=weights(6, 1, 1), b=weights(6, 1, 1)),
    "layer_norm_written_out": (
        [node("Transpose", "x", "t", perm=[0, 2, 3, 1]),
         node("ReduceMean", "t", "mean", axes=[-1]), node("Sub", "t mean", "c"),
         node("Pow", "c two", "q"), node("ReduceMean", "q", "var", axes=[-1]),
         node("Add", "var eps", "e"), node("Sqrt", "e", "root"), node("Div", "c root", "d"),
         node("Mul", "d s", "m"), node("Add", "m b")],
        {"two": np.float32(2), "eps": np.float32(1e-5), "s": weights(3), "b": weights(3)}),
    "max_pool": unary("MaxPool", kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1]),
    "max_pool_ceil": ([node("MaxPool", "x", kernel_shape=[3, 2], strides=[2, 3], ceil_mode=1)], {}),
    "average_pool": ([node("AveragePool", "x", kernel_shape=[2, 2], strides=[2, 2])], {}),
    "average_pool_padded": ([node("AveragePool", "x", kernel_shape=[3, 3], strides=[2, 2],
                                  pads=[1, 1, 1, 1])], {}),
    "average_pool_counting_padding": ([node("AveragePool", "x", kernel_shape=[3, 3],
                                            pads=[1, 0, 1, 1], count_include_pad=1)], {}),
    "average_pool_ceil": ([node("AveragePool", "x", kernel_shape=[2, 3], strides=[2, 2],
                                ceil_mode=1)], {}),
    "global_average_pool": unary("GlobalAveragePool"),
    "global_max_pool": unary("GlobalMaxPool"),
    "reduce_mean": unary("ReduceMean", axes=[-1, -2], keepdims=0),
    "reduce_max_over_channels": unary("ReduceMax", axes=[1]),
    "reduce_sum_as_input": ([node("ReduceSum", "x axes", keepdims=0)], {"axes": ints(2)}),
    "reduce_l2": unary("ReduceL2", axes=[1]),
    "reduce_log_sum_exp": unary("ReduceLogSumExp", axes=[1]),
    "lp_normalization": unary("LpNormalization", axis=1),
    "relu": unary("Relu"), "leaky_relu": unary("LeakyRelu", alpha=0.2),
    "elu": unary("Elu", alpha=0.7), "selu": unary("Selu"), "celu": unary("Celu", alpha=0.5),
    "hard_sigmoid": unary("HardSigmoid", alpha=0.3, beta=0.4), "hard_swish": unary("HardSwish"),
    "sigmoid": unary("Sigmoid"), "tanh": unary("Tanh"), "softplus": unary("Softplus"),
    "softsign": unary("Softsign"), "erf": unary("Erf"), "exp": unary("Exp"), "abs": unary("Abs"),
    "neg": unary("Neg"), "thresholded_relu": unary("ThresholdedRelu", alpha=0.5),
    "prelu": ([node("PRelu", "x s")], {"s": weights(3, 1, 1)}),
    "clip": ([node("Clip", "x low high")], {"low": np.float32(-0.5), "high": np.float32(1)}),
    "clip_below": ([node("Clip", "x low")], {"low": np.float32(-0.5)}),
    "clip_above": ([node("Clip", "x _ high")], {"high": np.float32(0.5)}),
    "relu6": ([node("Clip", "x low high")], {"low": np.float32(0), "high": np.float32(6)}),
    "softmax_over_channels": unary("Softmax", axis=1),
    "log_softmax": unary("LogSoftmax", axis=-1),
    "add": ([node("Add", "x c")], {"c": weights(3, 1, 1)}),
    "sub": ([node("Sub", "c x")], {"c": weights(1, 3, 1, 1)}),
    "mul": ([node("Mul", "x x")], {}),
    "div": ([node("Div", "x c")], {"c": positive(1)}),
    "pow": ([node("Pow", "x c")], {"c": ints(2)}),
    "sqrt_log": ([node("Abs", "x", "a"), node("Sqrt", "a", "s"), node("Add", "s one", "o"),
                  node("Log", "o")], {"one": np.float32(1)}),
    "min_max": ([node("Max", "x a", "m"), node("Min", "m b x")],
                {"a": weights(3, 1, 1), "b": weights(1)}),
    "sum": ([node("Sum", "x x a")], {"a": weights(3, 1, 1)}),
    "where": ([node("Greater", "x zero", "g"), node("Where", "g x c")],
              {"zero": np.float32(0), "c": weights(3, 1, 1)}),
    "equal": ([node("Equal", "x x", "e"), node("Not", "e", "no"), node("Where", "no c x")],
              {"c": weights(1)}),
    "cast": ([node("Greater", "x zero", "g"), node("Cast", "g", "f", to=1), node("Mul", "f x")],
             {"zero": np.float32(0)}),
    "mean_of_several": ([node("Mean", "x c")], {"c": weights(3, 1, 1)}),
    "flatten_gemm": ([node("GlobalAveragePool", "x", "p"), node("Flatten", "p", "f"),
                      node("Gemm", "f w b", transB=1, alpha=0.5, beta=2.0)],
                     {"w": weights(5, 3), "b": weights(5)}),
    "gemm_without_bias": ([node("GlobalMaxPool", "x", "p"), node("Flatten", "p", "f"),
                           node("Gemm", "f w")], {"w": weights(3, 5)}),
    "linear_of_pixels": ([node("Transpose", "x", "t", perm=[0, 2, 3, 1]),
                          node("MatMul", "t w", "m"), node("Add", "b m")],
                         {"w": weights(3, 5), "b": weights(5)}),
    "linear_of_tokens": ([node("Reshape", "x flat", "r"),
                          node("Transpose", "r", "t", perm=[0, 2, 1]), node("MatMul", "t w", "m"),
                          node("Add", "m b")],
                         {"flat": ints(0, 3, -1), "w": weights(3, 5), "b": weights(5)}),
    "attention": ([node("Reshape", "x flat", "t"), node("Transpose", "t", "u", perm=[0, 2, 1]),
                   node("MatMul", "t u", "s"), node("Softmax", "s", "p", axis=-1),
                   node("MatMul", "p t")], {"flat": ints(0, 3, -1)}),
    "einsum": ([node("Einsum", "x w", equation="nchw,cd->ndhw")], {"w": weights(3, 4)}),
    "einsum_implicit": ([node("Einsum", "x w", equation="nchw, cd")], {"w": weights(3, 4)}),
    "matmul_of_vector": ([node("MatMul", "x w")], {"w": weights(8)}),
    "squeeze_unsqueeze": ([node("GlobalAveragePool", "x", "p"), node("Squeeze", "p axes", "s"),
                           node("Unsqueeze", "s axes")], {"axes": ints(2, 3)}),
    "concat": ([node("Relu", "x", "r"), node("Concat", "x r x", axis=1)], {}),
    "split": ([node("Split", "x sizes", "a b", axis=1), node("Concat", "b a", axis=-3)],
              {"sizes": ints(1, 2)}),
    "slice": ([node("Slice", "x starts ends axes steps")],
              {"starts": ints(1, -3), "ends": ints(2**62, -1), "axes": ints(2, 3),
               "steps": ints(2, 1)}),
    "slice_backwards": ([node("Slice", "x starts ends axes steps")],
                        {"starts": ints(-1), "ends": ints(-(2**62)), "axes": ints(3),
                         "steps": ints(-1)}),
    "gather_one": ([node("Gather", "x place", axis=1)], {"place": np.array(1)}),
    "gather_last": ([node("Gather", "x place", axis=1)], {"place": np.array(-1)}),
    "gather_several": ([node("Gather", "x places", axis=1)], {"places": ints(2, 0, -2)}),
    "expand": ([node("GlobalAveragePool", "x", "p"), node("Shape", "x", "s"),
                node("Expand", "p s")], {}),
    "tile": ([node("Tile", "x times")], {"times": ints(1, 1, 2, 3)}),
    "pad": ([node("Pad", "x pads value")],
            {"pads": ints(0, 0, 1, 2, 0, 0, 3, 0), "value": np.float32(0.5)}),
    "pad_reflect": ([node("Pad", "x pads", mode="reflect")],
                    {"pads": ints(0, 0, 2, 1, 0, 0, 3, 2)}),
    "pad_edge": ([node("Pad", "x pads", mode="edge")], {"pads": ints(0, 0, 2, 1, 0, 0, 3, 0)}),
    "dropout": unary("Dropout"), "identity": ([node("Identity", "x", "i"), node("Relu", "i")], {}),
    "depth_to_space": (
        [node("Conv", "x w", "y"), node("DepthToSpace", "y", blocksize=2)],
        {"w": weights(8, 3, 1, 1)}),
    "pixel_shuffle": (
        [node("Conv", "x w", "y"), node("DepthToSpace", "y", blocksize=2, mode="CRD")],
        {"w": weights(8, 3, 1, 1)}),
    "space_to_depth": ([node("Slice", "x starts ends axes", "e"),
                        node("SpaceToDepth", "e", blocksize=2)],
                       {"starts": ints(0), "ends": ints(8), "axes": ints(2)}),
    "channel_shuffle": of_six(node("Shape", "y", "s"), node("Reshape", "y apart", "r"),
                              node("Transpose", "r", "t", perm=[0, 2, 1, 3, 4]),
                              node("Reshape", "t together"), apart=ints(0, 2, 3, 9, 8),
                              together=ints(0, 6, 9, 8)),
    "cumulative_sum": ([node("CumSum", "x axis")], {"axis": np.array(2)}),
    "range_and_gather": ([node("Range", "zero three one", "r"), node("Gather", "x r", axis=1)],
                         {"zero": np.array(0), "three": np.array(3), "one": np.array(1)}),
}  # fmt: skip

RESIZES = {
    "nearest": {"mode": "nearest", "coordinate_transformation_mode": "asymmetric",
                "nearest_mode": "floor"},
    "nearest_exact": {"mode": "nearest", "coordinate_transformation_mode": "half_pixel",
                          "nearest_mode": "round_prefer_ceil"},
    "nearest_default": {"mode": "nearest"},
    "linear": {"mode": "linear", "coordinate_transformation_mode": "half_pixel"},
    "pytorch": {"mode": "linear", "coordinate_transformation_mode": "pytorch_half_pixel"},
    "corners": {"mode": "linear", "coordinate_transformation_mode": "align_corners"},
    "asymmetric": {"mode": "linear", "coordinate_transformation_mode": "asymmetric"},
    "cubic": {"mode": "cubic", "coordinate_transformation_mode": "half_pixel",
              "cubic_coeff_a": -0.75},
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_an_operator_gives_what_the_reference_gives(name, tmp_path):
    nodes, constants = CASES[name]
    check(model(nodes, constants), tmp_path)


@pytest.mark.parametrize("times", [(2, 2), (3, 2), (1.5, 0.5)], ids=str)
@pytest.mark.parametrize("name", RESIZES)
def test_resize_by_scales(name, times, tmp_path):
    scales = np.array([1, 1, *times], np.float32)
    made = model([node("Resize", "x _ scales", **RESIZES[name])], {"scales": scales})
    # With aligned corners the reference goes by sizes that are no whole numbers.
    check(made, tmp_path, (8, 8) if name == "corners" else (9, 8))


@pytest.mark.parametrize("name", RESIZES)
def test_resize_to_sizes(name, tmp_path):
    made = model([node("Resize", "x _ _ sizes", **RESIZES[name])], {"sizes": ints(2, 3, 13, 7)})
    check(made, tmp_path)


def test_resize_to_the_size_of_another_tensor(tmp_path):
    nodes = [
        node("MaxPool", "x", "small", kernel_shape=[2, 2], strides=[2, 2]),
        node("Shape", "x", "shape"),
        node("Slice", "shape two four", "size"),
        node("Shape", "small", "own"),
        node("Slice", "own zero two", "first"),
        node("Concat", "first size", "sizes", axis=0),
        node("Resize", "small _ _ sizes", mode="linear"),
    ]
    check(model(nodes, {"zero": ints(0), "two": ints(2), "four": ints(4)}), tmp_path)


@pytest.mark.parametrize(
    ("made", "says"),
    [
        (model([node("Upsample", "x s")], {"s": np.array([1, 1, 2, 2], np.float32)}, 9),
         "upsample"),
        (model([node("Clip", "x", min=-1.0, max=0.5)], opset=9), "clip"),
        (model([node("GlobalMaxPool", "x", "p"), node("Squeeze", "p", "s", axes=[3]),
                node("Unsqueeze", "s", axes=[2])], opset=9), "squeeze"),
        (model([node("Slice", "x", starts=[1], ends=[9], axes=[2])], opset=9), "slice"),
        (model([node("Pad", "x", pads=[0, 0, 1, 1, 0, 0, 1, 1], value=2.0)], opset=9), "pad"),
        (model([node("ReduceMean", "x a")], {"a": ints(2, 3)}, 18), "axes as input"),
        (model([node("Gelu", "x", approximate="tanh")], opset=20), "gelu"),
        (model([node("Gelu", "x")], opset=20), "gelu"),
        (model([node("Mish", "x")], opset=18), "mish"),
        (model([node("GroupNormalization", "x s b", num_groups=3)],
               {"s": weights(3), "b": weights(3)}, 21), "group norm"),
        (model([node("Pad", "x pads value axes")],
               {"pads": ints(1, 2), "value": np.float32(0), "axes": ints(3)}, 18), "pad axes"),
        (model([node("Swish", "x")], opset=24), "swish"),
        (model([node("RMSNormalization", "x s", axis=-1)], {"s": weights(8)}, 23), "rms"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_opsets(made, says, tmp_path):
    check(made, tmp_path)


GRADIENTS = (
    "conv_padded_strided", "conv_dilated", "conv_dilated_strided", "conv_grouped",
    "conv_depthwise", "conv_depthwise_dilated", "conv_depthwise_uneven_strides", "conv_transpose",
    "batch_norm", "group_norm_written_out", "layer_norm_written_out",
    "max_pool", "average_pool_padded", "average_pool_ceil", "hard_swish", "celu", "prelu",
    "linear_of_pixels", "attention", "einsum", "gather_several", "pad_edge", "pixel_shuffle",
    "softmax_over_channels", "instance_norm",
)  # fmt: skip


@pytest.mark.parametrize("name", GRADIENTS)
def test_gradients_are_those_of_finite_differences(name, tmp_path):
    made = model(*CASES[name])
    graph = onnx_models.imported(made, tmp_path).graph
    check_gradient(made, graph)


@pytest.mark.parametrize("name", RESIZES)
def test_gradients_of_resize(name, tmp_path):
    scales = np.array([1, 1, 1.5, 2], np.float32)
    made = model([node("Resize", "x _ scales", **RESIZES[name])], {"scales": scales})
    check_gradient(made, onnx_models.imported(made, tmp_path).graph)


def check_gradient(made, graph):
    """Along random directions, by the reference's own differences."""
    fed, name = pictures(8, 8, seed=3), onnx_models.end(graph)
    upstream = weights(*onnx_models.reference(made, fed).shape)
    slope = onnx_models.gradient(graph, name, fed, upstream).astype(np.float64)
    for seed in (5, 6):
        direction, step = pictures(*fed.shape[2:], seed=seed), 2e-4
        ahead, behind = (
            onnx_models.reference(made, (fed + sign * step * direction).astype(np.float32))
            for sign in (1, -1)
        )
        expected = ((ahead.astype(np.float64) - behind) * upstream).sum() / (2 * step)
        assert (slope * direction).sum() == pytest.approx(expected, rel=2e-2, abs=5e-2)


def check(made, folder, size=(9, 8)):
    """As loaded, channels come first as in the file; in normal form they may come last."""
    fed = pictures(*size)
    expected = onnx_models.reference(made, fed)
    loaded = onnx_models.imported(made, folder).graph
    given = onnx_models.run(loaded, onnx_models.end(loaded), fed)
    np.testing.assert_allclose(given, expected, rtol=1e-4, atol=1e-4)
    graph = onnx_models.in_normal_form(made, folder)
    given = onnx_models.run(graph, onnx_models.end(graph), fed)
    if given.shape != expected.shape or not np.allclose(given, expected, 1e-4, 1e-4):
        expected = expected.transpose(0, 2, 3, 1)
    np.testing.assert_allclose(given, expected, rtol=1e-4, atol=1e-4)


def given_by(nodes, constants, folder, fed, opset=17):
    """What the importer's graph gives."""
    graph = onnx_models.imported(model(nodes, constants, opset), folder).graph
    return onnx_models.run(graph, onnx_models.end(graph), fed)


# ONNX's own reference is wrong for these, or does not take them.


def test_local_response_normalization(tmp_path):
    fed = pictures(channels=7)
    made = model([node("LRN", "x", size=5, alpha=0.1, beta=0.6, bias=1.5)], picture=("n", 7, 9, 8))
    graph = onnx_models.imported(made, tmp_path).graph
    squares = np.pad(fed**2, [(0, 0), (2, 2), (0, 0), (0, 0)])
    sums = sum(squares[:, start : start + 7] for start in range(5))
    expected = fed / (1.5 + 0.1 / 5 * sums) ** 0.6
    given = onnx_models.run(graph, onnx_models.end(graph), fed)
    np.testing.assert_allclose(given, expected, rtol=1e-4, atol=1e-5)


def test_margins_below_zero_crop(tmp_path):
    fed = pictures()
    given = given_by([node("Pad", "x p")], {"p": ints(0, 0, -1, 2, 0, 0, 1, -3)}, tmp_path, fed)
    expected = np.pad(fed[:, :, 1:, :-3], [(0, 0), (0, 0), (0, 1), (2, 0)])
    np.testing.assert_array_equal(given, expected)


def test_upsampling_of_opset_7(tmp_path):
    fed = pictures()
    nodes = [node("Upsample", "x", scales=[1.0, 1.0, 2.0, 3.0])]
    expected = fed.repeat(2, 2).repeat(3, 3)
    np.testing.assert_array_equal(given_by(nodes, {}, tmp_path, fed, 7), expected)


def test_a_grouped_transposed_convolution_is_one_of_each_group(tmp_path):
    kernel = weights(6, 2, 2, 2)
    nodes, constants = of_six(node("ConvTranspose", "y v", group=2, strides=[2, 2]), v=kernel)
    fed = pictures()
    parts = [
        onnx_models.reference(
            model([node("Conv", "x six", "y"), node("ConvTranspose", "y v", strides=[2, 2])],
                  {"six": constants["six"][rows], "v": kernel[rows]}),
            fed,
        )
        for rows in (slice(0, 3), slice(3, 6))
    ]  # fmt: skip
    graph = onnx_models.imported(model(nodes, constants), tmp_path).graph
    given = onnx_models.run(graph, onnx_models.end(graph), fed)
    np.testing.assert_allclose(given, np.concatenate(parts, 1), rtol=1e-4, atol=1e-4)
