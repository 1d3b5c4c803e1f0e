"""The optimization of many sprites of one layer, in waves that start together."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

import numpy as np
from tensorflow.core.framework.graph_pb2 import GraphDef

from lucid_sprites.config.settings import Recipe, canonical_json
from lucid_sprites.engine import draws, gradients, problems
from lucid_sprites.engine.program import Program, State
from lucid_sprites.models.picture_input import PictureInput

# Transforms are drawn for this many steps at once: cheap to draw, small to hold.
_STEPS_DRAWN = 64
# A loss in so many goes into the record's curve.
CURVE_EVERY = 8
_NOISE_PICTURES = 32


@dataclass(frozen=True)
class Checkpoint:
    """Where a sprite's optimization can be taken up again.

    Attributes:
        step: updates done.
        state: parameters and optimizer.
        watch: memory of the loss watch.
    """

    step: int
    state: State
    watch: dict[str, Any]


@dataclass(frozen=True)
class Task:
    """One attempt at one sprite: from a checkpoint, or from the start, to the last threshold.

    Attributes:
        index: channel of the layer.
        recipe: how it is optimized.
        thresholds: numbers of updates after which the picture is kept, rising.
        checkpoint: before the first threshold, or None.
    """

    index: int
    recipe: Recipe
    thresholds: tuple[int, ...]
    checkpoint: Checkpoint | None = None

    @property
    def first_step(self) -> int:
        """Updates that need not be done again."""
        return self.checkpoint.step if self.checkpoint else 0


@dataclass
class Outcome:
    """What became of a task.

    Attributes:
        status: `problems.OK`, or why the attempt ended early.
        step: updates done in all.
        loss: objective in the last update.
        pictures: float32 [edge, edge, channels] in 0..1 for each threshold reached.
        losses: objective at each threshold reached.
        curve: objective at every `CURVE_EVERY`th step of this run, by step.
        checkpoint: at the last threshold, None if that was not reached.
    """

    task: Task
    status: str = problems.OK
    step: int = 0
    loss: float = 0.0
    pictures: dict[int, np.ndarray] = field(default_factory=dict)
    losses: dict[int, float] = field(default_factory=dict)
    curve: dict[int, float] = field(default_factory=dict)
    checkpoint: Checkpoint | None = None


def optimize(
    network: GraphDef,
    picture: PictureInput,
    layer: str,
    tasks: Iterable[Task],
    batch: int,
    progress: Callable[[int], object],
) -> Iterator[Outcome]:
    """Run all tasks, in batches of sprites that are at the same step of the same recipe.

    The pictures of a task do not depend on the other tasks, nor on `batch` (see `Program`).

    Args:
        network: prepared for `layer`.
        progress: called with the number of sprites that have advanced by a step.

    Yields:
        outcomes, a batch at a time, as soon as it is done.
    """
    for _, group in groupby(sorted(tasks, key=_program_key), key=_program_key):
        alike = list(group)
        with Program(network, picture, layer, alike[0].recipe, batch) as program:
            constant = problems.constant_channels(*program.channel_extremes(_noise(program)))
            living = [task for task in alike if not constant[task.index]]
            yield from (_dead(task) for task in alike if constant[task.index])
            for start in sorted({task.first_step for task in living}):
                together = [task for task in living if task.first_step == start]
                for i in range(0, len(together), batch):
                    yield from _wave(program, together[i : i + batch], progress)


def _program_key(task: Task) -> str:
    """Equal for tasks that one program can advance."""
    return canonical_json({**task.recipe.as_dict(), "seed": None, "attempt": None})


def _dead(task: Task) -> Outcome:
    return Outcome(task, problems.CONSTANT)


def _noise(program: Program) -> np.ndarray:
    """Pictures of coloured squares of 1 to 16 pixels, from no contrast to full contrast."""
    shape = program.picture_shape
    pictures = []
    for number in range(_NOISE_PICTURES):
        square = 2 ** (number % 5)
        noise = draws.shared_uniform(number, 1, int(np.prod(shape))).reshape(shape)
        coarse = noise[::square, ::square].repeat(square, axis=0).repeat(square, axis=1)
        contrast = (number + 1) / _NOISE_PICTURES
        pictures.append(0.5 + contrast * (coarse[: shape[0], : shape[1]] - 0.5))
    return np.array(pictures, np.float32)


def _wave(program: Program, tasks: list[Task], progress: Callable[[int], object]) -> list[Outcome]:
    """Advance tasks that start at the same step until each is done or has failed."""
    first_step = tasks[0].first_step
    program.load([_start(program, task) for task in tasks], [task.index for task in tasks])
    outcomes = [Outcome(task, step=first_step) for task in tasks]
    watches = [_watch(task) for task in tasks]
    running = set(range(len(tasks)))
    for step, canvas in _steps(program, tasks, first_step):
        losses = program.advance(step, canvas)
        progress(len(running))
        _note_losses(outcomes, watches, running, losses)
        if step + 1 == gradients.REDIRECTED_STEPS:
            _drop_without_gradient(outcomes, running, program.has_gradient())
        _keep_pictures(program, outcomes, running)
        _finish(program, outcomes, watches, running)
        if not running:
            break
    return outcomes


def _start(program: Program, task: Task) -> State:
    if task.checkpoint:
        return task.checkpoint.state
    key = task.recipe.seed, task.recipe.attempt, task.index
    return program.fresh(draws.start_noise(*key, program.parameter_shape))


def _watch(task: Task) -> problems.LossWatch:
    memory = task.checkpoint.watch if task.checkpoint else None
    return problems.LossWatch(task.recipe.loss_crisis, memory)


def _steps(
    program: Program, tasks: list[Task], first_step: int
) -> Iterator[tuple[int, tuple[np.ndarray, ...] | None]]:
    """Each step's number and canvas."""
    keys = [(task.recipe.seed, task.recipe.attempt, task.index) for task in tasks]
    last = max(task.thresholds[-1] for task in tasks)
    for start in range(first_step, last, _STEPS_DRAWN):
        count = min(_STEPS_DRAWN, last - start)
        drawn = program.canvases(keys, start, count)
        for i in range(count):
            canvas = (drawn.forward[i], drawn.inverse[i], drawn.sizes[i]) if drawn else None
            yield start + i, canvas


