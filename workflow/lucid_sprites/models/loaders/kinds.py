"""Kinds of models, told without reading them."""

from lucid_sprites.planning.import_jobs import Origin

KERAS_SUFFIXES = (".keras", ".h5", ".hdf5")
ONNX_SUFFIX = ".onnx"


def needs_keras(origin: Origin) -> bool:
    """Whether Keras has to be importable to load what `origin` stands for."""
    return "keras_application" in origin or origin.get("file", "").endswith(KERAS_SUFFIXES)
