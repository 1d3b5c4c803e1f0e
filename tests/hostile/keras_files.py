"""Keras files that attack whoever imports them, each by another trick.

Written with json, zipfile and h5py alone: no trick needs Keras to make it.
"""

import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from hostile_file import HostileFile
from keras_makers import (
    Config,
    archive,
    called,
    convolution,
    hdf5,
    new_layer,
    new_model,
    old_layer,
    old_model,
    weights_file,
)

Write = Callable[[Path, Path], Path]

_NAMES_IT = "names .*is not loaded"
_HOLDS_CODE = "holds Python functions"


# The tricks. Each writes a model into a folder; `canary` is what it must not touch.


def _old(make: Callable[[Path], Config]) -> Write:
    return lambda folder, canary: hdf5(folder, make(canary))


def _new(make: Callable[[Path], Config]) -> Write:
    return lambda folder, canary: archive(folder, make(canary))


def _function(name: Any, module: str | None, registered: Any = None) -> Config:
    """A function as Keras writes it, where an activation belongs."""
    words = {"class_name": "function", "config": name, "module": module}
    return words | {"registered_name": registered}


def _writing_call(canary: Path) -> Config:
    return called("io.write_file", "_CONSTANT_VALUE", -1, str(canary), contents="x")


def _wrapped_call(canary: Path) -> Config:
    call = old_layer("TFOpLambda", function="io.write_file")
    return old_model(old_layer("TimeDistributed", layer=call))


def _nested_call(canary: Path) -> Config:
    return old_model(_writing_call(canary))


def _list_spelling(canary: Path) -> Config:
    call = old_layer("TFOpLambda", function="io.read_file")
    return {"class_name": "Sequential", "config": [convolution(old_layer), call]}


def _class_method(canary: Path) -> Config:
    return old_model(old_layer("ClassMethod", cls_ref="io.gfile.GFile", method_name="remove"))


def _raw_operation(canary: Path) -> Config:
    node = {"name": "w", "op": "WriteFile", "input": ["a", "b"]}
    constants = {"0": str(canary), "1": "x"}
    return old_model(old_layer("TensorFlowOpLayer", node_def=node, constants=constants))


def _code_of(canary: Path) -> list[Any]:
    import base64
    import marshal

    code = compile(f"open({str(canary)!r}, 'w').write('x')", "f", "exec")
    return [base64.b64encode(marshal.dumps(code)).decode(), None, None]


def _old_lambda(canary: Path) -> Config:
    return old_model(old_layer("Lambda", function=_code_of(canary), function_type="lambda"))


def _lambda_as_activation(canary: Path) -> Config:
    code, defaults, closure = _code_of(canary)
    value = {"code": code, "defaults": defaults, "closure": closure}
    function = {"class_name": "__lambda__", "config": {"value": value}}
    return new_model(convolution(activation=function))


def _lambda_in_a_nested_model(canary: Path) -> Config:
    return new_model(new_model(new_layer("TimeDistributed", layer=_old_lambda(canary))))


def _imports(canary: Path) -> Config:
    """A module that would write the canary."""
    (canary.parent / "canary_module.py").write_text(f"open({str(canary)!r}, 'w').write('x')\n")
    return new_layer("Layer", "canary_module")


def _keras_submodule(canary: Path) -> Config:
    return new_model(new_layer("Conv2D", "keras.src.utils.backend_utils", filters=2))


def _registered(canary: Path) -> Config:
    return new_model(convolution() | {"registered_name": "system", "module": "os"})


def _download(canary: Path) -> Config:
    function = _function("get_file", "keras._tf_keras.keras.utils", "get_file")
    return new_model(convolution(activation=function))


def _initializer_call(canary: Path) -> Config:
    system = {"class_name": "system", "module": "os", "config": {"command": f"touch {canary}"}}
    return new_model(convolution(kernel_initializer=system))


def _constraint_by_string(canary: Path) -> Config:
    return old_model(convolution(old_layer, kernel_constraint="sys"))


