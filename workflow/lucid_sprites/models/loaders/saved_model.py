"""SavedModel folders of TensorFlow 1 and 2, with or without signatures."""

from pathlib import Path
from typing import Any

import tensorflow as tf
from google.protobuf.message import DecodeError
from tensorflow.core.framework.graph_pb2 import GraphDef
from tensorflow.core.protobuf.meta_graph_pb2 import MetaGraphDef
from tensorflow.python.saved_model.loader_impl import parse_saved_model

from lucid_sprites import tensorflow_start
from lucid_sprites.errors import UserError
from lucid_sprites.models import topology
from lucid_sprites.models.names import without_prefix
from lucid_sprites.models.normal_form.functions import freeze

_DEFAULT_SIGNATURE = "serving_default"


def load(folder: Path) -> GraphDef:
    """The graph of a SavedModel with its variables as constants.

    Raises:
        UserError: not whole, or without anything to call.
    """
    try:
        graphs = parse_saved_model(str(folder)).meta_graphs
        if not graphs:
            raise UserError(f"{folder}: a SavedModel without a graph; export it again")
        chosen = next((g for g in graphs if "serve" in g.meta_info_def.tags), graphs[0])
        is_new = len(chosen.object_graph_def.nodes) > 0
        graph = _load_2(folder, chosen) if is_new else _load_1(folder, chosen)
    except (OSError, DecodeError, ValueError, KeyError, tf.errors.OpError) as error:
        raise UserError(
            f"{folder}: cannot be loaded as a SavedModel: {_brief(error)}; "
            "a whole one has saved_model.pb and the folder variables"
        ) from error
    return _without_common_scopes(graph)


def _load_2(folder: Path, graph: MetaGraphDef) -> GraphDef:
    loaded = tf.saved_model.load(str(folder), tags=list(graph.meta_info_def.tags))
    return freeze(_function(loaded, folder))


def _function(loaded: Any, folder: Path) -> Any:
    """What the model computes: its signature, or else the function that calling it runs."""
    signatures = dict(loaded.signatures)
    if signatures:
        return signatures.get(_DEFAULT_SIGNATURE) or signatures[sorted(signatures)[0]]
    for name in ("__call__", "call"):
        functions = getattr(getattr(loaded, name, None), "concrete_functions", None)
        if functions:
            # Keras saves one for training, too; that for inference has less in it.
            return min(functions, key=lambda function: len(function.graph.get_operations()))
    raise UserError(
        f"{folder}: a SavedModel without a signature or function to call; export it with one"
    )


def _load_1(folder: Path, graph: MetaGraphDef) -> GraphDef:
    v1 = tf.compat.v1
    with v1.Graph().as_default(), v1.Session(config=tensorflow_start.session_config()) as session:
        v1.saved_model.loader.load(session, list(graph.meta_info_def.tags), str(folder))
        return v1.graph_util.convert_variables_to_constants(
            session, session.graph.as_graph_def(), _outputs(graph)
        )


def _outputs(graph: MetaGraphDef) -> list[str]:
    """Nodes that the signatures give; without any, what nothing else reads."""
    tensors = [
        tensor.name for signature in graph.signature_def.values()
        for tensor in signature.outputs.values()
    ]  # fmt: skip
    if tensors:
        return sorted({topology.node_name(name) for name in tensors})
    # The saver's own nodes are ends, too.
    nodes = [node for node in graph.graph_def.node if not node.name.startswith("save")]
    read = {topology.node_name(ref) for node in nodes for ref in node.input}
    ends = ("NoOp", "Const", "Assign", "AssignVariableOp", "VarIsInitializedOp")
    return [n.name for n in nodes if n.name not in read and n.op not in ends]


def _brief(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:300]


def _without_common_scopes(graph: GraphDef) -> GraphDef:
    """Names without the scopes that all computing nodes lie in."""
    while True:
        deep = [n.name for n in graph.node if n.op in ("Conv2D", "DepthwiseConv2dNative", "MatMul")]
        scopes = {name.partition("/")[0] for name in deep}
        if len(scopes) != 1 or any(name.count("/") < 2 for name in deep):
            return graph
        graph = without_prefix(graph, f"{scopes.pop()}/")
