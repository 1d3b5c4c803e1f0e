"""Studies from Python: the same words as in config.yaml, without a workflow around them.

from lucid_sprites.engine.visualize import visualize
from lucid_sprites.objectives import objective

eye, fur = objective("channel", "*/Conv2d_8/Relu6", 3), objective("channel", 24, 12)
outcomes = visualize("model.pb", [eye - 0.5 * fur, -eye], thresholds=[256], scale=128)
outcomes[0].pictures[256]  # float32 [128, 128, 3] in 0..1
"""

from typing import Any

from lucid_sprites.config.plan import InstancePlan
from lucid_sprites.config.settings import DEFAULTS, recipes
from lucid_sprites.config.studies import study_plan
from lucid_sprites.engine.objectives.build import layers
from lucid_sprites.engine.optimize import Progress, optimize
from lucid_sprites.engine.task import Outcome, Task
from lucid_sprites.models import graph_file, prepare
from lucid_sprites.models.catalogue import describe
from lucid_sprites.models.picture_input import PictureInput
from lucid_sprites.objectives import Objective, text


def visualize(
    graph: str,
    study: list[Objective | str] | dict[str, Any],
    picture: dict[str, Any] | None = None,
    progress: Progress = lambda _: None,
    **settings: Any,
) -> list[Outcome]:
    """Optimize the sprites of a study, one attempt each.

    Args:
        graph: path of a frozen graph.
        study: a list of objectives, or a mapping as under `studies` in config.yaml.
        picture: the input's `name` and `range`, as `input` in config.yaml.
        progress: called with the number of sprites that have advanced by a step.
        settings: of config.yaml: `thresholds`, `scale`, `transforms`, ...

    Returns:
        an outcome for each cell of the study, in their order.

    Raises:
        UserError: unreadable graph, unknown layer or channel, or settings that do not fit.
    """
    if isinstance(study, list):
        lines = [text(item.data) if isinstance(item, Objective) else item for item in study]
        study = {"objectives": lines}
    catalogue = describe(graph, picture or {})
    instance = InstancePlan("series", "instance", graph, catalogue, [])
    plan = study_plan(0, "study", {**study, **settings}, DEFAULTS, instance, graph)
    tasks = [
        Task(
            index,
            recipes(own)[0],
            tuple(own["thresholds"]),
            None,
            own["objective"],
            own["stream"],
            own.get("members", 0),
        )
        for index, own in plan.settings.items()
    ]
    found = PictureInput(**catalogue["input"])
    looked_at = sorted({name for task in tasks for name in layers(task.objective_on(""))})
    network = prepare.prepare(graph_file.read(graph), found.name, *looked_at)
    outcomes = optimize(network, found, plan.name, tasks, plan.batch, progress)
    return sorted(outcomes, key=lambda outcome: outcome.task.index)
