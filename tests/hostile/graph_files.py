"""Frozen graphs that attack whoever imports them."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import tensorflow.compat.v1 as tf
from changed_graphs import FLOAT, INT, STRING, add, binary, constant, find, text
from hostile_file import HostileFile
from tensorflow.core.framework.function_pb2 import FunctionDef
from tensorflow.core.framework.graph_pb2 import GraphDef
from tensorflow.core.framework.node_def_pb2 import NodeDef

from tiny_graphs import frozen, save

CONV, RELU = "conv1/Conv2D", "conv1/Relu"


def _into_bias(graph: GraphDef, name: str) -> None:
    """`name` instead of the bias of the first convolution."""
    find(graph, "conv1/BiasAdd").input[1] = name


# Files, hosts and code


def _read_file(graph: GraphDef, canary: Path) -> None:
    constant(graph, "path", str(canary))
    add(graph, "read", "ReadFile", "path")
    raw = add(graph, "raw", "DecodeRaw", "read", out_type=FLOAT)
    raw.attr["little_endian"].b = True
    _into_bias(graph, "raw")


def _immutable_constant(graph: GraphDef, canary: Path) -> None:
    node = add(graph, "memory", "ImmutableConst", dtype=FLOAT)
    node.attr["shape"].shape.dim.add(size=6)
    node.attr["memory_region_name"].s = str(canary).encode()
    _into_bias(graph, "memory")


def _debug_identity(graph: GraphDef, canary: Path) -> None:
    node = add(graph, "watch", "DebugIdentity", "conv1/BiasAdd/bias", T=FLOAT)
    node.attr["debug_urls"].list.s.append(f"file://{canary}".encode())
    _into_bias(graph, "watch")


def _debug_identity_2(graph: GraphDef, canary: Path) -> None:
    node = add(graph, "watch", "DebugIdentityV2", RELU, T=FLOAT)
    node.attr["debug_urls"].list.s.append(f"file://{canary}".encode())
    find(graph, "pool").input[0] = "watch"


def _debug_shape(graph: GraphDef, canary: Path) -> None:
    """TensorFlow evaluates what a shape is made of as soon as it imports a graph."""
    constant(graph, "sizes", np.array([-1, 6], np.int32))
    node = add(graph, "watch", "DebugIdentity", "sizes", T=INT)
    node.attr["debug_urls"].list.s.append(f"file://{canary}".encode())
    add(graph, "shaped", "Reshape", RELU, "watch", T=FLOAT, Tshape=INT)


def _read_shape(graph: GraphDef, canary: Path) -> None:
    node = add(graph, "memory", "ImmutableConst", dtype=INT)
    node.attr["shape"].shape.dim.add(size=2)
    node.attr["memory_region_name"].s = str(canary).encode()
    add(graph, "shaped", "Reshape", RELU, "memory", T=FLOAT, Tshape=INT)


def _write_file(graph: GraphDef, canary: Path) -> None:
    constant(graph, "path", str(canary))
    constant(graph, "content", "written")
    add(graph, "write", "WriteFile", "path", "content")
    find(graph, RELU).input.append("^write")


def _python(graph: GraphDef, canary: Path) -> None:
    node = add(graph, "python", "PyFunc", RELU)
    node.attr["token"].s = b"pyfunc_0"
    node.attr["Tin"].list.type.append(FLOAT)
    node.attr["Tout"].list.type.append(FLOAT)
    find(graph, "pool").input[0] = "python"


def _restore(graph: GraphDef, canary: Path) -> None:
    for name, value in (("prefix", str(canary)), ("names", ["a"]), ("slices", [""])):
        constant(graph, name, value)
    node = add(graph, "restore", "RestoreV2", "prefix", "names", "slices")
    node.attr["dtypes"].list.type.append(FLOAT)
    _into_bias(graph, "restore")


def _proto(graph: GraphDef, canary: Path) -> None:
    """Its descriptors come from any file."""
    constant(graph, "bytes", [b""])
    node = add(graph, "proto", "DecodeProtoV2", "bytes")
    node.attr["message_type"].s = b"A"
    node.attr["field_names"].list.s.append(b"a")
    node.attr["output_types"].list.type.append(FLOAT)
    node.attr["descriptor_source"].s = str(canary).encode()
    _into_bias(graph, "proto:1")


def _function(graph: GraphDef, name: str, *calls: str) -> FunctionDef:
    """A function of one tensor that calls others one after another."""
    function = graph.library.function.add()
    function.signature.name = name
    function.signature.input_arg.add(name="x", type=FLOAT)
    function.signature.output_arg.add(name="y", type=FLOAT)
    last = "x"
    for number, called in enumerate(calls):
        node = function.node_def.add(name=f"call{number}", op="PartitionedCall", input=[last])
        node.attr["Tin"].list.type.append(FLOAT)
        node.attr["Tout"].list.type.append(FLOAT)
        node.attr["f"].func.name = called
        last = f"call{number}:output:0"
    function.ret["y"] = last
    return function


def _call(graph: GraphDef, function: str) -> None:
    node = add(graph, "call", "PartitionedCall", RELU)
    node.attr["Tin"].list.type.append(FLOAT)
    node.attr["Tout"].list.type.append(FLOAT)
    node.attr["f"].func.name = function
    find(graph, "pool").input[0] = "call"


def _debug_in_function(graph: GraphDef, canary: Path) -> None:
    function = _function(graph, "f")
    node = function.node_def.add(name="watch", op="DebugIdentity", input=["x"])
    node.attr["T"].type = FLOAT
    node.attr["debug_urls"].list.s.append(f"file://{canary}".encode())
    function.ret["y"] = "watch:output:0"
    _call(graph, "f")


def _write_in_gradient(graph: GraphDef, canary: Path) -> None:
    function = _function(graph, "backwards")
    for name, value in (("path", str(canary)), ("content", "written")):
        node = function.node_def.add(name=name, op="Const")
        node.attr["value"].tensor.CopyFrom(tf.make_tensor_proto(value))
        node.attr["dtype"].type = STRING
    inputs = ["path:output:0", "content:output:0"]
    function.node_def.add(name="write", op="WriteFile", input=inputs)
    function.control_ret["write"] = "write"
    graph.library.gradient.add(function_name="f", gradient_func="backwards")
    _function(graph, "f")
    _call(graph, "f")


def _calls_itself(graph: GraphDef, canary: Path) -> None:
    _function(graph, "f", "f")
    _call(graph, "f")


def _call_each_other(graph: GraphDef, canary: Path) -> None:
    _function(graph, "f", "g")
    _function(graph, "g", "f")
    _call(graph, "f")


def _call_bomb(graph: GraphDef, canary: Path) -> None:
    for level in range(9):
        _function(graph, f"f{level}", *[f"f{level + 1}"] * 10)
    _function(graph, "f9")
    _call(graph, "f0")


# Circles and depths


def _circle(graph: GraphDef, canary: Path) -> None:
    add(graph, "a", "Identity", "b", T=FLOAT)
    add(graph, "b", "Identity", "a", T=FLOAT)
    _into_bias(graph, "b")


def _circle_of_control(graph: GraphDef, canary: Path) -> None:
    add(graph, "a", "Relu", RELU, "^b", T=FLOAT)
    add(graph, "b", "Relu", "a", T=FLOAT)


def _nested_attributes(graph: GraphDef, canary: Path) -> None:
    value = find(graph, RELU).attr["_nested"]
    for _ in range(60):
        value = value.func.attr["a"]


# Sizes


def _huge_constant(graph: GraphDef, canary: Path) -> None:
    tensor = find(graph, "conv1/BiasAdd/bias").attr["value"].tensor
    tensor.Clear()
    tensor.dtype = FLOAT
    tensor.float_val.append(1)
    tensor.tensor_shape.dim.add(size=1 << 40)


def _huge_empty_constant(graph: GraphDef, canary: Path) -> None:
    tensor = find(graph, "conv1/BiasAdd/bias").attr["value"].tensor
    tensor.tensor_content = b""
    tensor.ClearField("float_val")
    for _ in range(6):
        tensor.tensor_shape.dim.add(size=1 << 20)


def _fill(graph: GraphDef, canary: Path) -> None:
    constant(graph, "sizes", np.array([1 << 20, 1 << 20], np.int32))
    constant(graph, "one", np.float32(1))
    add(graph, "filled", "Fill", "sizes", "one", T=FLOAT, index_type=INT)
    constant(graph, "axes", np.array([0, 1], np.int32))
    add(graph, "sum", "Sum", "filled", "axes", T=FLOAT, Tidx=INT)
    add(graph, "scaled", "Mul", "conv1/BiasAdd/bias", "sum", T=FLOAT)
    _into_bias(graph, "scaled")


def _doubling(graph: GraphDef, canary: Path) -> None:
    constant(graph, "axis", np.int32(0))
    last = "conv1/BiasAdd/bias"
    for number in range(60):
        node = add(graph, f"double{number}", "ConcatV2", last, last, "axis", T=FLOAT, Tidx=INT)
        node.attr["N"].i = 2
        last = node.name
    constant(graph, "axes", np.array([0], np.int32))
    add(graph, "sum", "Sum", last, "axes", T=FLOAT, Tidx=INT)
    add(graph, "scaled", "Mul", "conv1/BiasAdd/bias", "sum", T=FLOAT)
    _into_bias(graph, "scaled")


def _resize(graph: GraphDef, canary: Path) -> None:
    constant(graph, "sizes", np.array([10**6, 10**6], np.int32))
    add(graph, "resized", "ResizeBilinear", RELU, "sizes", T=FLOAT)
    find(graph, "pool").input[0] = "resized"


def _tile(graph: GraphDef, canary: Path) -> None:
    constant(graph, "times", np.array([1, 10**4, 10**4, 1], np.int32))
    add(graph, "tiled", "Tile", RELU, "times", T=FLOAT, Tmultiples=INT)
    find(graph, "pool").input[0] = "tiled"


def _huge_picture(graph: GraphDef, canary: Path) -> None:
    shape = find(graph, "picture").attr["shape"].shape
    for dim, size in zip(shape.dim, (-1, 10**6, 10**6, 3), strict=True):
        dim.size = size


def _many_nodes(graph: GraphDef, canary: Path) -> None:
    graph.node.extend(NodeDef() for _ in range(2_000_000))


def _wrong_content(graph: GraphDef, canary: Path) -> None:
    find(graph, "conv1/BiasAdd/bias").attr["value"].tensor.tensor_content = b"123"


def _negative_shape(graph: GraphDef, canary: Path) -> None:
    find(graph, "conv1/BiasAdd/bias").attr["value"].tensor.tensor_shape.dim[0].size = -6


def _strings(graph: GraphDef, canary: Path) -> None:
    constant(graph, "words", ["a"] * 6)
    _into_bias(graph, "words")


# Names


def _renamed(name: str) -> Callable[[GraphDef, Path], None]:
    def change(graph: GraphDef, canary: Path) -> None:
        find(graph, RELU).name = name
        find(graph, "pool").input[0] = name

    return change


def _duplicate(graph: GraphDef, canary: Path) -> None:
    add(graph, RELU, "Tanh", CONV, T=FLOAT)


# Sense


def _lying_shapes(graph: GraphDef, canary: Path) -> None:
    for node in graph.node:
        node.attr["_output_shapes"].list.shape.add().dim.add(size=7)


def _unknown_operation(graph: GraphDef, canary: Path) -> None:
    node = add(graph, "own", "RunMyCode", RELU)
    node.attr["library"].s = str(canary).encode()
    find(graph, "pool").input[0] = "own"


def _wrong_attribute(graph: GraphDef, canary: Path) -> None:
    find(graph, CONV).attr["strides"].s = b"huge"


def _no_inputs(graph: GraphDef, canary: Path) -> None:
    del find(graph, "conv1/BiasAdd").input[:]


def _wrong_output(graph: GraphDef, canary: Path) -> None:
    find(graph, "pool").input[0] = f"{RELU}:99999"


def _not_a_number(graph: GraphDef, canary: Path) -> None:
    find(graph, "pool").input[0] = f"{RELU}:one"


def _strides(graph: GraphDef, canary: Path) -> None:
    find(graph, CONV).attr["strides"].list.i[:] = [1, 2**40, 2**40, 1]


def _padding_bomb(graph: GraphDef, canary: Path) -> None:
    constant(graph, "pads", np.array([[0, 0], [10**6, 10**6], [10**6, 10**6], [0, 0]], np.int32))
    add(graph, "padded", "Pad", RELU, "pads", T=FLOAT, Tpaddings=INT)
    find(graph, "pool").input[0] = "padded"


def _endless_loop() -> GraphDef:
    """A constant that a loop without end computes."""

    def build() -> None:
        tf.disable_control_flow_v2()
        picture = tf.placeholder(tf.float32, [None, None, None, 3], name="picture")
        forever = tf.while_loop(lambda x: x > 0, lambda x: x + 0, [tf.constant(1.0)])
        features = tf.nn.conv2d(picture, np.ones((3, 3, 3, 4), np.float32), 1, "SAME", name="conv")
        tf.nn.relu(features * forever, name="behind")

    return frozen(build)


def _write_loop(folder: Path, canary: Path) -> Path:
    return save(_endless_loop(), folder / "model.pb")


_CUT = "is no pure function of tensors, and is never run"
_NO_NAME = "is no name of a node"

HOSTILE = [
    HostileFile("graph: reads a file", binary(_read_file), harmless=True),
    HostileFile("graph: constant from a file", binary(_immutable_constant), harmless=True),
    HostileFile("graph: shape from a file", binary(_read_shape), harmless=True),
    HostileFile("graph: constant that is watched", binary(_debug_identity), harmless=True),
    HostileFile("graph: layer that is watched", binary(_debug_identity_2), harmless=True),
    HostileFile("graph: shape that is watched", binary(_debug_shape), harmless=True),
    HostileFile("graph: writes a file", binary(_write_file), harmless=True),
    HostileFile("graph: calls Python", binary(_python), harmless=True),
    HostileFile("graph: restores a checkpoint", binary(_restore), harmless=True),
    HostileFile("graph: descriptors from a file", binary(_proto), harmless=True),
    HostileFile("graph: watched in a function", binary(_debug_in_function), harmless=True),
    HostileFile("graph: writes in a gradient", binary(_write_in_gradient), harmless=True),
    HostileFile("graph: function calls itself", binary(_calls_itself), "calls itself"),
    HostileFile("graph: functions call each other", binary(_call_each_other), "calls itself"),
    HostileFile("graph: ten calls of ten calls", binary(_call_bomb), r"1\.\d+e\+\d+ nodes"),
    HostileFile("graph: identities in a circle", binary(_circle), "computed from itself"),
    HostileFile("graph: circle of orders", binary(_circle_of_control), "computed from itself"),
    HostileFile("graph: nested attributes", binary(_nested_attributes), "", harmless=True),
    HostileFile("graph: huge constant", binary(_huge_constant), harmless=True),
    HostileFile("graph: huge empty constant", binary(_huge_empty_constant), harmless=True),
    HostileFile("graph: fills memory", binary(_fill), harmless=True),
    HostileFile("graph: doubles sixty times", binary(_doubling), harmless=True),
    HostileFile("graph: enlarges beyond memory", binary(_resize), harmless=True),
    HostileFile("graph: tiles beyond memory", binary(_tile), harmless=True),
    HostileFile("graph: pads beyond memory", binary(_padding_bomb), harmless=True),
    HostileFile("graph: huge picture", binary(_huge_picture), "at most .* are tried"),
    HostileFile("graph: two million nodes", binary(_many_nodes), "nodes"),
    HostileFile("graph: content of three bytes", binary(_wrong_content), harmless=True),
    HostileFile("graph: negative shape", binary(_negative_shape), harmless=True),
    HostileFile("graph: words for numbers", binary(_strings), harmless=True),
    HostileFile("graph: name that goes up", binary(_renamed("../../../etc/relu")), harmless=True),
    HostileFile("graph: name of two lines", binary(_renamed("a\nerror: b")), _NO_NAME),
    HostileFile("graph: name with escapes", binary(_renamed("\x1b[2Jrelu")), _NO_NAME),
    HostileFile("graph: name with a zero", binary(_renamed("a\0b")), _NO_NAME),
    HostileFile("graph: name of a megabyte", binary(_renamed("a" * 2**20)), _NO_NAME),
    HostileFile("graph: name that is a script", binary(_renamed("<script>1</script>")), _NO_NAME),
    HostileFile("graph: two of one name", binary(_duplicate), "two nodes are called"),
    HostileFile("graph: shapes that lie", binary(_lying_shapes), harmless=True),
    HostileFile("graph: unknown operation", binary(_unknown_operation), harmless=True),
    HostileFile("graph: attribute of another type", binary(_wrong_attribute), harmless=True),
    HostileFile("graph: no inputs", binary(_no_inputs), harmless=True),
    HostileFile("graph: output that is not there", binary(_wrong_output), harmless=True),
    HostileFile("graph: output that is no number", binary(_not_a_number), "cut badly"),
    HostileFile("graph: strides beyond all bounds", binary(_strides), harmless=True),
    HostileFile("graph: endless loop", _write_loop, harmless=True),
    HostileFile("graph: nested text", text("node { attr { value {" + "list { func { attr { value {"
                * 2000), "text form"),
    HostileFile("graph: much text", text("node {}\n" * 9_000_000), "text of more than"),
    HostileFile("graph: text without a graph", text("hostile"), "text form"),
]  # fmt: skip
