"""One study of one network, without a workflow around it."""

from collections.abc import Mapping
from typing import Any, cast

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
from lucid_sprites.recipe.setting_types import SpriteSettings
from lucid_sprites.recipe.settings import DEFAULTS, recipes

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
    cells = {
        index: {**cell, "objective": calls.get(index, cell["objective"])}
        for index, cell in plan.settings.items()
    }
    first = [_task(index, cell, 0) for index, cell in cells.items()]
    looked_at = sorted({name for task in first for name in layers(task.objective_on(""))})
    network = prepare.prepare(graph, picture.name, *looked_at)
    outcomes: dict[int, Outcome] = {}
    for attempt in range(max(len(recipes(cell)) for cell in plan.settings.values())):
        tasks = [
            _task(index, cell, attempt, outcomes.get(index))
            for index, cell in cells.items()
            if attempt == 0 or _is_tried_again(outcomes[index], cell, attempt)
        ]
        for outcome in optimize(network, picture, plan.name, tasks, plan.batch, progress):
            _join(outcomes, outcome)
    return [outcomes[index] for index in sorted(outcomes)]


def _task(index: int, cell: Mapping[str, Any], attempt: int, before: Outcome | None = None) -> Task:
    """An attempt at a cell: at the thresholds that those before have not reached."""
    reached = before.pictures if before else {}
    thresholds = tuple(each for each in cell["thresholds"] if each not in reached)
    recipe = recipes(cast(SpriteSettings, cell))[attempt]
    group_size = cell.get("members", 0)
    return Task(index, recipe, thresholds, None, cell["objective"], cell["stream"], group_size)


def _is_tried_again(before: Outcome, cell: Mapping[str, Any], attempt: int) -> bool:
    """Members of a joint group are not: they would have to be all together."""
    is_over = before.status in (statuses.OK, statuses.CONSTANT, statuses.REFUSED)
    left = attempt < len(recipes(cast(SpriteSettings, cell)))
    return left and not is_over and not cell.get("members")


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
