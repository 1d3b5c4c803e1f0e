"""The comparisons of the states of each series: what is compared, and what each job is given."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lucid_sprites import layout
from lucid_sprites.config import indexes
from lucid_sprites.config.plan import InstancePlan, Plan
from lucid_sprites.config.settings import canonical_json
from lucid_sprites.errors import UserError

DEFAULTS: dict[str, Any] = {
    "neurons": 8,
    "threshold": None,
    "before": None,
    "after": None,
    "cell": None,
    "animation": "webp",
    "strongest": 5,
}


@dataclass(frozen=True)
class Comparison:
    """How the states of a series are compared.

    Attributes:
        series: its name.
        instances: its states, in order.
        options: the config's `comparison`, with defaults; `before` and `after` are instances.
    """

    series: str
    instances: list[str]
    options: dict[str, Any]


def comparisons(series: dict[str, Any], plan: Plan, source: str) -> "Comparisons":
    """The comparisons of all series that have two instances or more.

    Args:
        series: the config's, which fits its schema.
        source: the config file's name, for messages.

    Raises:
        UserError: see `make_comparison`.
    """
    found = {}
    for name, options in series.items():
        instances = [instance for owner, instance in plan.options if owner == name]
        if len(instances) > 1:
            own = (options or {}).get("comparison") or {}
            found[name] = make_comparison(name, instances, own, source)
    return Comparisons(plan.results, found, plan.instance)


def make_comparison(
    series: str, instances: list[str], options: dict[str, Any], source: str
) -> Comparison:
    """The comparison of a series of two states or more.

    Raises:
        UserError: `before` or `after` is no instance.
    """
    resolved = {**DEFAULTS, "before": instances[0], "after": instances[-1], **options}
    for key in ("before", "after"):
        resolved[key] = str(resolved[key])
        if resolved[key] not in instances:
            raise UserError(
                f"{source}: series {series}: comparison: {key} {resolved[key]!r} is no instance; "
                f"there are {', '.join(instances)}"
            )
    return Comparison(series, instances, resolved)


@dataclass(frozen=True)
class Comparisons:
    """What the rules of comparison look up; `wildcards` has `series`, and what else they need.

    Attributes:
        results: the results folder.
        by_series: the comparisons, of the series that have two states or more.
        instance_plan: gives the plan of (series, instance).
    """

    results: Path
    by_series: dict[str, Comparison]
    instance_plan: Callable[[str, str], InstancePlan]

    def sheets(self, wildcards: Any) -> list[str]:
        """The JSON files of the sheets of all states, state by state."""
        return [
            sheet
            for instance in self.by_series[wildcards.series].instances
            for sheet in self._sheets(wildcards.series, instance)
        ]

    def sheets_of_instance(self, wildcards: Any) -> list[str]:
        """The JSON files of the sheets of one state."""
        return self._sheets(wildcards.series, wildcards.instance)

    def sheet_patterns(self, wildcards: Any) -> list[str]:
        """What stands for `sheets` in a command (see `comparison.states.read_states`)."""
        instances = self.by_series[wildcards.series].instances
        return [path for name in instances for path in self._patterns(wildcards.series, name)]

    def sheet_patterns_of_instance(self, wildcards: Any) -> list[str]:
        """What stands for `sheets_of_instance` in a command."""
        return self._patterns(wildcards.series, wildcards.instance)

    def graphs(self, wildcards: Any) -> list[str]:
        """The graphs of all states, in their order."""
        series = wildcards.series
        return [self.instance_plan(series, i).graph for i in self.by_series[series].instances]

    def other_graph(self, wildcards: Any) -> str:
        """The graph that one state's sprites are shown to."""
        return self.instance_plan(wildcards.series, wildcards.other).graph

    def other_catalogue(self, wildcards: Any) -> str:
        """The layer catalogue of that graph."""
        place = {"series": wildcards.series, "instance": wildcards.other}
        return f"{self.results}/{layout.CATALOGUE.format(**place)}"

    def figures_spec(self, wildcards: Any) -> str:
        """What `comparison.figures` is given, as canonical JSON."""
        options = self.by_series[wildcards.series].options
        keys = ("neurons", "before", "after", "cell", "animation")
        return canonical_json({key: options[key] for key in keys})

    def strongest(self, wildcards: Any) -> int:
        """Neurons that a table of responses lists for each sprite."""
        return self.by_series[wildcards.series].options["strongest"]

    def targets(self, series: Iterable[str] | None = None) -> list[str]:
        """Everything that is made of the comparison of these series, or of all."""
        return [
            f"{self.results}/{path}"
            for name, comparison in self.by_series.items()
            if series is None or name in series
            for path in self._outputs(comparison)
        ]

    def tables(self) -> dict[tuple[str, str], str]:
        """Tables for the viewer: how much each neuron changed."""
        return {
            (name, "changes"): f"{self.results}/{layout.CHANGE_TABLE.format(series=name)}"
            for name in self.by_series
        }

    def _outputs(self, comparison: Comparison) -> list[str]:
        before, after = comparison.options["before"], comparison.options["after"]
        responses = [
            layout.RESPONSES.format(series=comparison.series, instance=shown, other=other)
            for shown, other in ((before, after), (after, before))
        ]
        common = [layout.COMPARISON, layout.CHANGES, layout.CHANGES_BY_LAYER, layout.CHANGES_PLOT]
        return [*(path.format(series=comparison.series) for path in common), *responses]

    def _sheets(self, series: str, instance: str) -> list[str]:
        return [
            self._sheet(series, instance, number, threshold)
            for number, threshold in self.thresholds(series, instance)
        ]

    def _patterns(self, series: str, instance: str) -> list[str]:
        numbers: dict[int, list[int]] = {}
        for number, threshold in self.thresholds(series, instance):
            numbers.setdefault(threshold, []).append(number)
        return [
            self._sheet(series, instance, f"{{{indexes.shorten(sorted(layers))}}}", threshold)
            for threshold, layers in numbers.items()
        ]

    def _sheet(self, series: str, instance: str, layer: int | str, threshold: int) -> str:
        place = {"series": series, "instance": instance, "layer": layer, "threshold": threshold}
        return f"{self.results}/{layout.SHEET_INDEX.format(**place)}"

    def thresholds(self, series: str, instance: str) -> Iterator[tuple[int, int]]:
        """The number of each layer of a state, and the threshold at which it is compared."""
        wanted = self.by_series[series].options["threshold"]
        for layer in self.instance_plan(series, instance).layers:
            yield layer.number, _threshold(wanted, layer.thresholds)


def _threshold(wanted: int | None, present: list[int]) -> int:
    """The wanted threshold, or the highest where it is not said or the layer has none such."""
    return wanted if wanted in present else present[-1]
