"""What the rules of the viewer look up: the pages of a plan and what they are made of."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from lucid_sprites import layout
from lucid_sprites.files import natural_key, sha256
from lucid_sprites.made import tag
from lucid_sprites.planning import class_names
from lucid_sprites.planning.layers import LayerPlan
from lucid_sprites.planning.sprites import Plan
from lucid_sprites.planning.targets import InstancePlan
from lucid_sprites.recipe import index_ranges
from lucid_sprites.recipe.settings import canonical_json

_PAGE = Path(layout.__file__).parent / "viewer" / "page"

PLOTS = {
    "loss": "loss over steps",
    "late_rise": "rise at the end",
    "status": "status counts",
    "time": "time per layer",
}
"""What the report calls each plot of `viewer.plots`; `workflow/report/<plot>.rst` explains it."""


@dataclass(frozen=True)
class Pages:
    """The pages of a plan; `wildcards` as for `planning.sprites.Plan`.

    Attributes:
        plan: what there is to show.
        more_tables: tables that other stages make, beside those that the config names.
        trainings: logs of the trainings, by series.
    """

    plan: Plan
    more_tables: dict[tuple[str, str], str] = field(default_factory=dict)
    trainings: dict[str, str] = field(default_factory=dict)

    @cached_property
    def tables(self) -> dict[tuple[str, str], str]:
        """CSV files about the units of a series (see `viewer.table`), by series and name.

        What the config names is shown in place of a stage's table of that name.
        """
        return {**self.more_tables, **self.plan.tables}

    def layer_inputs(self, wildcards: Any) -> list[str]:
        """The sheets' JSON files and the blocks of a layer."""
        layer = self.plan.layer_of(wildcards)
        sheets = [
            self._path(layout.SHEET_INDEX, wildcards, layer=layer.number, threshold=threshold)
            for threshold in layer.thresholds
        ]
        blocks = [
            self._path(layout.BLOCK, wildcards, layer=layer.number, block=block)
            for block in layer.blocks
        ]
        return sheets + blocks

    def layer_spec(self, wildcards: Any) -> str:
        """What the job of a layer is given, as canonical JSON."""
        instance, layer = self.plan.instance_of(wildcards), self.plan.layer_of(wildcards)
        return canonical_json(
            {
                "format": layout.PAGE_FORMAT,
                "results": str(self.plan.results),
                "series": wildcards.series,
                "instance": wildcards.instance,
                "number": layer.number,
                "name": layer.name,
                "op": instance.catalogue.layers[layer.number].op,
                "depth": layer.depth,
                "columns": layer.columns,
                "thresholds": layer.thresholds,
                "blocks": index_ranges.shorten(list(layer.blocks)),
                "groups": [
                    {"indexes": index_ranges.shorten(group.indexes), "settings": group.settings}
                    for group in layer.groups
                ],
            }
        )

    def manifest_inputs(self, wildcards: Any) -> list[str]:
        """Summaries of all layers of a series, its tables and log, and its review file if any."""
        summaries = [
            self._path(layout.PAGE_SUMMARY, instance, layer=layer.number)
            for instance in self._instances(wildcards.series)
            for layer in instance.layers
        ]
        review = self.plan.reviews[wildcards.series]
        log = self.trainings.get(wildcards.series)
        tables = self.series_tables(wildcards).values()
        return [
            *summaries,
            *tables,
            *([log] if log else []),
            *([review] if Path(review).exists() else []),
        ]

    def manifest_spec(self, wildcards: Any) -> str:
        """What the job of a manifest is given, as JSON."""
        series = wildcards.series
        return canonical_json(
            {
                "format": layout.PAGE_FORMAT,
                "results": str(self.plan.results),
                "review": self.plan.reviews[series],
                "series": series,
                "instances": [
                    [plan.instance, index_ranges.shorten([layer.number for layer in plan.layers])]
                    for plan in self._instances(series)
                ],
                "tables": list(self.series_tables(wildcards).items()),
                "training": self.trainings.get(series),
            }
        )

    def series_tables(self, wildcards: Any) -> dict[str, str]:
        """The CSV files of a series' tables by name."""
        return self._tables_of_series(wildcards.series)

    def table(self, wildcards: Any) -> str:
        """The CSV of a table."""
        return self.tables[wildcards.series, wildcards.table]

    def page_data(self, wildcards: Any) -> list[str]:
        """All that the page of a series loads."""
        return self._data_of_series(wildcards.series)

    def bundle_tables(self, wildcards: Any) -> list[str]:
        """The tables of a series as its bundle is given them, `name=path`."""
        return [f"{name}={path}" for name, path in self.series_tables(wildcards).items()]

    def bundle_inputs(self, wildcards: Any) -> list[str]:
        """The page and what else goes into a bundle; the rest hangs on these."""
        return [
            self.plan.pattern(layout.PAGE).format(series=wildcards.series),
            *(self._path(layout.LOSSES, plan) for plan in self._instances(wildcards.series)),
        ]

    @cached_property
    def _page_sources(self) -> str:
        files = sorted(_PAGE.iterdir())
        return tag(*(f"{file.name} {sha256(file)}" for file in files))

    def page_sources(self, _: Any = None) -> str:
        """Changes with the scripts and styles that pages are made of."""
        return self._page_sources

    def manifests(self, _: Any = None) -> list[str]:
        """The manifest of every series; of those that the workflow trains if it has done so."""
        return self._of_shown_series(layout.MANIFEST)

    def other_manifests(self, _: Any = None) -> list[str]:
        """The manifests of series that lie in the results and that this config does not have."""
        manifests = Path(self.plan.results).glob(layout.MANIFEST.format(series="*"))
        names = (path.parent.name for path in manifests if path.is_file())
        return [
            self.plan.pattern(layout.MANIFEST).format(series=name)
            for name in sorted(names, key=natural_key)
            if re.fullmatch(layout.NAME, name) and name not in self.plan.series
        ]

    def own_series(self) -> str:
        """A regular expression for the series of this config: no rule makes those of others."""
        return "|".join(map(re.escape, self.plan.series)) or layout.NAME

    def all_pages(self, _: Any = None) -> list[str]:
        """The page of every series with all that it loads, and the page over all of them."""
        return [*self._pages(self._given), self.plan.pattern(layout.START_PAGE)]

    def trained_pages(self, _: Any = None) -> list[str]:
        """The pages of the series that the workflow trains, with all that they load."""
        return self._pages(self.plan.only(trained=True))

    def all_plots(self, _: Any = None) -> list[str]:
        """The plots of every series."""
        return [
            path
            for plot in PLOTS
            for path in self._of_all_series(self._given, layout.PLOT, plot=plot)
        ]

    def all_bundles(self, _: Any = None) -> list[str]:
        """The bundle of every series; of those that the workflow trains if it has done so."""
        return self._of_shown_series(layout.BUNDLE)

    @property
    def _given(self) -> Plan:
        return self.plan.only(trained=False)

    def _instances(self, series: str) -> list[InstancePlan]:
        return [self.plan.instance(*key) for key in self.plan.options if key[0] == series]

    def named_instances(self, series: str) -> list[str]:
        """The instances of a series whose classes have names, with what changes with these."""
        return [
            class_names.marked(instance.instance, instance.named.data)
            for instance in self._instances(series)
            if instance.named
        ]

    def _of_shown_series(self, template: str) -> list[str]:
        """A file of every series that the start page shows."""
        manifest, wanted = self.plan.pattern(layout.MANIFEST), self.plan.pattern(template)
        trained = [
            series
            for series in self.plan.only(trained=True).series
            if Path(manifest.format(series=series)).exists()
        ]
        return [wanted.format(series=series) for series in [*self._given.series, *trained]]

    def _of_all_series(self, plan: Plan, template: str, **fields: str) -> list[str]:
        pattern = plan.pattern(template)
        return [pattern.format(series=series, **fields) for series in plan.series]

    def _pages(self, plan: Plan) -> list[str]:
        """Pages, and what they load: Snakemake misses nothing that only they depend on."""
        pages = self._of_all_series(plan, layout.PAGE) + self._of_all_series(plan, layout.MANIFEST)
        data = [path for series in plan.series for path in self._data_of_series(series)]
        made = [
            path
            for (series, name), path in self.more_tables.items()
            if series in plan.series and self.tables[series, name] == path
        ]
        return pages + data + made

    def _tables_of_series(self, series: str) -> dict[str, str]:
        return {
            name: path for (of_series, name), path in self.tables.items() if of_series == series
        }

    def _data_of_series(self, series: str) -> list[str]:
        return [
            path
            for instance in self._instances(series)
            for layer in instance.layers
            for path in self._data_of_layer(instance, layer)
        ] + [
            self.plan.pattern(layout.PAGE_TABLE).format(series=series, table=table)
            for table in self._tables_of_series(series)
        ]

    def _data_of_layer(self, instance: InstancePlan, layer: LayerPlan) -> Iterator[str]:
        for template in (layout.PAGE_CELLS, layout.PAGE_DETAILS, layout.PAGE_SUMMARY):
            yield self._path(template, instance, layer=layer.number)
        for threshold in layer.thresholds:
            wildcards = {"layer": layer.number, "threshold": threshold}
            yield self._path(layout.PAGE_PIXELS, instance, **wildcards)

    def _path(self, template: str, instance: Any, **fields: Any) -> str:
        """A path of an instance, which is given as its plan or by wildcards."""
        pattern = self.plan.pattern(template)
        return pattern.format(series=instance.series, instance=instance.instance, **fields)
