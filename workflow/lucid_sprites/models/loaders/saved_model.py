"""SavedModel folders of TensorFlow 1 and 2, with or without signatures.

They are read as data: TensorFlow's own loader runs what a model wants to be run when it is loaded.
"""

from pathlib import Path

from google.protobuf.message import DecodeError
from tensorflow.core.framework.graph_pb2 import GraphDef
from tensorflow.core.protobuf.saved_model_pb2 import SavedModel

from lucid_sprites.errors import UserError
from lucid_sprites.models.graph import graph_check, text_form
from lucid_sprites.models.graph.constants import VARIABLES
from lucid_sprites.models.graph.large_constants import Weights, renamed
from lucid_sprites.models.graph.short_names import without_prefix
from lucid_sprites.models.loaders import saved_model_1, saved_model_2
from lucid_sprites.models.loaders.saved_variables import Checkpoint

_BINARY, _TEXT = "saved_model.pb", "saved_model.pbtxt"
_WHOLE = f"a whole SavedModel has {_BINARY} and the folder variables"
_MOST_SCOPES = 100


def load(folder: Path) -> tuple[GraphDef, Weights]:
    """The graph of a SavedModel with its variables as constants, the large ones apart.

    Nothing of it is run: no operation that initializes or restores, no table, no asset.

    Raises:
        UserError: not whole, or without anything to call.
    """
    graphs = _parse(folder).meta_graphs
    if not graphs:
        raise UserError(f"{folder}: a SavedModel without a graph; export it again")
    chosen = next((g for g in graphs if "serve" in g.meta_info_def.tags), graphs[0])
    graph_check.check(chosen.graph_def, str(folder))
    checkpoint = Checkpoint(folder)
    if not checkpoint.is_there and any(n.op in VARIABLES for n in chosen.graph_def.node):
        raise UserError(f"{folder}: {_WHOLE}; here it has variables without their values")
    if len(chosen.object_graph_def.nodes) > 0:
        graph, weights = saved_model_2.load(chosen, checkpoint, str(folder))
    else:
        graph, weights = saved_model_1.load(chosen, checkpoint, str(folder))
    short = _without_common_scopes(graph)
    return short, renamed(weights, graph, short)


def _parse(folder: Path) -> SavedModel:
    path = folder / (_BINARY if (folder / _BINARY).is_file() else _TEXT)
    try:
        if path.name == _TEXT:
            return text_form.parse(path, SavedModel())
        return SavedModel.FromString(path.read_bytes())
    except (OSError, DecodeError) as error:
        raise UserError(f"{path}: cannot be read as a SavedModel; {_WHOLE}") from error


def _without_common_scopes(graph: GraphDef) -> GraphDef:
    """Names without the scopes that all computing nodes lie in."""
    for _ in range(_MOST_SCOPES):
        deep = [n.name for n in graph.node if n.op in ("Conv2D", "DepthwiseConv2dNative", "MatMul")]
        scopes = {name.partition("/")[0] for name in deep}
        if len(scopes) != 1 or any(name.count("/") < 2 for name in deep):
            break
        graph = without_prefix(graph, f"{scopes.pop()}/")
    return graph
