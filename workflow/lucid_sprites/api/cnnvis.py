"""The Python functions that users of tf_cnnvis know, on the methods of this package.

They take a graph as it is, feed what they are given, write pictures and event files, and return
True; what fails raises an exception that says so.
"""

import warnings
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, TypeAlias, cast

import numpy as np
import tensorflow.compat.v1 as tf
from google.protobuf.message import DecodeError
from PIL import Image
from tensorflow.core.framework.graph_pb2 import GraphDef
from tensorflow.core.framework.node_def_pb2 import NodeDef

from lucid_sprites import tensorflow_start
from lucid_sprites.closing import Closing
from lucid_sprites.errors import UserError, nearest
from lucid_sprites.files import write_whole
from lucid_sprites.images import backprop_rules, panels
from lucid_sprites.models.graph import topology
from lucid_sprites.models.graph.forward import activations
from lucid_sprites.models.loaders import frozen_graph
from lucid_sprites.recipe import layer_operations
from lucid_sprites.recipe.image_settings import (
    DEFAULTS,
    DREAM,
    KINDS,
    METHODS,
    SHORT,
    ImageSettings,
)
from lucid_sprites.recipe.layer_catalogue import InputSpec
from lucid_sprites.sprites import png
from lucid_sprites.tensorboard.event_file import EventFile

GraphLike: TypeAlias = str | Path | tf.Graph | tf.Session | GraphDef
"""A frozen graph or a path to one; or a graph with variables, which have the values of the session
that is given or active, of the checkpoint (a path that ends in `.meta`), or else their first ones.
"""

Feed = Mapping[Any, Any]
"""Values of placeholders, by tensor or name."""

_KNOWN = {"layers", "methods", *METHODS["activations"].settings, *METHODS[DREAM].settings}
_GRID = cast(
    ImageSettings,
    {key: value for key, value in {**DEFAULTS, "normalize": "map"}.items() if key in _KNOWN},
)


def activation_visualization(
    graph_or_path: GraphLike,
    value_feed_dict: Feed,
    input_tensor: Any = None,
    layers: str | list[str] = "r",
    path_logdir: str = "./Log",
    path_outdir: str = "./Output",
    **settings: Any,
) -> bool:
    """Write the feature maps of layers, a grid for each layer and each picture fed.

    Args:
        graph_or_path: see `GraphLike`.
        value_feed_dict: of all placeholders; the pictures' is [n, height, width, channels].
        input_tensor: the tensor of the pictures: a placeholder, needed if more than one is fed rank
            4, or what the graph makes of those that are fed, such as a reshaped one.
        layers: `r` (rectifiers), `p` (pooling), `c` (convolutions), a name, a glob, or a list.
        path_logdir: folder of the TensorBoard event file.
        path_outdir: folder of the pictures: `<layer>/activations_<n>.png`.
        settings: `maps` (a number for the strongest), `normalize` (`map`, `layer`, `contrast`),
            `padding`.

    Raises:
        UserError: a graph, feed or layer that does not fit.
    """
    graph, name, values = _fed(graph_or_path, value_feed_dict, input_tensor)
    names = _layers(graph, name, layers)
    image_settings = _settings(settings)
    with _Output(path_outdir, path_logdir) as output:
        for number, value in enumerate(values):
            for layer, maps in zip(names, activations(graph, name, names, value), strict=True):
                output.add(
                    layer, f"activations_{number}", panels.activation_grid(maps, image_settings)
                )
    return True


def deconv_visualization(
    graph_or_path: GraphLike,
    value_feed_dict: Feed,
    input_tensor: Any = None,
    layers: str | list[str] = "r",
    path_logdir: str = "./Log",
    path_outdir: str = "./Output",
    method: str = "deconvolution",
    **settings: Any,
) -> bool:
    """Write each picture as the feature maps of layers see it, a grid for each layer and picture.

    Args:
        method: `deconvolution` (Zeiler & Fergus 2013), `guided_backpropagation` (what tf_cnnvis
            shows under the name of deconvolution) or `gradient`; with `_strongest` behind it for
            the strongest activation of each map alone.

    The other arguments, and what is raised, are those of `activation_visualization`; the pictures
    are `<layer>/<method>_<n>.png`.
    """
    if method.removesuffix("_strongest") not in backprop_rules.METHODS:
        raise UserError(f"no method {method!r}; there are {', '.join(backprop_rules.METHODS)}")
    graph, name, values = _fed(graph_or_path, value_feed_dict, input_tensor)
    names = _layers(graph, name, layers)
    image_settings = _settings(settings)
    with _Output(path_outdir, path_logdir) as output:
        for layer in names:
            for number, value in enumerate(values):
                view = panels.reconstruction_grid(graph, name, layer, method, value, image_settings)
                output.add(layer, f"{method}_{number}", view)
    return True


