"""SavedModels that attack whoever imports them."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import tensorflow as tf
from hostile_file import HostileFile
from tensorflow.core.protobuf.saved_model_pb2 import SavedModel

v1 = tf.compat.v1
_KERNEL = np.random.default_rng(0).normal(size=(3, 3, 3, 4)).astype(np.float32)
_PICTURE = tf.TensorSpec([None, None, None, 3], tf.float32, "picture")


class _Network(tf.Module):
    """One convolution; `spoil` is called with its result."""

    def __init__(self, spoil: Callable[[tf.Tensor], tf.Tensor] = tf.identity) -> None:
        super().__init__()
        self.kernel = tf.Variable(_KERNEL)
        self._spoil = spoil

    @tf.function(input_signature=[_PICTURE])
    def __call__(self, picture: tf.Tensor) -> tf.Tensor:
        features = tf.nn.relu(tf.nn.conv2d(picture, self.kernel, 1, "SAME", name="conv"))
        return self._spoil(features)


class _Resource(tf.saved_model.experimental.TrackableResource):
    """TensorFlow's loader creates and initializes it."""

    def __init__(self, canary: Path) -> None:
        super().__init__()
        self._canary = str(canary)

    def _create_resource(self) -> tf.Tensor:
        tf.io.write_file(self._canary, "created")
        return tf.raw_ops.VarHandleOp(dtype=tf.float32, shape=[])

    def _initialize(self) -> None:
        tf.io.write_file(self._canary, "initialized")


def _saved(folder: Path, network: tf.Module, signed: bool = True) -> Path:
    path = folder / "model"
    tf.saved_model.save(network, path, signatures=network.__call__ if signed else None)
    return path


def _edited(path: Path, edit: Callable[[SavedModel], object]) -> Path:
    file = path / "saved_model.pb"
    model = SavedModel.FromString(file.read_bytes())
    edit(model)
    file.write_bytes(model.SerializeToString())
    return path


def _plain(edit: Callable[[SavedModel, Path], object]) -> Callable[[Path, Path], Path]:
    """Writes a model of TensorFlow 2, then edited."""

    def write(folder: Path, canary: Path) -> Path:
        return _edited(_saved(folder, _Network()), lambda model: edit(model, canary))

    return write


def _resource(folder: Path, canary: Path) -> Path:
    secret = canary.read_bytes()
    network = _Network()
    network.resource = _Resource(canary)
    network.resource.resource_handle  # noqa: B018, made when it is first asked for
    path = _saved(folder, network)
    canary.write_bytes(secret)
    return path


def _table(folder: Path, canary: Path) -> Path:
    """A table of the words of a file, which are copied into the model's folder."""
    words = folder / "words.txt"
    words.write_text("a\nb\n")
    initializer = tf.lookup.TextFileInitializer(
        str(words),
        tf.string,
        tf.lookup.TextFileIndex.WHOLE_LINE,
        tf.int64,
        tf.lookup.TextFileIndex.LINE_NUMBER,
    )
    table = tf.lookup.StaticHashTable(initializer, -1)
    network = _Network(lambda x: tf.nn.relu(x + tf.cast(table.lookup(tf.constant("a")), x.dtype)))
    network.table = table
    path = _saved(folder, network)
    words.unlink()
    (path / "assets" / "words.txt").unlink()
    (path / "assets" / "words.txt").symlink_to(canary)
    return path


def _asset(folder: Path, canary: Path) -> Path:
    """Gives the content of an asset."""
    network = _Network()
    file = folder / "asset.txt"
    file.write_text("content")
    network.asset = tf.saved_model.Asset(str(file))
    network._spoil = lambda x: (
        x
        + tf.cast(tf.io.decode_raw(tf.io.read_file(network.asset.asset_path), tf.uint8)[0], x.dtype)
    )
    path = _saved(folder, network)
    file.unlink()
    (path / "assets" / "asset.txt").unlink()
    (path / "assets" / "asset.txt").symlink_to(canary)
    return path


