"""The list of operations that may run, against TensorFlow's registry."""

import pytest
import tensorflow.compat.v1 as tf
from tensorflow.python.framework import op_def_registry

from lucid_sprites.models.graph import cut, pure_operations
from lucid_sprites.models.graph.constants import constant_nodes
from lucid_sprites.models.graph.evaluate import evaluate
from tiny_graphs import frozen

_NO_TENSORS = {kind.as_datatype_enum for kind in (tf.resource, tf.variant)}


@pytest.mark.parametrize("name", sorted(pure_operations.FOLDABLE))
def test_what_is_folded_has_no_state_calls_nothing_and_takes_tensors(name):
    definition = op_def_registry.get(name)
    assert definition is not None
    assert not definition.is_stateful
    arguments = [*definition.input_arg, *definition.output_arg]
    assert not any(argument.is_ref or argument.type in _NO_TENSORS for argument in arguments)
    assert not any("func" in attribute.type for attribute in definition.attr)


@pytest.mark.parametrize("name", [
    "ReadFile", "WriteFile", "MatchingFiles", "ImmutableConst", "DebugIdentity", "DebugIdentityV2",
    "DebugNanCount", "DebugNumericSummaryV2", "PyFunc", "PyFuncStateless", "EagerPyFunc", "SaveV2",
    "RestoreV2", "MergeV2Checkpoints", "PrintV2", "Print", "Assert", "Abort", "DecodeProtoV2",
    "EncodeProto", "DecodeJpeg", "LookupTableFindV2", "InitializeTableFromTextFileV2",
    "TensorDataset", "IteratorGetNext", "CollectiveReduceV2", "NcclAllReduce", "XlaLaunch",
    "SendTPUEmbeddingGradients", "WriteSummary", "Timestamp", "PartitionedCall", "StatelessWhile",
    "GenerateVocabRemapping", "VarHandleOp", "SdcaOptimizer", "RunMyCode",
])  # fmt: skip
def test_what_reaches_out_is_not_on_the_list(name):
    assert not pure_operations.is_pure(name)


def test_layers_behind_a_print_are_those_behind_what_it_prints():
    def build():
        x = tf.placeholder(tf.float32, [None], name="x")
        tf.identity(tf.Print(x, [x], name="printed"), name="behind")

    nodes = {node.name: node for node in cut.cut(frozen(build)).node}
    assert nodes["printed"].op == "Identity"
    assert list(nodes["printed"].input) == ["x"]


def test_sizes_are_known_before_anything_is_computed():
    def build():
        filled = tf.fill([1 << 20, 1 << 20], 1.0, name="filled")
        tf.reduce_sum(filled, name="sum")
        tf.identity(2.0 * tf.ones([3]), name="small")

    graph = frozen(build)
    assert {"filled", "sum", "small"} <= constant_nodes(graph)
    found = evaluate(graph, ["sum:0", "small:0"])
    assert list(found.values) == ["small:0"]
    assert found.values["small:0"].tolist() == [2, 2, 2]
    assert found.refused["filled"].startswith("would have 1.1e+12 numbers")