def _note_losses(
    outcomes: list[Outcome],
    watches: list[problems.LossWatch],
    running: set[int],
    losses: np.ndarray,
) -> None:
    for slot in sorted(running):
        outcome = outcomes[slot]
        outcome.step += 1
        outcome.loss = float(losses[slot])
        if outcome.step % CURVE_EVERY == 0:
            outcome.curve[outcome.step] = outcome.loss
        # While gradients are redirected a loss may well stay at zero before it takes off.
        if outcome.step > gradients.REDIRECTED_STEPS or not np.isfinite(outcome.loss):
            outcome.status = watches[slot].status(outcome.loss)
            if outcome.status != problems.OK:
                running.discard(slot)


def _drop_without_gradient(
    outcomes: list[Outcome], running: set[int], has_gradient: np.ndarray
) -> None:
    for slot in sorted(running):
        if not has_gradient[slot]:
            outcomes[slot].status = problems.NO_GRADIENT
            running.discard(slot)


def _keep_pictures(program: Program, outcomes: list[Outcome], running: set[int]) -> None:
    due = [
        slot for slot in sorted(running) if outcomes[slot].step in outcomes[slot].task.thresholds
    ]
    if not due:
        return
    pictures = program.pictures()
    for slot in due:
        outcome = outcomes[slot]
        if np.isfinite(pictures[slot]).all():
            outcome.pictures[outcome.step] = pictures[slot]
            outcome.losses[outcome.step] = outcome.loss
        else:
            outcome.status = problems.NOT_FINITE
            running.discard(slot)


def _finish(
    program: Program,
    outcomes: list[Outcome],
    watches: list[problems.LossWatch],
    running: set[int],
) -> None:
    done = [
        slot
        for slot in sorted(running)
        if outcomes[slot].step == outcomes[slot].task.thresholds[-1]
    ]
    if not done:
        return
    states = program.states()
    for slot in done:
        memory = watches[slot].memory()
        outcomes[slot].checkpoint = Checkpoint(outcomes[slot].step, states[slot], memory)
        running.discard(slot)