def _activation_by_string(canary: Path) -> Config:
    return old_model(old_layer("Activation", activation="tf.io.write_file"))


def _vocabulary(canary: Path) -> Config:
    return new_model(new_layer("StringLookup", vocabulary="/etc/passwd"))


def _saved_model(canary: Path) -> Config:
    return new_model(new_layer("TFSMLayer", filepath=str(canary.parent)))


def _type_spec(canary: Path) -> Config:
    spec = {"class_name": "__typespec__", "spec_name": "system", "module": "os"}
    return new_model(convolution(dtype=spec | {"registered_name": "system", "config": []}))


def _old_type_spec(canary: Path) -> Config:
    spec = {"class_name": "TypeSpec", "type_spec": "tf.TensorSpec", "serialized": []}
    return old_model(convolution(old_layer, dtype=spec))


def _build_config(canary: Path) -> Config:
    built = {"class_name": "TextVectorization", "config": {"vocabulary": "/etc/passwd"}}
    return new_model(convolution() | {"build_config": {"input_shape": built}})


def _compile_config(canary: Path) -> Config:
    """Of a model in the model: harmless, since nothing of training is read."""
    loss = _function("system", "os", "system")
    inner = new_model(convolution()) | {"compile_config": {"loss": loss, "optimizer": "adam"}}
    return inner


def _operation_with_a_function(canary: Path) -> Config:
    return new_model(new_layer("Map", "keras.src.ops.core", function=_function("eval", "builtins")))


def _quantization(canary: Path) -> Config:
    config = {"class_name": "GPTQConfig", "module": "keras.quantizers", "config": {"dataset": "x"}}
    return new_model(convolution(quantization_config=config))


def _bytes_of_a_huge_type(canary: Path) -> Config:
    array = {"class_name": "__numpy__", "config": {"value": ["a"] * 9, "dtype": "S1000000000"}}
    return new_model(new_layer("Rescaling", scale=array))


def _many_units(canary: Path) -> Config:
    return new_model(new_layer("Flatten"), new_layer("Dense", units=10**9))


def _many_units_in_keras_2(canary: Path) -> Config:
    """Keras 3 knows no `groups` of a depthwise convolution; Keras 2 does."""
    convolution = old_layer("DepthwiseConv2D", kernel_size=[3, 3], groups=1)
    return old_model(convolution, old_layer("Dense", units=10**10))


def _models_in_models(canary: Path) -> Config:
    """Each is called twice by the next: 2^40 convolutions."""
    inner = new_model(convolution())
    for _ in range(40):
        calls = [{"args": [], "kwargs": {}}] * 2
        inner = new_layer("Functional", "keras", layers=[inner | {"inbound_nodes": calls}])
    return inner


def _endless_nesting(folder: Path, canary: Path) -> Path:
    return archive(folder, '{"class_name": "Sequential", "config": ' + "[" * 100_000)


def _deep_nesting(folder: Path, canary: Path) -> Path:
    inner = convolution(old_layer)
    for _ in range(150):
        inner = old_layer("Sequential", layers=[inner])
    return hdf5(folder, inner)


def _long_config(folder: Path, canary: Path) -> Path:
    """150 MB of blanks, in 150 kB."""
    path = folder / "model.keras"
    blanks = b" " * (10 << 20)
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file,
        file.open("config.json", "w", force_zip64=True) as member,
    ):
        for _ in range(15):
            member.write(blanks)
    return path


def _long_attribute(folder: Path, canary: Path) -> Path:
    return hdf5(folder, json.dumps(new_model()) + " " * (20 << 20))


def _long_weights(folder: Path, canary: Path) -> Path:
    path = archive(folder, new_model(convolution()))
    return _with_weights(path, folder, b"\x89HDF\r\n\x1a\n" + bytes(260 << 20))


def _with_weights(path: Path, folder: Path, weights: bytes) -> Path:
    """The archive with other weights."""
    config = zipfile.ZipFile(path).read("config.json")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("config.json", config)
        file.writestr("model.weights.h5", weights)
    return path


