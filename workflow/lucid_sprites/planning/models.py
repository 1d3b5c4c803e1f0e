"""The plan of the models: where each comes from, and the jobs that make and describe them."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lucid_sprites import layout
from lucid_sprites.errors import UserError
from lucid_sprites.planning import catalogues
from lucid_sprites.planning.class_names import ClassNames, NamedLayers, named_layers
from lucid_sprites.planning.import_jobs import ImportJob
from lucid_sprites.planning.sources import Source
from lucid_sprites.recipe.layer_catalogue import Catalogue
from lucid_sprites.recipe.setting_types import Level, Settings
from lucid_sprites.recipe.settings import canonical_json


@dataclass(frozen=True)
class InstanceOptions:
    """What the config says of one instance, before its model is known.

    Attributes:
        source: its model.
        settings: of the instance, before any layer's own.
        levels: the `layers` of the series and of the instance; None where there is none.
        where: the place in the config, for messages.
        review: items of the review file with settings by index, above all others.
        review_where: the place that they come from.
        job: for `models.import_model`.
        labels: names of classes that the config gives.
    """

    source: Source
    settings: Settings
    levels: list[list[Any] | None]
    where: str
    review: Sequence[Level]
    review_where: str
    job: ImportJob
    labels: ClassNames | None = None

    def named(self, catalogue: Catalogue) -> NamedLayers | None:
        """The layers whose units have the names of classes; None if there are none.

        Raises:
            UserError: the names that the config gives fit no layer.
        """
        return named_layers(self.labels, catalogue, self.job["catalogue"], self.where)


@dataclass(frozen=True)
class ModelPlan:
    """All models of a config; what their rules look up by `series` and `instance`.

    Attributes:
        results: the results folder.
        options: of every instance, by series and instance.
        series: what the config says of every series.
        left_out: models of the series' folders that take no picture, and why not.
    """

    results: Path
    options: dict[tuple[str, str], InstanceOptions]
    series: Mapping[str, Level | None]
    left_out: Mapping[tuple[str, str], str] = field(default_factory=dict)

    def model_files(self, wildcards: Any) -> tuple[str, ...]:
        """The files that the job that imports an instance's model reads it from.

        None where the model was there when the workflow started: it has been imported then.
        """
        source = self._options(wildcards.series, wildcards.instance).source
        return source.files if source.is_made else ()

    @property
    def made_series(self) -> str:
        """Regular expression for the series, before an instance, of models that jobs make."""
        made = [key for key, options in self.options.items() if options.source.is_made]
        return "|".join("{}(?=/{}/)".format(*map(re.escape, key)) for key in made) or "(?!)"

    def import_job(self, wildcards: Any) -> str:
        """What the job that imports a model is given: a list of one for `models.import_model`."""
        return canonical_json([self._options(wildcards.series, wildcards.instance).job])

    def catalogue_files(self, wildcards: Any) -> list[str]:
        """The catalogues of all instances of a series."""
        return [
            options.job["catalogue"]
            for (series, _), options in self.options.items()
            if series == wildcards.series
        ]

    def left_out_of(self, wildcards: Any) -> str:
        """The models of a series that take no picture, by instance, as JSON."""
        return canonical_json(
            {name: why for (series, name), why in self.left_out.items()
             if series == wildcards.series}
        )  # fmt: skip

    def all_preflights(self, _: Any = None) -> list[str]:
        """The reports on the models of all series."""
        return [self.pattern(layout.PREFLIGHT).format(series=name) for name in self.series]

    def all_range_sheets(self, _: Any = None) -> list[str]:
        """Of each series whose value range is only assumed: units of its last such instance.

        Models that jobs make have ranges that are known.
        """
        chosen = {
            series: instance
            for (series, instance), options in self.options.items()
            if series in self.series and not options.source.is_made
            and catalogues.read(options.job["catalogue"]).picture.is_range_assumed
        }  # fmt: skip
        pattern = self.pattern(layout.RANGE_SHEET)
        return [pattern.format(series=name, instance=chosen[name]) for name in chosen]

    def lucid_checksum(self, wildcards: Any) -> str:
        """The SHA-256 that the config gives for a model of lucid's zoo, or nothing."""
        for options in self.options.values():
            said = options.source.options
            if said.get("lucid") == wildcards.model and "sha256" in said:
                return str(said["sha256"])
        return ""

    def pattern(self, template: str) -> str:
        """A path of `layout` with its wildcards."""
        return f"{self.results}/{template}"

    def catalogue(self, wildcards: Any) -> str:
        """The instance's catalogue."""
        return str(self._options(wildcards.series, wildcards.instance).job["catalogue"])

    def graph(self, wildcards: Any) -> str:
        """The instance's frozen graph in normal form."""
        return str(self._options(wildcards.series, wildcards.instance).job["graph"])

    def _options(self, series: str, instance: str) -> InstanceOptions:
        if (series, instance) not in self.options:
            there = ", ".join(map("/".join, self.options))
            raise UserError(f"the config has no {series}/{instance}; there are {there}")
        return self.options[series, instance]
