"""The comparisons of the states of each series: what is compared, and what each job is given."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypedDict, cast

from lucid_sprites import layout
from lucid_sprites.errors import UserError
from lucid_sprites.planning.sprites import Plan
from lucid_sprites.planning.targets import InstancePlan
from lucid_sprites.recipe import index_ranges
from lucid_sprites.recipe.settings import canonical_json

ComparisonOptions = TypedDict(
    "ComparisonOptions",
    {
        "neurons": int,
        "threshold": int | None,
        "before": str,
        "after": str,
        "cell": int | None,
        "animation": str,
        "strongest": int,
        "with": str | None,
    },
)
"""The config's `comparison`, with defaults; `before` and `after` are instances."""


class FiguresSpec(TypedDict):
    """What `comparison.figures` is given: neurons in a row, two states, and the edge of cells."""

    neurons: int
    before: str
    after: str
    cell: int | None
    animation: str


_CHANGES = (layout.CHANGES, layout.CHANGES_BY_LAYER, layout.CHANGES_PLOT, layout.CHANGE_TABLE)

DEFAULTS: Mapping[str, Any] = {
    "neurons": 8,
    "threshold": None,
    "before": None,
    "after": None,
    "cell": None,
    "animation": "webp",
    "strongest": 5,
    "with": None,
}

State = tuple[str, str]
"""Series and instance."""


@dataclass(frozen=True)
class Comparison:
    """How the states of a series are compared.

    Attributes:
        series: its name.
        instances: its states, in order.
        options: the config's `comparison`, with defaults; `before` and `after` are instances.
        other: the state of another series that `after` is compared with, if there is one.
    """

    series: str
    instances: list[str]
    options: ComparisonOptions
    other: State | None = None

    @property
    def states(self) -> list[State]:
        """Its states with their series."""
        return [(self.series, instance) for instance in self.instances]

    @property
    def across(self) -> list[State]:
        """The other series' state and the one of this series that it is compared with."""
        if self.other is None:
            raise UserError(
                f"series {self.series} is compared with no other series; say "
                "comparison: {with: series/instance}"
            )
        return [self.other, (self.series, self.options["after"])]


def comparisons(series: Mapping[str, Any], plan: Plan, source: str) -> "Comparisons":
    """The comparisons of all series; of one instance, the layers are drawn.

    Args:
        series: the config's, which fits its schema.
        source: the config file's name, for messages.

    Raises:
        UserError: see `make_comparison`.
    """
    by_series = {}
    for name, options in series.items():
        instances = [instance for owner, instance in plan.options if owner == name]
        said = (options or {}).get("comparison") or {}
        by_series[name] = make_comparison(name, instances, said, source, list(plan.options))
    return Comparisons(plan.results, by_series, plan.instance)


def make_comparison(
    series: str,
    instances: list[str],
    options: Mapping[str, Any],
    source: str,
    states: list[State],
) -> Comparison:
    """The comparison of a series.

    Args:
        states: all instances of all series.

    Raises:
        UserError: `before` or `after` is no instance, or `with` none of another series.
    """
    resolved = {**DEFAULTS, "before": instances[0], "after": instances[-1], **options}
    for key in ("before", "after"):
        resolved[key] = str(resolved[key])
        if resolved[key] not in instances:
            raise UserError(
                f"{source}: series {series}: comparison: {key} {resolved[key]!r} is no instance; "
                f"there are {', '.join(instances)}"
            )
    where = f"{source}: series {series}: comparison"
    other = _other(resolved["with"], [state for state in states if state[0] != series], where)
    return Comparison(series, instances, cast(ComparisonOptions, resolved), other)


def _other(wanted: str | None, states: list[State], where: str) -> State | None:
    if wanted is None:
        return None
    by_name = {"/".join(state): state for state in states}
    if wanted not in by_name:
        raise UserError(
            f"{where}: with {wanted!r} is no instance of another series; there are "
            f"{', '.join(by_name) or 'no other series'}"
        )
    return by_name[wanted]


