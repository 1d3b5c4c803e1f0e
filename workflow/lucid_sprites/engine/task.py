"""One attempt at one sprite: what is to be done, and what became of it."""

import math
from dataclasses import dataclass, field

import numpy as np

from lucid_sprites.engine.relu_gradients import REDIRECTED_STEPS
from lucid_sprites.engine.state import State
from lucid_sprites.engine.status import LossMemory, StuckLossDetector
from lucid_sprites.recipe import statuses
from lucid_sprites.recipe.objectives.arithmetic import ObjectiveData
from lucid_sprites.recipe.settings import Recipe

# A loss in so many goes into the record's curve.
CURVE_EVERY = 8


@dataclass(frozen=True)
class Checkpoint:
    """Where a sprite's optimization can be taken up again.

    Attributes:
        step: updates done.
        state: parameters and optimizer.
        watch: memory of the stuck-loss detector.
    """

    step: int
    state: State
    watch: LossMemory | None


@dataclass(frozen=True)
class Task:
    """One attempt at one sprite: from a checkpoint, or from the start, to the last threshold.

    Attributes:
        index: channel of the layer, or number of the cell of a study.
        recipe: how it is optimized.
        thresholds: numbers of updates after which the picture is kept, rising.
        checkpoint: before the first threshold, or None.
        objective: data of an objective; None for the channel `index` of the layer.
        stream: keys the randomness in the place of `index`, where sprites are to be alike.
        group_size: sprites of its joint group, this one included, 0 for a sprite by itself.
    """

    index: int
    recipe: Recipe
    thresholds: tuple[int, ...]
    checkpoint: Checkpoint | None = None
    objective: ObjectiveData | None = None
    stream: int | None = None
    group_size: int = 0

    @property
    def key(self) -> tuple[int, int, int]:
        """What all randomness of the sprite is drawn by."""
        stream = self.index if self.stream is None else self.stream
        return self.recipe.seed, self.recipe.attempt, stream

    def objective_on(self, layer: str) -> ObjectiveData:
        """Data of its objective; `layer` is what `index` counts where it has none of its own."""
        channel = {"objective": "channel", "layer": layer, "n_channel": self.index}
        return self.objective or channel

    @property
    def first_step(self) -> int:
        """Updates that need not be done again."""
        return self.checkpoint.step if self.checkpoint else 0


@dataclass
class Outcome:
    """What became of a task.

    Attributes:
        status: `statuses.OK`, or why the attempt ended early.
        reason: in words, of an objective that the network refuses.
        step: updates done in all.
        loss: objective in the last update.
        pictures: float32 [edge, edge, channels] in 0..1 for each threshold reached.
        silent: thresholds at which the unit did not fire.
        losses: objective at each threshold reached.
        curve: objective at every `CURVE_EVERY`th step of this run, by step.
        checkpoint: at the last threshold, None if that was not reached.
    """

    task: Task
    status: str = statuses.OK
    step: int = 0
    loss: float = 0.0
    pictures: dict[int, np.ndarray] = field(default_factory=dict)
    losses: dict[int, float] = field(default_factory=dict)
    curve: dict[int, float] = field(default_factory=dict)
    checkpoint: Checkpoint | None = None
    reason: str = ""
    silent: set[int] = field(default_factory=set)

    def note(self, loss: float, watch: StuckLossDetector) -> bool:
        """Count an update with `loss`; returns whether the attempt may go on.

        The watch begins after the redirected steps: before, a loss may well stay at zero until
        the neuron wakes up.
        """
        self.step += 1
        self.loss = loss
        if self.step % CURVE_EVERY == 0:
            self.curve[self.step] = loss
        if self.step > REDIRECTED_STEPS or not np.isfinite(loss):
            self.status = watch.status(loss)
        return self.status == statuses.OK

    @property
    def final_status(self) -> str:
        """Its status; silent if the unit does not fire at the last threshold either."""
        is_silent = self.status == statuses.OK and self.step in self.silent
        return statuses.SILENT if is_silent else self.status

    @property
    def due(self) -> bool:
        """A threshold has been reached, and its picture is wanted."""
        return self.step in self.task.thresholds

    def keep(self, picture: np.ndarray, fires: bool = True) -> bool:
        """Keep the picture of the threshold just reached; returns whether it is a picture."""
        if not np.isfinite(picture).all():
            self.status = statuses.NOT_FINITE
            return False
        self.pictures[self.step] = picture
        self.losses[self.step] = self.loss
        if not fires:
            self.silent.add(self.step)
        return True


def stuck_loss_detector(
    task: Task, highest: float = math.inf, scale: float = 1.0
) -> StuckLossDetector:
    """The stuck-loss detector of a task, with its memory if it is resumed.

    Args:
        highest: value that its loss cannot exceed.
        scale: of its losses.
    """
    limits = task.recipe.loss_crisis
    # Numbers of 8 bits recur in the best of runs; what is lifted has no further attempt.
    if task.recipe.precision == "bfloat16" or task.recipe.lifted:
        limits = {**limits, "hits": math.inf}
    memory = task.checkpoint.watch if task.checkpoint else None
    return StuckLossDetector(limits, memory, highest, scale)
