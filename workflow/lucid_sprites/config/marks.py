"""What each output has to say of how it was made: the rules' counterpart of `lucid_sprites.made`.

A mark is made of the job's parameters and of all that is known beforehand of its inputs, so that
it tells a stale output whose inputs are right, too. Where results lie is no part of it.
"""

import json
from dataclasses import dataclass
from typing import Any

from lucid_sprites.config import catalogues
from lucid_sprites.config.images import ImagePlan
from lucid_sprites.config.plan import InstancePlan, Plan
from lucid_sprites.config.selection import LayerPlan
from lucid_sprites.config.settings import canonical_json
from lucid_sprites.made import tag

# Of a block's parameters: where things lie, and how fast it is made.
_UNSEEN = ("graph", "batch", "keep_state", "results", "folder")


@dataclass(frozen=True)
class Marks:
    """The marks of what a plan of layers or studies makes, by wildcards."""

    plan: Plan

    def model(self, wildcards: Any) -> str:
        """Of a model in normal form and its catalogue."""
        return catalogues.made(self.plan.options[wildcards.series, wildcards.instance].job["stamp"])

    def block(self, wildcards: Any) -> str:
        """Of a block."""
        return of_spec(self.plan.block_spec(wildcards))

    def sheet(self, wildcards: Any) -> str:
        """Of a sheet and the JSON beside it."""
        instance, layer = self.plan.instance_of(wildcards), self.plan.layer_of(wildcards)
        return of_spec(self.plan.sheet_spec(wildcards), self._looks(instance, layer))

    def losses(self, wildcards: Any) -> str:
        """Of a log of attempts."""
        return of_spec(self.plan.losses_spec(wildcards), self.instance(wildcards))

    def instance(self, wildcards: Any) -> str:
        """Of all sprites of an instance."""
        instance = self.plan.instance_of(wildcards)
        return tag(*(self._looks(instance, layer) for layer in instance.layers))

    def series(self, wildcards: Any) -> str:
        """Of all sprites of a series."""
        instances = [self.plan.instance(*key) for key in self.plan.options
                     if key[0] == wildcards.series]  # fmt: skip
        return tag(*(f"{each.instance} {self.instance(each)}" for each in instances))

    def _looks(self, instance: InstancePlan, layer: LayerPlan) -> str:
        """Changes with the look, the number or the thresholds of any sprite of a layer."""
        groups = [
            [self.plan.identity(instance, layer, settings), settings["thresholds"], indexes]
            for settings, indexes in layer.groups
        ]
        return canonical_json([layer.number, layer.name, groups])


class StudyMarks(Marks):
    """The marks of studies."""

    def losses(self, wildcards: Any) -> str:
        """Of a study's log of attempts."""
        instance, study = self.plan.instance_of(wildcards), self.plan.layer_of(wildcards)
        return of_spec(self.plan.losses_spec(wildcards), self._looks(instance, study))


@dataclass(frozen=True)
class ImageMarks:
    """The marks of what is made of pictures, by wildcards."""

    images: ImagePlan

    def archive(self, wildcards: Any) -> str:
        """Of all views of a picture by a method."""
        return of_spec(self.images.archive_spec(wildcards))

    def table(self, wildcards: Any) -> str:
        """Of the table of a series."""
        return of_spec(self.images.table_spec(wildcards), *self.images.sources(wildcards))


def of_spec(spec: str, *more: str) -> str:
    """The mark of what is made of parameters, given as canonical JSON, and of `more`."""
    seen = {key: value for key, value in json.loads(spec).items() if key not in _UNSEEN}
    return tag(canonical_json(seen), *more)
