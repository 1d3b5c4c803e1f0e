"""The reference engine: lucid's own optimization, one sprite at a time.

Slow, and what every other engine is measured against. Transforms, parametrization, objective,
optimizer and ReLU gradients are lucid's; only the random seeds, the exact number of updates and the
detection of problems are this package's.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from lucid_sprites import lucid_compat, tensorflow_start  # isort: skip

from lucid.modelzoo.vision_base import Model
from lucid.optvis import objectives, param, transform
from lucid.optvis import render as lucid_render
from tensorflow.core.framework.graph_pb2 import GraphDef

from lucid_sprites.engine.task import Outcome, Task, stuck_loss_detector
from lucid_sprites.recipe import transform_lists
from lucid_sprites.recipe.layer_catalogue import InputSpec
from lucid_sprites.recipe.settings import Recipe

tf = lucid_compat.tf

_TRANSFORMS: dict[str, Callable[..., Callable[..., Any]]] = {
    "pad": lambda pixels: transform.pad(pixels, mode="constant", constant_value=0.5),
    "jitter": transform.jitter,
    "scale": transform.random_scale,
    "rotate": transform.random_rotate,
    "crop_or_pad": lambda size: transform.crop_or_pad_to(*size),
    "normalize_gradient": lambda length: transform.normalize_gradient([length]),
}


def render(
    network: GraphDef,
    picture: InputSpec,
    layer: str,
    task: Task,
    progress: Callable[[int], object],
) -> Outcome:
    """Optimize one sprite with lucid's `make_vis_T`, always from the start.

    Args:
        network: prepared for `layer`.
        progress: called with 1 for each step.
    """
    outcome, watch = Outcome(task), stuck_loss_detector(task)
    seed = _seed(task)
    with (
        tf.Graph().as_default(),
        tf.Session(config=tensorflow_start.session_config()) as session,
    ):
        # The start comes from numpy, the transforms from the graph's seed.
        np.random.seed(seed)
        tf.set_random_seed(seed)
        vis = lucid_render.make_vis_T(
            _model(network, picture),
            objectives.channel(layer, task.index),
            _parametrization(task.recipe, picture),
            tf.train.AdamOptimizer(task.recipe.learning_rate),
            _transforms(task.recipe),
            relu_gradient_override=True,
        )
        tf.global_variables_initializer().run()
        for _ in range(task.thresholds[-1]):
            loss, _ = session.run([vis("loss"), vis("vis_op")])
            progress(1)
            if not outcome.note(float(loss), watch):
                break
            if outcome.due and not outcome.keep(session.run(vis("input"))[0]):
                break
    return outcome


def _seed(task: Task) -> int:
    """One 32-bit number for what keys the randomness of a sprite."""
    keys = task.recipe.seed, task.recipe.attempt, task.index
    return int(np.random.SeedSequence(keys).generate_state(1)[0])


def _model(network: GraphDef, picture: InputSpec) -> Model:
    model = Model()
    model._graph_def = network
    model.input_name = picture.name
    model.image_shape = [None, None, picture.channels]
    model.image_value_range = (picture.low, picture.high)
    return model


def _parametrization(recipe: Recipe, picture: InputSpec) -> Callable[[], Any]:
    channels = None if picture.channels == 3 else picture.channels
    return lambda: param.image(
        recipe.scale,
        fft=recipe.parametrization == "fft",
        decorrelate=recipe.decorrelate,
        channels=channels,
    )


def _transforms(recipe: Recipe) -> list[Callable[..., Any]]:
    """A list: lucid takes anything else, an empty tuple included, for its standard set."""
    return [
        _TRANSFORMS[name](value)
        for item in transform_lists.steps(recipe.transforms)
        for name, value in item.items()
    ]