@dataclass(frozen=True)
class Comparisons:
    """What the rules of comparison look up; `wildcards` has `series`, and what else they need.

    Attributes:
        results: the results folder.
        by_series: the comparisons.
        instance_plan: gives the plan of (series, instance).
    """

    results: Path
    by_series: dict[str, Comparison]
    instance_plan: Callable[[str, str], InstancePlan]

    def sheets(self, wildcards: Any) -> list[str]:
        """The JSON files of the sheets of all states, state by state."""
        comparison = self.comparison(wildcards)
        return [sheet for state in comparison.states for sheet in self._sheets(comparison, state)]

    def sheets_across(self, wildcards: Any) -> list[str]:
        """The same of the two states that are compared across series."""
        comparison = self.comparison(wildcards)
        return [sheet for state in comparison.across for sheet in self._sheets(comparison, state)]

    def sheets_of_instance(self, wildcards: Any) -> list[str]:
        """The JSON files of the sheets of one state."""
        comparison = self.comparison(wildcards)
        return self._sheets(comparison, (comparison.series, wildcards.instance))

    def sheet_patterns(self, wildcards: Any) -> list[str]:
        """What stands for `sheets` in a command (see `comparison.states.read_states`)."""
        comparison = self.comparison(wildcards)
        return [path for state in comparison.states for path in self._patterns(comparison, state)]

    def sheet_patterns_across(self, wildcards: Any) -> list[str]:
        """What stands for `sheets_across` in a command."""
        comparison = self.comparison(wildcards)
        return [path for state in comparison.across for path in self._patterns(comparison, state)]

    def sheet_patterns_of_instance(self, wildcards: Any) -> list[str]:
        """What stands for `sheets_of_instance` in a command."""
        comparison = self.comparison(wildcards)
        return self._patterns(comparison, (comparison.series, wildcards.instance))

    def graphs(self, wildcards: Any) -> list[str]:
        """The graphs of all states, in their order; UserError if there is only one."""
        comparison = self.comparison(wildcards)
        if len(comparison.states) < 2:
            raise UserError(
                f"series {comparison.series} has one instance, {comparison.instances[0]}: there "
                "are no changes; put another beside it, or say comparison: {with: series/instance}"
            )
        return [self.instance_plan(*state).graph for state in comparison.states]

    def graphs_across(self, wildcards: Any) -> list[str]:
        """The graphs of the two states that are compared across series."""
        return [self.instance_plan(*state).graph for state in self.comparison(wildcards).across]

    def other_graph(self, wildcards: Any) -> str:
        """The graph that one state's sprites are shown to."""
        return self.instance_plan(wildcards.series, wildcards.other).graph

    def other_catalogue(self, wildcards: Any) -> str:
        """The layer catalogue of that graph."""
        fields = {"series": wildcards.series, "instance": wildcards.other}
        return f"{self.results}/{layout.CATALOGUE.format(**fields)}"

    def figures_spec(self, wildcards: Any) -> str:
        """What `comparison.figures` is given, as canonical JSON."""
        options = self.comparison(wildcards).options
        return self._figures_spec(options, options["before"], options["after"])

    def figures_spec_across(self, wildcards: Any) -> str:
        """The same for the two states that are compared across series."""
        comparison = self.comparison(wildcards)
        before, after = map("/".join, comparison.across)
        return self._figures_spec(comparison.options, before, after)

    @staticmethod
    def _figures_spec(options: ComparisonOptions, before: str, after: str) -> str:
        spec: FiguresSpec = {
            "neurons": options["neurons"],
            "before": before,
            "after": after,
            "cell": options["cell"],
            "animation": options["animation"],
        }
        return canonical_json(spec)

    def strongest(self, wildcards: Any) -> int:
        """Neurons that a table of responses lists for each sprite."""
        return int(self.comparison(wildcards).options["strongest"])

    def targets(self, series: Iterable[str] | None = None) -> list[str]:
        """Everything that is made of the comparison of these series, or of all."""
        return [
            f"{self.results}/{path}"
            for name, comparison in self.by_series.items()
            if series is None or name in series
            for path in self._outputs(comparison)
        ]

    def changes(self, series: Iterable[str]) -> list[str]:
        """How much each neuron of these series changed: each file, or one would not be missed."""
        return [
            f"{self.results}/{template.format(series=name)}"
            for name, comparison in self.by_series.items()
            if name in series and len(comparison.instances) > 1
            for template in _CHANGES
        ]

    def tables(self) -> dict[tuple[str, str], str]:
        """Tables for the viewer: how much each neuron changed."""
        return {
            (name, "changes"): f"{self.results}/{layout.CHANGE_TABLE.format(series=name)}"
            for name, comparison in self.by_series.items()
            if len(comparison.instances) > 1
        }

    def comparison(self, wildcards: Any) -> Comparison:
        """The comparison of a series; UserError if the config does not have it."""
        if wildcards.series not in self.by_series:
            there = ", ".join(self.by_series)
            raise UserError(f"the config has no series {wildcards.series}; there are {there}")
        return self.by_series[wildcards.series]

    def _outputs(self, comparison: Comparison) -> list[str]:
        before, after = comparison.options["before"], comparison.options["after"]
        templates = [layout.COMPARISON]
        if len(comparison.instances) > 1:
            templates += _CHANGES
        if comparison.other:
            templates += [layout.ACROSS, layout.ACROSS_CHANGES]
            templates += [layout.ACROSS_BY_LAYER, layout.ACROSS_PLOT]
        pairs = [(before, after), (after, before)] if before != after else []
        responses = [
            layout.RESPONSES.format(series=comparison.series, instance=shown, other=other)
            for shown, other in pairs
        ]
        return [*(path.format(series=comparison.series) for path in templates), *responses]

    def _sheets(self, comparison: Comparison, state: State) -> list[str]:
        return [
            self._sheet(state, number, threshold)
            for number, threshold in self.thresholds(comparison, state)
        ]

    def _patterns(self, comparison: Comparison, state: State) -> list[str]:
        numbers: dict[int, list[int]] = {}
        for number, threshold in self.thresholds(comparison, state):
            numbers.setdefault(threshold, []).append(number)
        return [
            self._sheet(state, f"{{{index_ranges.shorten(sorted(layers))}}}", threshold)
            for threshold, layers in numbers.items()
        ]

    def _sheet(self, state: State, layer: int | str, threshold: int) -> str:
        series, instance = state
        fields = {"series": series, "instance": instance, "layer": layer, "threshold": threshold}
        return f"{self.results}/{layout.SHEET_INDEX.format(**fields)}"

    def thresholds(self, comparison: Comparison, state: State) -> Iterator[tuple[int, int]]:
        """The number of each layer of a state, and the threshold at which it is compared."""
        wanted = comparison.options["threshold"]
        for layer in self.instance_plan(*state).layers:
            yield layer.number, _threshold(wanted, layer.thresholds)


def _threshold(wanted: int | None, present: list[int]) -> int:
    """The wanted threshold, or the highest where it is not said or the layer has none such."""
    return wanted if wanted in present else present[-1]