def _writes(folder: Path, canary: Path) -> Path:
    def spoil(features: tf.Tensor) -> tf.Tensor:
        with tf.control_dependencies([tf.io.write_file(str(canary), "written")]):
            return tf.identity(features)

    return _saved(folder, _Network(spoil))


def _writes_when_called(folder: Path, canary: Path) -> Path:
    def spoil(features: tf.Tensor) -> tf.Tensor:
        with tf.control_dependencies([tf.io.write_file(str(canary), "written")]):
            return tf.identity(features)

    return _saved(folder, _Network(spoil), signed=False)


def _watched(folder: Path, canary: Path) -> Path:
    def spoil(features: tf.Tensor) -> tf.Tensor:
        return tf.raw_ops.DebugIdentity(input=features, debug_urls=[f"file://{canary}"])

    return _saved(folder, _Network(spoil))


def _first_version(
    folder: Path, canary: Path, key: str | None = None, restores: str | None = None
) -> Path:
    """A model of TensorFlow 1 that writes a file: by an operation to initialize, or to restore."""
    with v1.Graph().as_default(), v1.Session() as session:
        picture = v1.placeholder(tf.float32, [None, None, None, 3], name="picture")
        with v1.variable_scope("", use_resource=True):
            kernel = v1.get_variable("kernel", initializer=_KERNEL)
        features = tf.nn.relu(tf.nn.conv2d(picture, kernel, 1, "SAME"), name="relu")
        session.run(v1.global_variables_initializer())
        write = tf.io.write_file(str(canary), "written", name="write")
        if key is not None:
            v1.add_to_collection(key, write)
        signature = v1.saved_model.predict_signature_def({"x": picture}, {"y": features})
        builder = v1.saved_model.Builder(str(folder / "model"))
        builder.add_meta_graph_and_variables(
            session,
            ["serve"],
            {"serving_default": signature},
            main_op=write if key is None and restores is None else None,
        )
        builder.save()

    def restore(model: SavedModel) -> None:
        if restores is not None:
            model.meta_graphs[0].saver_def.restore_op_name = restores

    return _edited(folder / "model", restore)


def _main_operation(folder: Path, canary: Path) -> Path:
    return _first_version(folder, canary)


def _legacy_operation(folder: Path, canary: Path) -> Path:
    return _first_version(folder, canary, key="legacy_init_op")


def _restoring(folder: Path, canary: Path) -> Path:
    return _first_version(folder, canary, restores="write")


def _restores_elsewhere(folder: Path, canary: Path) -> Path:
    """The saver's file is the canary."""

    def edit(model: SavedModel) -> None:
        for node in model.meta_graphs[0].graph_def.node:
            if node.op == "Const" and "filename" in node.name:
                node.attr["value"].tensor.string_val[:] = [str(canary).encode()]

    return _edited(_first_version(folder, canary, restores="save/restore_all"), edit)


def _index(change: Callable[[bytes], bytes]) -> Callable[[Path, Path], Path]:
    """Writes a model with a changed index of its variables."""

    def write(folder: Path, canary: Path) -> Path:
        path = _saved(folder, _Network())
        index = path / "variables" / "variables.index"
        index.write_bytes(change(index.read_bytes()))
        return path

    return write