def _lying_length(folder: Path, canary: Path) -> Path:
    """The archive says that its configuration has ten bytes."""
    path = archive(folder, " " * (100 << 20))
    content = path.read_bytes()
    true, short = (100 << 20).to_bytes(4, "little"), (10).to_bytes(4, "little")
    path.write_bytes(content.replace(true, short))
    return path


def _two_configs(folder: Path, canary: Path) -> Path:
    path = archive(folder, new_model(convolution()))
    with zipfile.ZipFile(path, "a") as file:
        file.writestr("config.json", json.dumps(_lambda_as_activation(canary)))
    return path


def _climbing_names(folder: Path, canary: Path) -> Path:
    """Assets that would be unpacked elsewhere: they are left where they are."""
    name = f"assets/../../../../../../../..{canary}"
    return archive(folder, new_model(convolution()), **{name: b"x", str(canary): b"x"})


def _pickled_weights(folder: Path, canary: Path) -> Path:
    import io
    import pickle

    class Opens:
        def __reduce__(self) -> tuple[Any, ...]:
            return (open, (str(canary), "w"))

    buffer = io.BytesIO()
    np.save(buffer, np.array([Opens()], object), allow_pickle=True)
    path = folder / "model.keras"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("config.json", json.dumps(new_model(convolution())))
        file.writestr("model.weights.npz", pickle.dumps(Opens()) + buffer.getvalue())
    return path


def _other_file(canary: Path, name: str = "other.h5") -> Path:
    other = canary.parent / name
    with h5py.File(other, "w") as file:
        file["kernel"] = np.ones((3, 3, 3, 2), np.float32)
    return other


def _in_hdf5(change: Callable[[h5py.Group, Path], None]) -> Write:
    """A file of Keras 2 whose layer is changed."""

    def write(folder: Path, canary: Path) -> Path:
        path = hdf5(folder, old_model(convolution(old_layer)))
        with h5py.File(path, "a") as file:
            layer = file["model_weights/a_conv2d"]
            del layer["kernel"]
            change(layer, canary)
        return path

    return write


def _in_archive(change: Callable[[h5py.Group, Path], None]) -> Write:
    """An archive of Keras 3 whose weights are changed."""

    def write(folder: Path, canary: Path) -> Path:
        path = archive(folder, new_model(convolution()))
        weights = weights_file(folder)
        with h5py.File(weights, "a") as file:
            group = file["layers/conv2d/vars"]
            del group["0"]
            change(group, canary)
        content = weights.read_bytes()
        weights.unlink()
        return _with_weights(path, folder, content)

    return write


def _external_link(group: h5py.Group, canary: Path) -> None:
    group["kernel"] = h5py.ExternalLink(str(_other_file(canary)), "kernel")


def _external_bytes(group: h5py.Group, canary: Path) -> None:
    external = [("/etc/passwd", 0, 216)]
    group.create_dataset("0", (3, 3, 3, 2), np.float32, external=external)


def _virtual(group: h5py.Group, canary: Path) -> None:
    layout = h5py.VirtualLayout((3, 3, 3, 2), np.float32)
    layout[...] = h5py.VirtualSource(str(_other_file(canary)), "kernel", (3, 3, 3, 2))
    group.create_virtual_dataset("0", layout)


def _soft_circle(group: h5py.Group, canary: Path) -> None:
    group["kernel"] = h5py.SoftLink(f"{group.name}/kernel")


def _hard_circle(group: h5py.Group, canary: Path) -> None:
    group["kernel"] = group


def _never_written(group: h5py.Group, canary: Path) -> None:
    group.create_dataset("kernel", (10**6, 10**6), np.float32, chunks=(1000, 1000))


def _well_compressed(group: h5py.Group, canary: Path) -> None:
    group.create_dataset("0", data=np.zeros(65 << 20, np.float32), compression="gzip")


def _strings(group: h5py.Group, canary: Path) -> None:
    group["kernel"] = np.array([b"x" * 100] * 54)


