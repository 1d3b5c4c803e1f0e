"""One study of one network, without a workflow around it."""

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
from lucid_sprites.recipe.layer_catalogue import Catalogue
from lucid_sprites.recipe.objectives import Objective, objective, text
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
    """Optimize the sprites of a study, one attempt each.

    Args:
        graph: in normal form.
        catalogue: of its layers.
        study: a list of objectives, which may be functions, or a mapping as under `studies` in
            config.yaml.
        progress: called with the number of sprites that have advanced by a step.
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
    tasks = [
        Task(
            index,
            recipes(cell)[0],
            tuple(cell["thresholds"]),
            None,
            calls.get(index, cell["objective"]),
            cell["stream"],
            cell.get("members", 0),
        )
        for index, cell in plan.settings.items()
    ]
    looked_at = sorted({name for task in tasks for name in layers(task.objective_on(""))})
    network = prepare.prepare(graph, picture.name, *looked_at)
    outcomes = optimize(network, picture, plan.name, tasks, plan.batch, progress)
    return sorted(outcomes, key=lambda outcome: outcome.task.index)


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
