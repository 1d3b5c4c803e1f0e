"""Which value range fits a network whose graph does not tell: it is tried with generated pictures.

Batch norm keeps the mean and the variance of what it has seen in training. Of the ranges that
people use, the one is right under which pictures with the statistics of natural ones bring about
these again. A network without batch norm only tells bytes from small numbers: if it was trained
on bytes, small numbers leave most of it dead, and its answer the same for every picture.
"""

from dataclasses import dataclass, replace

import numpy as np
import tensorflow.compat.v1 as tf
from tensorflow.core.framework.node_def_pb2 import NodeDef

from lucid_sprites import tensorflow_start
from lucid_sprites.models.dead_leaves import dead_leaves
from lucid_sprites.models.graph import constants, forward, prepare, topology
from lucid_sprites.models.graph.large_constants import feed_large_constants
from lucid_sprites.models.graph.shapes import PROBE_EDGE
from lucid_sprites.models.normal_form.normalize import NormalForm
from lucid_sprites.recipe.layer_catalogue import InputSpec
from lucid_sprites.recipe.layer_operations import BATCH_NORMS
from lucid_sprites.recipe.value_ranges import BYTES, Range, ranges_for

# Pictures, and the pixels that they may have together: there are never less than two.
_PICTURES, _PIXELS = 8, 8 * 160 * 160
_LARGEST_EDGE = 320
# Batch norms right behind the picture tell most, and so do the last rectifiers; more only cost.
_MOST_NORMS, _MOST_RECTIFIERS = 5, 8
_FEWEST_CHANNELS = 6
# How much worse the second best range has to fit, and how badly the best may.
_CLEAR, _WORST = 1.6, 4.0
# Those whose units can be off.
_RECTIFIERS = ("Relu", "Relu6")
_ANSWERS = ("Softmax", "Sigmoid")
# Units that fire under bytes and under no small numbers, as a share of all.
_WOKEN = 0.08
# Deviation between the answers to different pictures: none, and what an answer is.
_NO_ANSWER, _ANSWER = 0.01, 0.03


@dataclass(frozen=True)
class _Moments:
    """What a batch norm has seen in training.

    Attributes:
        node: whose output it was.
        mean, variance: [channels].
    """

    node: str
    mean: np.ndarray
    variance: np.ndarray

    def distance(self, values: np.ndarray) -> float:
        """Of values [..., channels] from what was seen: the Kullback-Leibler divergence of normal
        distributions, the median of the channels."""
        axes = tuple(range(values.ndim - 1))
        usable = np.isfinite(self.mean) & np.isfinite(self.variance) & (self.variance > 0)
        mean, seen = values.mean(axes, dtype=np.float64)[usable], self.variance[usable]
        ratio = np.maximum(values.var(axes, dtype=np.float64)[usable] / seen, 1e-12)
        shift = np.square(mean - self.mean[usable]) / seen
        return float(np.median(shift + ratio - 1 - np.log(ratio)) / 2)


def settle_range(normal: NormalForm) -> NormalForm:
    """The same network with the range that fits, if its own is only assumed and one does."""
    picture = normal.picture
    if not picture.is_range_assumed:
        return normal
    best = _best_of_moments(normal) or _bytes_if_woken(normal)
    if best is None:
        return normal
    (low, high), known = best
    told = replace(picture, low=low, high=high, known={**picture.known, "range": known})
    return replace(normal, picture=told)


def _best_of_moments(normal: NormalForm) -> tuple[Range, str] | None:
    """The range that fits the moments of the batch norms, and how clearly."""
    moments = _moments(normal)
    if not moments:
        return None
    layers = list(dict.fromkeys(each.node for each in moments))
    distances: dict[Range, float] = {}
    for range_, outputs in _outputs(normal, layers):
        values = dict(zip(layers, outputs, strict=True))
        mean = np.mean([each.distance(values[each.node]) for each in moments])
        distances[range_] = float(mean) if np.isfinite(mean) else np.inf
    if not distances:
        return None
    ranked = sorted(distances, key=lambda range_: distances[range_])
    best, second = distances[ranked[0]], distances[ranked[1]]
    assumed = normal.picture.low, normal.picture.high
    if best < _WORST and second > _CLEAR * best:
        return ranked[0], "inferred"
    is_as_good = distances.get(assumed, np.inf) < _CLEAR * best
    return None if is_as_good or not np.isfinite(best) else (ranked[0], "assumed")


