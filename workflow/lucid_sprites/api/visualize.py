"""One study of one network, without a workflow around it."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from tensorflow.core.framework.graph_pb2 import GraphDef

from lucid_sprites.config import schema
from lucid_sprites.engine.objectives.build import layers
from lucid_sprites.engine.objectives.functions import ObjectiveFunction, function_data
from lucid_sprites.engine.optimize import Progress, optimize
from lucid_sprites.engine.task import Outcome, Task
from lucid_sprites.models.graph import prepare
from lucid_sprites.planning.class_names import NamedLayers
from lucid_sprites.planning.study_selection import study_plan
from lucid_sprites.recipe import statuses
from lucid_sprites.recipe.layer_catalogue import Catalogue
from lucid_sprites.recipe.objectives import Objective, objective, text
from lucid_sprites.recipe.objectives.arithmetic import ObjectiveData
from lucid_sprites.recipe.settings import DEFAULTS, Recipe, recipes

_STAND_IN = text(objective("total_variation").data)


def visualize(
    graph: GraphDef,
    catalogue: Catalogue,
    study: list[Objective | str | ObjectiveFunction] | dict[str, Any],
    progress: Progress = lambda _: None,
    named: NamedLayers | None = None,
    **settings: Any,
) -> list[Outcome]:
    """Optimize the sprites of a study, with all attempts that the workflow makes.

    Args:
        graph: in normal form.
        catalogue: of its layers.
        study: a list of objectives, which may be functions, or a mapping as under `studies` in
            config.yaml.
        progress: called with the number of sprites that have advanced by a step, at any attempt.
        named: the layers whose units have the names of classes, if there are any.
        settings: of config.yaml: `thresholds`, `scale`, `transforms`, ...

    Returns:
        an outcome for each cell of the study, in their order.

    Raises:
        UserError: unknown layer, channel or setting, or settings that do not fit.
    """
    functions = {}
    if isinstance(study, list):
        functions = {index: item for index, item in enumerate(study) if callable(item)}
        study = {"objectives": [_line(item) for item in study]}
    written = {key: _listed(value) for key, value in {**study, **settings}.items()}
    checked = schema.check(written, "render", "study")
    picture = catalogue.picture
    calls = {index: function_data(index, f, graph, picture) for index, f in functions.items()}
    plan = study_plan(0, "study", checked, DEFAULTS, catalogue, "render", "the graph", named)
    cells = [
        _Cell(
            index,
            recipes(cell),
            cell["thresholds"],
            calls.get(index, cell["objective"]),
            cell["stream"],
            cell.get("members", 0),
        )
        for index, cell in plan.settings.items()
    ]
    looked_at = sorted({name for c in cells for name in layers(c.task(0).objective_on(""))})
    network = prepare.prepare(graph, picture.name, *looked_at)
    outcomes: dict[int, Outcome] = {}
    for number in range(max(len(cell.attempts) for cell in cells)):
        tried = [cell for cell in cells if cell.is_tried(number, outcomes.get(cell.index))]
        tasks = [cell.task(number, outcomes.get(cell.index)) for cell in tried]
        for outcome in optimize(network, picture, plan.name, tasks, plan.batch, progress):
            _join(outcomes, outcome)
    return [outcomes[index] for index in sorted(outcomes)]


@dataclass(frozen=True)
class _Cell:
    """A cell of a study; for what it shares with a task, see `Task`.

    Attributes:
        attempts: at its sprite, in order.
    """

    index: int
    attempts: list[Recipe]
    thresholds: list[int]
    objective: ObjectiveData
    stream: int | None
    group_size: int

    def is_tried(self, number: int, before: Outcome | None) -> bool:
        """Whether an attempt is made after the outcome of those before it.

        Members of a joint group have one: others would have to be all together.
        """
        if before is None or number >= len(self.attempts):
            return before is None
        is_over = before.status in (statuses.OK, statuses.CONSTANT, statuses.REFUSED)
        return not is_over and not self.group_size

    def task(self, number: int, before: Outcome | None = None) -> Task:
        """An attempt, at the thresholds that those before it have not reached."""
        reached = before.pictures if before else {}
        thresholds = tuple(each for each in self.thresholds if each not in reached)
        return Task(self.index, self.attempts[number], thresholds, None, self.objective,
                    self.stream, self.group_size)  # fmt: skip


def _join(outcomes: dict[int, Outcome], outcome: Outcome) -> None:
    """Take the outcome of an attempt, with what those before have reached."""
    before = outcomes.get(outcome.task.index)
    if before is not None:
        outcome.pictures = {**before.pictures, **outcome.pictures}
        outcome.losses = {**before.losses, **outcome.losses}
    outcomes[outcome.task.index] = outcome


def _listed(value: Any) -> Any:
    """Python's tuples and arrays, as a config would list them."""
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    return list(value) if isinstance(value, tuple | range) else value


def _line(item: Objective | str | ObjectiveFunction) -> str:
    """An objective as text; for a function, what stands in its place until it is called."""
    if callable(item):
        return _STAND_IN
    return text(item.data) if isinstance(item, Objective) else item
