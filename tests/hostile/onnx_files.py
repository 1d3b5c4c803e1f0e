"""ONNX files that attack whoever imports them."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from hostile.hostile_file import HostileFile

_WEIGHTS = numpy_helper.from_array(np.ones((4, 3, 3, 3), np.float32), "w")
_CONV = helper.make_node("Conv", ["x", "w"], ["y"])
_BIG = 1 << 40


def _model(
    nodes: list[onnx.NodeProto],
    weights: list[TensorProto] | None = None,
    functions: list[onnx.FunctionProto] | None = None,
    opset: int = 18,
) -> onnx.ModelProto:
    """A model of a picture `x` to the output of its last node."""
    picture = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 3, "h", "w"])
    output = helper.make_tensor_value_info(nodes[-1].output[0], TensorProto.FLOAT, None)
    graph = helper.make_graph(nodes, "graph", [picture], [output], weights or [_WEIGHTS])
    imports = [helper.make_opsetid("", opset), helper.make_opsetid("own", 1)]
    return helper.make_model(graph, opset_imports=imports, functions=functions or [])


def _written(folder: Path, made: onnx.ModelProto) -> Path:
    path = folder / "model.onnx"
    path.write_bytes(made.SerializeToString())
    return path


def _plain(made: onnx.ModelProto) -> Callable[[Path, Path], Path]:
    return lambda folder, canary: _written(folder, made)


def _external(location: str, offset: int = 0, length: int = 432) -> TensorProto:
    tensor = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=[4, 3, 3, 3])
    tensor.data_location = TensorProto.EXTERNAL
    for key, value in (("location", location), ("offset", offset), ("length", length)):
        tensor.external_data.add(key=key, value=str(value))
    return tensor


def _reading_outside(style: str) -> Callable[[Path, Path], Path]:
    def write(folder: Path, canary: Path) -> Path:
        locations = {"absolute": str(canary), "parent": os.path.relpath(canary, folder)}
        if style == "link":
            (folder / "weights.bin").symlink_to(canary)
        if style == "linked folder":
            (folder / "inner").symlink_to(canary.parent)
        locations |= {"link": "weights.bin", "linked folder": f"inner/{canary.name}"}
        return _written(folder, _model([_CONV], [_external(locations[style])]))

    return write


def _beyond_its_end(folder: Path, canary: Path) -> Path:
    (folder / "weights.bin").write_bytes(bytes(400))
    return _written(folder, _model([_CONV], [_external("weights.bin")]))


def _before_its_start(folder: Path, canary: Path) -> Path:
    (folder / "weights.bin").write_bytes(bytes(432))
    return _written(folder, _model([_CONV], [_external("weights.bin", -4)]))


def _pipe(folder: Path, canary: Path) -> Path:
    os.mkfifo(folder / "weights.bin")
    return _written(folder, _model([_CONV], [_external("weights.bin")]))


def _function(name: str, *called: str) -> onnx.FunctionProto:
    nodes = [helper.make_node(each, ["a"], [f"b{number}"], domain="own" if each != "Relu" else "")
             for number, each in enumerate(called)]  # fmt: skip
    return helper.make_function(
        "own", name, ["a"], ["b0"], nodes,
        [helper.make_opsetid("", 18), helper.make_opsetid("own", 1)],
    )  # fmt: skip


def _calling(*functions: onnx.FunctionProto) -> onnx.ModelProto:
    call = helper.make_node(functions[0].name, ["y"], ["z"], domain="own", name="call")
    return _model([_CONV, call], functions=list(functions))


def _lying(count: int) -> TensorProto:
    tensor = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=[count, 3, 3, 3])
    tensor.raw_data = bytes(432)
    return tensor


def _constant(name: str, *values: int) -> TensorProto:
    return numpy_helper.from_array(np.array(values, np.int64), name)


def _vast(kind: str, *shape: int, **attributes: object) -> onnx.ModelProto:
    nodes = [
        _CONV,
        helper.make_node(kind, ["s"] if kind == "ConstantOfShape" else ["y", "s"], ["v"], "vast"),
        helper.make_node("ReduceMax", ["v"], ["m"], keepdims=0),
        helper.make_node("Mul", ["y", "m"], ["z"]),
    ]
    return _model(nodes, [_WEIGHTS, _constant("s", *shape)], opset=13)


def _custom(domain: str, kind: str) -> onnx.ModelProto:
    custom = helper.make_node(kind, ["x"], ["y"], "custom", domain=domain, code="os.system('x')")
    made = _model([custom, helper.make_node("Conv", ["y", "w"], ["z"])])
    made.opset_import.append(helper.make_opsetid(domain, 1))
    return made


def _loop() -> onnx.ModelProto:
    body = helper.make_graph(
        [helper.make_node("Identity", ["c"], ["d"]), helper.make_node("Relu", ["a"], ["b"])],
        "body",
        [helper.make_tensor_value_info("i", TensorProto.INT64, []),
         helper.make_tensor_value_info("c", TensorProto.BOOL, []),
         helper.make_tensor_value_info("a", TensorProto.FLOAT, None)],
        [helper.make_tensor_value_info("d", TensorProto.BOOL, []),
         helper.make_tensor_value_info("b", TensorProto.FLOAT, None)],
    )  # fmt: skip
    loop = helper.make_node("Loop", ["n", "", "x"], ["y"], "forever", body=body)
    weights = [_WEIGHTS, _constant("n", 1 << 62)]
    return _model([loop, helper.make_node("Conv", ["y", "w"], ["z"])], weights)


def _cycle() -> onnx.ModelProto:
    nodes = [helper.make_node("Add", ["x", "b"], ["a"], "first"),
             helper.make_node("Relu", ["a"], ["b"], "second"),
             helper.make_node("Conv", ["b", "w"], ["y"])]  # fmt: skip
    return _model(nodes)


def _with(kind: str, **attributes: object) -> onnx.ModelProto:
    first = helper.make_node("Relu", ["x"], ["r"])
    inputs = ["r", "w"] if kind.startswith("Conv") else ["r"]
    return _model([first, helper.make_node(kind, inputs, ["y"], "damaged", **attributes)])


def _deep(folder: Path, canary: Path) -> Path:
    """Graphs in attributes of nodes of graphs."""
    nested = b""
    for _ in range(5000):
        nested = _field(1, _field(5, _field(6, nested)))
    path = folder / "model.onnx"
    path.write_bytes(_field(7, nested))
    return path


def _field(number: int, content: bytes) -> bytes:
    """A protobuf field with a length."""
    length, digits = len(content), []
    while True:
        digits.append(length & 0x7F | (0x80 if length > 0x7F else 0))
        length >>= 7
        if not length:
            return bytes([number << 3 | 2, *digits]) + content


def _truncated(folder: Path, canary: Path) -> Path:
    data = _model([_CONV]).SerializeToString()
    path = folder / "model.onnx"
    path.write_bytes(data[: len(data) // 2])
    return path


def _not_text(folder: Path, canary: Path) -> Path:
    data = _model([_CONV]).SerializeToString()
    path = folder / "model.onnx"
    path.write_bytes(data.replace(b"Conv", b"\xff\xfe\xfd\xfc"))
    return path


def _pickle(folder: Path, canary: Path) -> Path:
    path = folder / "model.onnx"
    path.write_bytes(b"\x80\x02cposix\nsystem\nq\x00X\x05\x00\x00\x00touchq\x01\x85R.")
    return path


def _in_a_link(folder: Path, canary: Path) -> Path:
    """The model itself may be a link; then its own folder is that of the link."""
    elsewhere = canary.parent / "models"
    shutil.rmtree(elsewhere, ignore_errors=True)
    elsewhere.mkdir()
    (elsewhere / "weights.bin").write_bytes(bytes(432))
    _written(elsewhere, _model([_CONV], [_external("weights.bin")]))
    (folder / "model.onnx").symlink_to(elsewhere / "model.onnx")
    return folder / "model.onnx"


_ITS_OWN = "do not lie in the model's own folder"
_DOUBLING = [_function(f"f{n}", f"f{n + 1}", f"f{n + 1}") for n in range(40)]

HOSTILE = [
    *(HostileFile(f"onnx weights outside: {style}", _reading_outside(style), _ITS_OWN)
      for style in ("absolute", "parent", "link", "linked folder")),
    HostileFile("onnx weights beside a linked file", _in_a_link, "weights.bin are missing"),
    HostileFile("onnx weights beyond their file", _beyond_its_end, "432 bytes of .*has 400"),
    HostileFile("onnx weights before their file", _before_its_start, "from -4"),
    HostileFile("onnx weights in a pipe", _pipe, "weights.bin are missing"),
    HostileFile("onnx weights of a size that lies", _plain(_model([_CONV], [_lying(_BIG)])),
                "432 bytes do not make a tensor"),
    HostileFile("onnx weights of a size below 0", _plain(_model([_CONV], [_lying(-4)])),
                "a size below 0"),
    HostileFile("onnx function that calls itself", _plain(_calling(_function("f", "f"))),
                r"functions that call themselves \(f\)"),
    HostileFile("onnx functions that call each other",
                _plain(_calling(_function("f", "g"), _function("g", "f"))),
                r"functions that call themselves \(f, g\)"),
    HostileFile("onnx functions that double 40 times",
                _plain(_calling(*_DOUBLING, _function("f40", "Relu"))), "more than 200000"),
    HostileFile("onnx graph with a cycle", _plain(_cycle()), "'first' .*reads 'b'.*cycle"),
    HostileFile("onnx constant of 2^40 numbers", _plain(_vast("ConstantOfShape", _BIG)),
                "'vast' .*a tensor of 1099511627776 numbers"),
    HostileFile("onnx tensor expanded to 2^40", _plain(_vast("Expand", _BIG, 1, 1, 1, 1)),
                "'vast' .*a tensor of"),
    HostileFile("onnx padding of 2^40",
                _plain(_vast("Pad", 0, 0, _BIG, 0, 0, 0, 0, 0)), "'vast' .*a margin of more than"),
    HostileFile("onnx tile of 2^40", _plain(_vast("Tile", 1, 1, 1, _BIG)), "'vast' .*times"),
    HostileFile("onnx reshape to 2^40", _plain(_vast("Reshape", 0, _BIG, -1, 1)), "'vast' "),
    HostileFile("onnx custom operator", _plain(_custom("evil", "Run")),
                r"'custom' \(evil.Run\).*custom operators"),
    HostileFile("onnx operator of a runtime", _plain(_custom("com.microsoft", "FusedConv")),
                "without optimizations for a runtime"),
    HostileFile("onnx endless loop", _plain(_loop()), r"'forever' \(Loop\): loops are not"),
    HostileFile("onnx strides of 0", _plain(_with("Conv", strides=[0, 0])), "'damaged' .*window"),
    HostileFile("onnx dilations of 2^40", _plain(_with("Conv", dilations=[_BIG, 1])),
                "'damaged' .*window"),
    HostileFile("onnx 0 groups", _plain(_with("Conv", group=0)), "'damaged' .*0 groups"),
    HostileFile("onnx pool below 0", _plain(_with("MaxPool", kernel_shape=[-1, 2])),
                "'damaged' .*window"),
    HostileFile("onnx order of axes", _plain(_with("Transpose", perm=[9, 9, 9, 9])),
                "'damaged' .*order"),
    HostileFile("onnx attribute of another type", _plain(_with("LeakyRelu", alpha="much")),
                "'damaged' "),
    HostileFile("onnx block of 0", _plain(_with("DepthToSpace", blocksize=0)),
                "'damaged' .*blocks"),
    HostileFile("onnx messages nested beyond all bounds", _deep, "no ONNX model"),
    HostileFile("onnx file cut off", _truncated, "no ONNX model, or a truncated one"),
    HostileFile("onnx names that are no text", _not_text, "names in it are no text"),
    HostileFile("onnx pickle", _pickle, "Python pickle"),
]  # fmt: skip
