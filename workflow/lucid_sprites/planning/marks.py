"""What each output has to say of how it was made: the rules' counterpart of `lucid_sprites.made`.

A mark is made of the job's parameters and of all that is known beforehand of its inputs, so that
it tells a stale output whose inputs are right, too. Where results lie is no part of it.
"""

import json
import os
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from lucid_sprites import fingerprints
from lucid_sprites.made import tag
from lucid_sprites.planning import catalogues, class_names
from lucid_sprites.planning.comparison import Comparison, Comparisons, State
from lucid_sprites.planning.images import ImagePlan
from lucid_sprites.planning.layers import LayerPlan
from lucid_sprites.planning.sprites import Plan
from lucid_sprites.planning.studies import StudiesPlan
from lucid_sprites.planning.targets import InstancePlan
from lucid_sprites.planning.viewer import Pages
from lucid_sprites.recipe.settings import ENGINE_VARIANT, canonical_json

# Of a block's parameters: where things lie, and how fast it is made.
_UNSEEN = ("graph", "batch", "keep_state", "results", "folder")


@dataclass(frozen=True)
class Marks:
    """The marks of what a plan of layers makes, by wildcards."""

    plan: Plan

    def model(self, wildcards: Any) -> str:
        """Of a model in normal form and its catalogue."""
        return catalogues.made(self.plan.options[wildcards.series, wildcards.instance].job["stamp"])

    def block(self, wildcards: Any) -> str:
        """Of a block."""
        return of_spec(self.plan.block_spec(wildcards))

    def sheet(self, wildcards: Any) -> str:
        """Of a sheet. Names of its units are beside it, and are no part of it."""
        spec = canonical_json(self.plan.sheet_data(wildcards))
        return of_spec(spec, _looks(self.plan, wildcards))

    def sheet_index(self, wildcards: Any) -> str:
        """Of the JSON beside a sheet."""
        return class_names.marked(self.sheet(wildcards), self.plan.labels(wildcards))

    def preflight(self, wildcards: Any) -> str:
        """Of the report on the models of a series."""
        models = {key: options.job["stamp"] for key, options in self.plan.options.items()}
        return tag(self.plan.left_out_of(wildcards),
                   *(f"{instance} {catalogues.made(stamp)}"
                     for (series, instance), stamp in models.items()
                     if series == wildcards.series))  # fmt: skip

    def range_sheet(self, wildcards: Any) -> str:
        """Of units under several value ranges."""
        return tag(ENGINE_VARIANT, self.model(wildcards))

    def layer(self, wildcards: Any) -> str:
        """Of all sprites of a layer."""
        return tag(_looks(self.plan, wildcards))

    def losses(self, wildcards: Any) -> str:
        """Of a log of attempts."""
        return of_spec(self.plan.losses_spec(wildcards), self.instance(wildcards))

    def instance(self, wildcards: Any) -> str:
        """Of all sprites of an instance."""
        instance = self.plan.instance_of(wildcards)
        return tag(*(_looks_of(self.plan, instance, layer) for layer in instance.layers))

    def series(self, wildcards: Any) -> str:
        """Of all sprites of a series."""
        instances = [self.plan.instance(*key) for key in self.plan.options
                     if key[0] == wildcards.series]  # fmt: skip
        return tag(*(f"{plan.instance} {self.instance(plan)}" for plan in instances))


@dataclass(frozen=True)
class StudyMarks:
    """The marks of studies, by wildcards."""

    studies: StudiesPlan

    def block(self, wildcards: Any) -> str:
        """Of a block."""
        return of_spec(self.studies.sprites.block_spec(wildcards))

    def sheet(self, wildcards: Any) -> str:
        """Of a sheet and the JSON beside it."""
        return of_spec(self.studies.sheet_spec(wildcards), _looks(self.studies.sprites, wildcards))

    def losses(self, wildcards: Any) -> str:
        """Of a study's log of attempts."""
        return of_spec(self.studies.losses_spec(wildcards), _looks(self.studies.sprites, wildcards))