def deepdream_visualization(
    graph_or_path: GraphLike,
    value_feed_dict: Feed,
    layer: str | list[str],
    classes: Iterable[int],
    input_tensor: Any = None,
    path_logdir: str = "./Log",
    path_outdir: str = "./Output",
    value_range: tuple[float, float] = (0.0, 255.0),
    **settings: Any,
) -> bool:
    """Write dreams of feature maps of a layer.

    Args:
        layer: a name, a glob, or a list.
        classes: their feature maps.
        value_range: what the network is fed for black and for white.
        settings: `octaves`, `octave_scale`, `iterations`, `step`, `levels`, `denoise`, `seed`,
            `size` (longest edge in pixels), `start` (`noise`, or `picture` for the first one fed).

    The other arguments, and what is raised, are those of `activation_visualization`; the pictures
    are `<layer>/deepdream_<class>.png`.
    """
    graph, name, values = _fed(graph_or_path, value_feed_dict, input_tensor)
    names = _layers(graph, name, layer)
    low, high = value_range
    height, width, channels = values.shape[1:]
    picture = InputSpec(
        name=name, height=height, width=width, channels=channels, low=low, high=high, known={}
    )
    image_settings = _settings({**settings, "channels": list(classes)})
    levels = np.clip((values[0] - low) / (high - low) * 255, 0, 255).astype(np.uint8)
    image = Image.fromarray(levels[..., 0] if levels.shape[-1] == 1 else levels)
    with _Output(path_outdir, path_logdir) as output:
        for layer_name in names:
            for channel, view in panels.dreams(graph, picture, layer_name, image, image_settings):
                output.add(layer_name, f"deepdream_{channel}", view)
    return True


class _Output(Closing):
    """Pictures in folders by layer, and an event file."""

    def __init__(self, folder: str, log: str) -> None:
        self._folder = Path(folder)
        self._events = EventFile(log)

    def close(self) -> None:
        self._events.close()

    def add(self, layer: str, name: str, view: panels.Panel) -> None:
        levels, record = view
        content = png.encode_levels(levels, {"layer": layer, **record})
        write_whole(self._folder / layer.replace("/", "_") / f"{name}.png", content)
        self._events.image(f"{name}/{layer}", content)


def _settings(given: Mapping[str, Any]) -> ImageSettings:
    unknown = [key for key in given if key not in _GRID]
    if unknown:
        raise UserError(f"no setting {unknown[0]!r}; there are {', '.join(sorted(_GRID))}")
    return cast(ImageSettings, {**_GRID, **given})


def _fed(graph: GraphLike, feed: Feed, picture: Any) -> tuple[GraphDef, str, np.ndarray]:
    """The graph with all fed values but the pictures' as constants; their node; the pictures."""
    values = {_name(key): np.asarray(value) for key, value in feed.items()}
    rank_4 = [key for key, value in values.items() if value.ndim == 4]
    name = _name(picture) if picture is not None else rank_4[0] if len(rank_4) == 1 else None
    frozen = _graph_def(graph)
    nodes = topology.by_name(frozen)
    missing = [key for key in [*values, *([name] if name else [])] if key not in nodes]
    if missing:
        raise UserError(
            f"the graph has no node {missing[0]!r}; nearest: {nearest(missing[0], list(nodes))}"
        )
    for key, value in values.items():
        if key != name:
            _make_constant(nodes[key], value)
    if name and name not in values:
        values[name] = _computed(frozen, name)
        _make_placeholder(nodes[name])
    if name is None or values[name].ndim != 4:
        raise UserError(
            f"which tensor are the pictures, [n, height, width, channels]? Fed are "
            f"{', '.join(f'{key} {value.shape}' for key, value in values.items()) or 'none'}; "
            "name one as input_tensor, or the one that the graph makes of them"
        )
    return frozen, name, values[name].astype(np.float32)


def _name(tensor: Any) -> str:
    return topology.node_name(tensor if isinstance(tensor, str) else tensor.name)