HOSTILE = [
    HostileFile("a call that writes a file", _old(_writing_call), _NAMES_IT),
    HostileFile("a writing call in a wrapper", _old(_wrapped_call), _NAMES_IT),
    HostileFile("a writing call in a nested model", _old(_nested_call), _NAMES_IT),
    HostileFile("a reading call in the oldest spelling", _old(_list_spelling), _NAMES_IT),
    HostileFile("a class method", _old(_class_method), _NAMES_IT),
    HostileFile("a raw operation", _old(_raw_operation), _NAMES_IT),
    HostileFile("a Lambda of Keras 2", _old(_old_lambda), _HOLDS_CODE),
    HostileFile("a lambda as activation", _new(_lambda_as_activation), _HOLDS_CODE),
    HostileFile("a Lambda deep inside", _new(_lambda_in_a_nested_model), _HOLDS_CODE),
    HostileFile("a module to import", _new(_imports), _NAMES_IT),
    HostileFile("a module of Keras to import", _new(_keras_submodule), _NAMES_IT),
    HostileFile("a registered name", _new(_registered), _NAMES_IT),
    HostileFile("a download as activation", _new(_download), _NAMES_IT),
    HostileFile("a program as initializer", _new(_initializer_call), _NAMES_IT),
    HostileFile("a module as constraint", _old(_constraint_by_string), _NAMES_IT),
    HostileFile("a function as activation", _old(_activation_by_string), _NAMES_IT),
    HostileFile("a vocabulary in a file", _new(_vocabulary), _NAMES_IT),
    HostileFile("a SavedModel as layer", _new(_saved_model), _NAMES_IT),
    HostileFile("a type specification", _new(_type_spec), _NAMES_IT),
    HostileFile("a type specification of Keras 2", _old(_old_type_spec), _NAMES_IT),
    HostileFile("an object in build_config", _new(_build_config), _NAMES_IT),
    HostileFile("a function in compile_config", _new(_compile_config), harmless=True),
    HostileFile("an operation with a function", _new(_operation_with_a_function), _NAMES_IT),
    HostileFile("a quantization", _new(_quantization), _NAMES_IT),
    HostileFile("bytes of a huge type", _new(_bytes_of_a_huge_type), _NAMES_IT),
    HostileFile("10^9 units", _new(_many_units), "more than the 56 numbers"),
    HostileFile("10^10 units in Keras 2", _old(_many_units_in_keras_2), "more than the 56 numbers"),
    HostileFile("models in models", _new(_models_in_models), "are called .* times"),
    HostileFile("endless nesting", _endless_nesting, "nested deeper than 200"),
    HostileFile("deep nesting", _deep_nesting, "nested deeper than 200"),
    HostileFile("a configuration of 150 MB", _long_config, "longer than 16 MB"),
    HostileFile("a long attribute", _long_attribute, "longer than 16 MB"),
    HostileFile("weights of 260 MB in a small file", _long_weights, "unpacks to more than 256 MB"),
    HostileFile("a length that is a lie", _lying_length, "damaged Keras file|longer than 16 MB"),
    HostileFile("two configurations", _two_configs, "holds 2 files config.json"),
    HostileFile("assets that climb out", _climbing_names, harmless=True),
    HostileFile("pickled weights", _pickled_weights, "holds 0 files model.weights.h5"),
    HostileFile("a link to another file", _in_hdf5(_external_link), "is a link to another"),
    HostileFile("bytes of another file", _in_archive(_external_bytes), "lie in another file"),
    HostileFile("numbers of another file", _in_archive(_virtual), "lie in another file"),
    HostileFile("a link to itself", _in_hdf5(_soft_circle), "is a link to another"),
    HostileFile("a group in itself", _in_hdf5(_hard_circle), "nested deeper than 60"),
    HostileFile("weights never written", _in_hdf5(_never_written), "unpack to more than 256 MB"),
    HostileFile("compressed zeros", _in_archive(_well_compressed), "unpack to more than 256 MB"),
    HostileFile("strings as weights", _in_hdf5(_strings), "something else than numbers"),
]