@dataclass(frozen=True)
class PageMarks:
    """The marks of what the viewer loads, by wildcards."""

    pages: Pages
    marks: Marks

    def layer(self, wildcards: Any) -> str:
        """Of the data of a layer."""
        made = of_spec(self.pages.layer_spec(wildcards), self.marks.layer(wildcards))
        return class_names.marked(made, self.pages.plan.labels(wildcards))

    def table(self, wildcards: Any) -> str:
        """Of a table."""
        return tag(*self._table(wildcards.series, wildcards.table))

    def manifest(self, wildcards: Any) -> str:
        """Of the manifest of a series."""
        review = self.pages.plan.reviews[wildcards.series]
        told = [fingerprints.sha256(review)] if os.path.exists(review) else []
        for table in self.pages.series_tables(wildcards):
            told += self._table(wildcards.series, table)
        told += self.pages.named_instances(wildcards.series)
        return tag(self.pages.manifest_spec(wildcards), self.marks.series(wildcards), *told)

    def _table(self, series: str, name: str) -> list[str]:
        """The path of a table, and its content if no job makes it."""
        path = self.pages.tables[series, name]
        if (series, name) not in self.pages.plan.tables:
            return [path]
        return [path, fingerprints.content(path, f"series {series}, table {name}")]


@dataclass(frozen=True)
class ComparisonMarks:
    """The marks of what is made of several states, by wildcards."""

    comparisons: Comparisons
    marks: Marks

    def figures(self, wildcards: Any) -> str:
        """Of the figures of a series."""
        return tag(self.comparisons.figures_spec(wildcards), self.changes(wildcards))

    def figures_across(self, wildcards: Any) -> str:
        """Of the figures of a state beside one of another series."""
        spec = self.comparisons.figures_spec_across(wildcards)
        return tag(spec, self.changes_across(wildcards))

    def changes(self, wildcards: Any) -> str:
        """Of the tables that say how much each neuron changed."""
        comparison = self.comparisons.comparison(wildcards)
        return self._states(comparison, comparison.states)

    def changes_across(self, wildcards: Any) -> str:
        """Of the same for a state beside one of another series."""
        comparison = self.comparisons.comparison(wildcards)
        return self._states(comparison, comparison.across)

    def responses(self, wildcards: Any) -> str:
        """Of the table of responses of one state's sprites in another."""
        comparison = self.comparisons.comparison(wildcards)
        other = self.comparisons.instance_plan(wildcards.series, wildcards.other)
        strongest = self.comparisons.strongest(wildcards)
        shown = self._states(comparison, [(wildcards.series, wildcards.instance)])
        return tag(str(strongest), other.catalogue.sha256, shown)

    def _states(self, comparison: Comparison, states: list[State]) -> str:
        """Changes with the sheets that are compared, and their graphs."""
        return tag(*(self._state(comparison, state) for state in states))

    def _state(self, comparison: Comparison, state: State) -> str:
        series, instance = state
        sheets = [
            self.marks.sheet(
                SimpleNamespace(series=series, instance=instance, layer=str(n), threshold=t)
            )
            for n, t in self.comparisons.thresholds(comparison, state)
        ]
        graph = self.comparisons.instance_plan(series, instance).catalogue.sha256
        return tag(series, instance, graph, *sheets)


@dataclass(frozen=True)
class ImageMarks:
    """The marks of what is made of pictures, by wildcards."""

    images: ImagePlan
    marks: Marks

    def archive(self, wildcards: Any) -> str:
        """Of all views of a picture by a method."""
        return of_spec(self.images.archive_spec(wildcards))

    def events(self, wildcards: Any) -> str:
        """Of an instance's event files."""
        shown = self.images.sources(wildcards)
        return of_spec(self.images.events_spec(wildcards), self.marks.instance(wildcards), *shown)

    def table(self, wildcards: Any) -> str:
        """Of the table of a series."""
        return of_spec(self.images.table_spec(wildcards), *self.images.sources(wildcards))


def of_spec(spec: str, *more: str) -> str:
    """The mark of what is made of parameters, given as canonical JSON, and of `more`."""
    seen = {key: value for key, value in json.loads(spec).items() if key not in _UNSEEN}
    return tag(canonical_json(seen), *more)


def _looks(plan: Plan, wildcards: Any) -> str:
    """Changes with the look, the number or the thresholds of any sprite of a layer or study."""
    return _looks_of(plan, plan.instance_of(wildcards), plan.layer_of(wildcards))


def _looks_of(plan: Plan, instance: InstancePlan, layer: LayerPlan) -> str:
    groups = [
        [plan.identity(instance, layer, group.settings), group.settings["thresholds"],
         group.indexes]
        for group in layer.groups
    ]  # fmt: skip
    return canonical_json([layer.number, layer.name, groups])