def _computed(graph: GraphDef, name: str) -> np.ndarray:
    """What a node gives where all that is fed is constant."""
    with tf.Graph().as_default():
        needed = tf.graph_util.extract_sub_graph(graph, [name])
        (tensor,) = tf.import_graph_def(needed, return_elements=[f"{name}:0"], name="")
        with tf.Session(config=tensorflow_start.session_config()) as session:
            try:
                value: np.ndarray = session.run(tensor)
            except tf.errors.OpError as error:
                raise UserError(
                    f"input_tensor {name!r} cannot be computed from what is fed: {error.message}"
                ) from error
    return value


def _make_placeholder(node: Any) -> None:
    kind = node.attr["T"].type or node.attr["dtype"].type
    node.op = "Placeholder"
    del node.input[:]
    node.attr.clear()
    node.attr["dtype"].type = kind
    node.attr["shape"].shape.unknown_rank = True


def _graph_def(graph: GraphLike) -> GraphDef:
    if isinstance(graph, str | Path):
        return (
            _of_checkpoint(str(graph)) if str(graph).endswith(".meta") else frozen_graph.read(graph)
        )
    if isinstance(graph, GraphDef):
        return GraphDef.FromString(graph.SerializeToString())
    return _of_graph(graph) if isinstance(graph, tf.Graph) else _with_values(graph)


def _of_graph(graph: tf.Graph) -> GraphDef:
    """A graph with the values that its variables have in the active session, or at first."""
    with graph.as_default():
        variables = tf.global_variables()
        active = tf.get_default_session()
        if not variables:
            return graph.as_graph_def()
        if active is not None and active.graph is graph:
            return _with_values(active)
        warnings.warn(
            "the variables of the graph have their initial values here; pass the session in the "
            "place of the graph if they were trained in one",
            stacklevel=5,
        )
        with tf.Session(graph=graph, config=tensorflow_start.session_config()) as session:
            # Not by an operation of its own: the graph stays as it is.
            for variable in variables:
                session.run(variable.initializer)
            return _with_values(session)


def _of_checkpoint(meta: str) -> GraphDef:
    """The graph of a `.meta` file, with the values in the checkpoint beside it."""
    with tf.Graph().as_default(), tf.Session(config=tensorflow_start.session_config()) as session:
        try:
            tf.train.import_meta_graph(meta, clear_devices=True)
            values = tf.train.load_checkpoint(meta.removesuffix(".meta"))
            for variable in tf.global_variables():
                variable.load(values.get_tensor(variable.op.name), session)
        except (OSError, ValueError, KeyError, tf.errors.OpError, DecodeError) as error:
            raise UserError(
                f"{meta}: not a graph with its checkpoint (.index, .data) beside it: {error}"
            ) from error
        return _with_values(session)


def _with_values(session: tf.Session) -> GraphDef:
    definition = session.graph.as_graph_def()
    outputs = [node.name for node in definition.node]
    return tf.graph_util.convert_variables_to_constants(session, definition, outputs)


def _make_constant(node: Any, value: np.ndarray) -> None:
    kind = tf.as_dtype(node.attr["dtype"].type)
    constant = tf.make_tensor_proto(value, dtype=kind)
    node.op = "Const"
    del node.input[:]
    node.attr.clear()
    node.attr["value"].tensor.CopyFrom(constant)
    node.attr["dtype"].type = kind.as_datatype_enum


def _is_asked_for(node: NodeDef, item: str) -> bool:
    """Whether a node is of the kind, or has the name, that a layer is asked for by."""
    is_of_kind = KINDS.get(SHORT.get(item, item))
    if is_of_kind is None:
        return _fits(node.name, item)
    return is_of_kind(layer_operations.KINDS.get(node.op, ""), node.op)


def _layers(graph: GraphDef, picture: str, wanted: str | list[str]) -> list[str]:
    """Names of the layers that kinds, names and globs stand for, in the order of the graph."""
    reached = topology.descendants(graph, picture) - {picture}
    nodes = [node for node in topology.topological_order(graph) if node.name in reached]
    chosen: set[str] = set()
    for item in [wanted] if isinstance(wanted, str) else wanted:
        fitting = [node.name for node in nodes if _is_asked_for(node, item)]
        if not fitting:
            names = [node.name for node in nodes]
            raise UserError(
                f"no layer {item!r} behind {picture!r}; nearest: {nearest(item, names)}"
            )
        chosen.update(fitting)
    return [node.name for node in nodes if node.name in chosen]


def _fits(name: str, wanted: str) -> bool:
    return name == topology.node_name(wanted) or fnmatchcase(name, wanted)
