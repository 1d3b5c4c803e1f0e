"""What a model is imported by: plain data, which the job and the catalogue's stamp are given."""

from typing import Any, NotRequired, TypedDict

LABELS_SUFFIX = ".labels"
"""After the name of a graph that was downloaded: the file with the names of its classes."""


class Origin(TypedDict, total=False):
    """Where a model comes from; `models.loaders.load_model` takes it.

    Attributes:
        file: its path.
        trust, code: of Keras files: run the functions stored in it; a Python file with its layers.
        keras_application, weights: a class name of keras.applications, with `imagenet`, `none` or a
            file.
        lucid: a name of lucid's model zoo, with `file`.
        labels: a file of the names of its classes, if it could be downloaded.
    """

    file: str
    trust: bool
    code: str
    keras_application: str
    weights: str
    lucid: str
    labels: str


class InputOptions(TypedDict, total=False):
    """What people say of the picture that a model expects: the config's `input`."""

    name: str
    range: list[float]
    order: str
    mean: list[float]
    deviation: list[float]
    size: list[int]
    shown: list[int]
    values: dict[str, Any]


class Stamp(TypedDict):
    """All that decides what a catalogue and its graph are.

    Attributes:
        format: of catalogues.
        files: path and content of each that the model is read from.
    """

    format: int
    origin: Origin
    input: InputOptions
    edges: list[int]
    files: list[list[str]]


class ImportJob(TypedDict):
    """The import of one model.

    Attributes:
        edges: of the canvases in pixels that its layers have to take.
        graph, catalogue: files to write.
        stamp: kept in the catalogue (see `planning.catalogues.stamp`); a job by hand needs none.
        no_picture: file to write in place of these if the model takes no picture; where there is
            none, that is an error.
    """

    origin: Origin
    input: InputOptions
    edges: list[int]
    graph: str
    catalogue: str
    stamp: Stamp
    no_picture: NotRequired[str]
