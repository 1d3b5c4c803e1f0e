"""lucid 0.3.10 as its users run it: one neuron after another, with its default threads.

The functions run in a process of their own that stays; lucid is imported inside them.
"""

import functools
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from cases import STEPS
from engine_worker import peak_megabytes

# Before anything is timed: the first steps of a process start its threads.
_WARM_UP_STEPS = 3


@dataclass(frozen=True)
class LucidSample:
    """What one neuron took.

    Attributes:
        seconds: from the loaded graph to the picture, for `STEPS` updates.
        measured_seconds: for the updates really done.
        build_seconds: building the graph, to the end of the first update.
        step_seconds: of each further update.
        peak_megabytes: largest resident memory of the process so far.
    """

    seconds: float
    measured_seconds: float
    build_seconds: float
    step_seconds: float
    peak_megabytes: float


class _Stopwatch:
    """`thresholds` for render_vis, which asks after every update whether it is one of them."""

    def __init__(self, thresholds: list[int]) -> None:
        # lucid counts its updates from 0.
        self._last_updates = [threshold - 1 for threshold in thresholds]
        self.moments: list[float] = []

    def __iter__(self) -> Iterator[int]:
        return iter(self._last_updates)

    def __contains__(self, update: int) -> bool:
        self.moments.append(time.perf_counter())
        return update in self._last_updates


def start(graph: str, picture: dict[str, Any], layer: str, scale: int) -> None:
    """Import lucid, load the graph, and render a few steps."""
    render(graph, picture, layer, 0, scale, [_WARM_UP_STEPS])


def render(
    graph: str, picture: dict[str, Any], layer: str, index: int, scale: int, thresholds: list[int]
) -> LucidSample:
    """Render one neuron with lucid's standard transforms.

    Args:
        picture: the graph's picture input, as the catalogue has it.
        thresholds: numbers of updates after which the picture is kept, rising.
    """
    model = _model(graph, picture["name"], picture["low"], picture["high"])
    render_vis, objectives, param = _lucid()
    watch = _Stopwatch(thresholds)
    start = time.perf_counter()
    render_vis(
        model,
        objectives.channel(layer, index),
        param_f=lambda: param.image(scale),
        thresholds=watch,
        verbose=False,
    )
    seconds = time.perf_counter() - start
    first, last, steps = watch.moments[0], watch.moments[-1], thresholds[-1]
    step_seconds = (last - first) / (steps - 1)
    return LucidSample(
        seconds=seconds + (STEPS - steps) * step_seconds,
        measured_seconds=seconds,
        build_seconds=first - start,
        step_seconds=step_seconds,
        peak_megabytes=peak_megabytes(),
    )


@functools.cache
def _lucid() -> tuple[Callable[..., Any], Any, Any]:
    from lucid_sprites import tensorflow_start

    tensorflow_start.block_keras()
    tensorflow_start.import_quietly()
    from lucid_sprites import lucid_compat  # noqa: F401, I001
    from lucid.optvis import objectives, param, render

    return render.render_vis, objectives, param


@functools.cache
def _model(graph: str, input_name: str, low: float, high: float) -> Any:
    """A lucid model of a frozen graph, loaded once."""
    _lucid()
    from lucid.modelzoo.vision_base import Model

    from lucid_sprites.models.loaders import frozen_graph

    class FrozenGraph(Model):
        _graph_def = frozen_graph.read(graph)
        image_shape = (None, None, 3)
        image_value_range = (low, high)

    FrozenGraph.input_name = input_name
    return FrozenGraph()