def _moments(normal: NormalForm) -> list[_Moments]:
    """Of the first batch norms; of those that are written out only if there are no others."""
    graph = normal.light
    nodes, order = topology.by_name(graph), topology.topological_order(graph)
    kept = [found for node in order if (found := _kept_moments(node, nodes))]
    if not kept:
        kept = [found for node in order if (found := _written_out_moments(node, nodes))]
    return [each for each in kept if each.mean.size >= _FEWEST_CHANNELS][:_MOST_NORMS]


def _kept_moments(node: NodeDef, nodes: dict[str, NodeDef]) -> _Moments | None:
    if node.op not in BATCH_NORMS:
        return None
    mean, variance = (constants.value(reference, nodes) for reference in node.input[3:5])
    if mean is None or variance is None:
        return None
    return _Moments(topology.node_name(node.input[0]), mean.ravel(), variance.ravel())


def _written_out_moments(node: NodeDef, nodes: dict[str, NodeDef]) -> _Moments | None:
    """As far as scale and shift tell: as if its own scale and offset were 1 and 0."""
    match = prepare.affine(node, nodes)
    if match is None:
        return None
    convolution, _, scale, shift = match
    with np.errstate(divide="ignore", invalid="ignore"):
        return _Moments(convolution.name, -shift / scale, np.square(1 / scale))


def _bytes_if_woken(normal: NormalForm) -> tuple[Range, str] | None:
    """Bytes, if only they wake the network and make it answer."""
    order = topology.topological_order(normal.light)
    rectifiers = [node.name for node in order if node.op in _RECTIFIERS][-_MOST_RECTIFIERS:]
    answers = [node.name for node in order if node.op in _ANSWERS][-1:]
    if not rectifiers or not answers:
        return None
    living: dict[Range, float] = {}
    spread: dict[Range, float] = {}
    for range_, (*layers, answer) in _outputs(normal, [*rectifiers, *answers]):
        living[range_] = float(np.mean([_living(values) for values in layers]))
        spread[range_] = float(answer.std(0).mean())
    small = [range_ for range_ in living if max(map(abs, range_)) <= 1]
    if not small:
        return None
    woken = living[BYTES] - max(living[range_] for range_ in small) > _WOKEN
    mute = max(spread[range_] for range_ in small) < _NO_ANSWER
    return (BYTES, "inferred") if woken and mute and spread[BYTES] > _ANSWER else None


def _living(values: np.ndarray) -> float:
    """The share of a layer's units that fire for any picture."""
    return float((values > 0).any(tuple(range(values.ndim - 1))).mean())


def _outputs(normal: NormalForm, layers: list[str]) -> list[tuple[Range, list[np.ndarray]]]:
    """What layers give for generated pictures in each range; nothing if they cannot be tried."""
    picture = normal.picture
    height, width = picture.height or PROBE_EDGE, picture.width or PROBE_EDGE
    if max(height, width) > _LARGEST_EDGE:
        return []
    count = min(_PICTURES, max(2, _PIXELS // (height * width)))
    pictures = dead_leaves(count, height, width, picture.channels)
    part = prepare.prune(normal.light, picture.name, *layers)
    # As constants of the graph, large weights would be copied several times.
    part, weights = feed_large_constants(part, normal.weights)
    try:
        with tf.Graph().as_default():
            shown = tf.placeholder(tf.float32, pictures.shape)
            tensors = forward.layer_tensors(part, picture.name, layers, shown)
            with tf.Session(config=tensorflow_start.session_config()) as session:
                return [
                    (
                        each,
                        session.run(tensors, {shown: _ranged(picture, each, pictures), **weights}),
                    )
                    for each in ranges_for(picture.channels)
                ]
    except (tf.errors.OpError, ValueError):
        # Other sizes may do; what the network takes is found out later.
        return []


def _ranged(picture: InputSpec, range_: Range, pictures: np.ndarray) -> np.ndarray:
    low, high = range_
    return replace(picture, low=low, high=high).in_range(pictures)