def _checksum(data: bytes) -> bytes:
    """Of a block of the index: CRC-32C, rotated, and a constant added."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ (0x82F63B78 if crc & 1 else 0)
    crc ^= 0xFFFFFFFF
    return ((((crc >> 15) | (crc << 17)) + 0xA282EAD8) & 0xFFFFFFFF).to_bytes(4, "little")


def _huge_shape(data: bytes) -> bytes:
    """127 instead of each of the kernel's sizes; the block's checksum is right."""
    shape = b"".join(b"\x12\x02\x08" + bytes([size]) for size in _KERNEL.shape)
    assert shape in data
    changed = data.replace(shape, b"\x12\x02\x08\x7f" * 4)
    # The first block ends where its checksum does.
    end = next(end for end in range(len(data)) if _checksum(data[:end]) == data[end : end + 4])
    return changed[:end] + _checksum(changed[:end]) + changed[end + 4 :]


def _short_data(folder: Path, canary: Path) -> Path:
    path = _saved(folder, _Network())
    file = path / "variables" / "variables.data-00000-of-00001"
    file.write_bytes(file.read_bytes()[:10])
    return path


def _odd_objects(model: SavedModel, canary: Path) -> None:
    for node in model.meta_graphs[0].object_graph_def.nodes:
        for child in node.children:
            if child.local_name != "signatures":
                child.node_id = 0
        node.children.add(node_id=10**9, local_name="far")
        node.children.add(node_id=-3, local_name="before")
    for function in model.meta_graphs[0].object_graph_def.concrete_functions.values():
        function.bound_inputs[:] = [10**9] * len(function.bound_inputs)


def _many_captures(model: SavedModel, canary: Path) -> None:
    for function in model.meta_graphs[0].object_graph_def.concrete_functions.values():
        function.bound_inputs.extend([0] * 1000)


def _no_function(model: SavedModel, canary: Path) -> None:
    model.meta_graphs[0].graph_def.library.Clear()


def _calls_itself(model: SavedModel, canary: Path) -> None:
    for function in model.meta_graphs[0].graph_def.library.function:
        for node in function.node_def:
            if "f" in node.attr:
                node.attr["f"].func.name = function.signature.name


def _huge_constant(model: SavedModel, canary: Path) -> None:
    for function in model.meta_graphs[0].graph_def.library.function:
        node = function.node_def.add(name="huge", op="Const")
        node.attr["dtype"].type = tf.float32.as_datatype_enum
        node.attr["value"].tensor.dtype = tf.float32.as_datatype_enum
        node.attr["value"].tensor.float_val.append(1)
        node.attr["value"].tensor.tensor_shape.dim.add(size=1 << 40)
        for other in function.node_def:
            if other.op == "Relu":
                other.input.append("^huge")


def _nothing(folder: Path, canary: Path) -> Path:
    path = folder / "model"
    path.mkdir()
    (path / "saved_model.pb").write_bytes(b"")
    return path


def _text(folder: Path, canary: Path) -> Path:
    path = folder / "model"
    path.mkdir()
    (path / "saved_model.pbtxt").write_text("meta_graphs { graph_def { node { " * 3000)
    return path


HOSTILE = [
    HostileFile("SavedModel: main operation", _main_operation, harmless=True),
    HostileFile("SavedModel: legacy initialization", _legacy_operation, harmless=True),
    HostileFile("SavedModel: restoring writes", _restoring, harmless=True),
    HostileFile("SavedModel: restores from elsewhere", _restores_elsewhere, harmless=True),
    HostileFile("SavedModel: resource initializes itself", _resource, harmless=True),
    HostileFile("SavedModel: table from a file", _table, harmless=True),
    HostileFile("SavedModel: asset is read", _asset, harmless=True),
    HostileFile("SavedModel: signature writes", _writes, harmless=True),
    HostileFile("SavedModel: call writes", _writes_when_called, harmless=True),
    HostileFile("SavedModel: layer is watched", _watched, harmless=True),
    HostileFile("SavedModel: index of noise", _index(lambda data: b"\x07" * 500), "cannot be read"),
    HostileFile("SavedModel: half an index", _index(lambda data: data[: len(data) // 2]),
                "cannot be read"),
    HostileFile("SavedModel: shape beyond the file", _index(_huge_shape), "claims to have"),
    HostileFile("SavedModel: data cut off", _short_data, "claims to have|cannot be read"),
    HostileFile("SavedModel: objects that are not there", _plain(_odd_objects),
                "no layer|no placeholder|without a signature", harmless=True),
    HostileFile("SavedModel: more captures than arguments", _plain(_many_captures), "captures"),
    HostileFile("SavedModel: no functions", _plain(_no_function), "without a signature"),
    HostileFile("SavedModel: function calls itself", _plain(_calls_itself), "calls itself"),
    HostileFile("SavedModel: huge constant", _plain(_huge_constant), harmless=True),
    HostileFile("SavedModel: empty", _nothing, "without a graph"),
    HostileFile("SavedModel: nested text", _text, "text form"),
]  # fmt: skip
