"""The plan of the studies: what `planning.sprites` is for layers, under paths of their own.

The rules of studies are those of layers, and so are their answers; `wildcards.study` stands where
`wildcards.layer` does.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, cast

from lucid_sprites import layout
from lucid_sprites.errors import UserError
from lucid_sprites.planning.layers import LayerPlan
from lucid_sprites.planning.models import InstanceOptions
from lucid_sprites.planning.sprites import InstancePlan, Plan
from lucid_sprites.recipe import index_ranges
from lucid_sprites.recipe.layer_catalogue import Catalogue
from lucid_sprites.recipe.settings import canonical_json

_PATHS = {
    layout.BLOCK: layout.STUDY_BLOCK,
    layout.SPRITE: layout.STUDY_SPRITE,
    layout.SHEET: layout.STUDY_SHEET,
    layout.LOSSES: layout.STUDY_LOSSES,
    layout.STORE: layout.STORE,
}


@dataclass(frozen=True)
class StudyPlan(LayerPlan):
    """A study of one instance: its cells are what channels are to a layer.

    Its `content` is empty: each cell's settings have one of their own, of what it looks at.

    Attributes:
        titles: what the cells are called.
        photos: files that its objectives and starts refer to.
    """

    titles: list[str]
    photos: list[str]


def _no_studies(plan: InstancePlan, options: InstanceOptions) -> list[StudyPlan]:
    """What a plan makes that nobody gave studies to."""
    return []


@dataclass
class StudiesPlan(Plan):
    """All studies; the `layers` of its instances are `StudyPlan`s.

    Attributes:
        make: gives the studies of an instance, from its plan and options.
    """

    kind: ClassVar[str] = "study"

    make: Callable[[InstancePlan, InstanceOptions], list[StudyPlan]] = _no_studies

    def add(self, series: str, instance: str, catalogue: Catalogue) -> None:
        """Plan the studies of an instance whose catalogue is known.

        Raises:
            UserError: a study does not fit the catalogue.
        """
        own = self.options[series, instance]
        plan = InstancePlan(series, instance, own.job["graph"], catalogue, [])
        studies = self.make(plan, own)
        self._planned[series, instance] = replace(plan, layers=studies)

    def photos(self, wildcards: Any) -> list[str]:
        """The photos that a study refers to."""
        return self.layer_of(wildcards).photos

    def sheet_spec(self, wildcards: Any) -> str:
        """What the sheet's job is given, as canonical JSON."""
        study = self.layer_of(wildcards)
        spec = json.loads(super().sheet_spec(wildcards))
        return canonical_json({**spec, "study": study.name, "titles": study.titles})

    def losses_spec(self, wildcards: Any) -> str:
        """The blocks that a study's log is made of, as canonical JSON."""
        study = self.layer_of(wildcards)
        return canonical_json(
            {
                "results": str(self.results),
                "series": wildcards.series,
                "instance": wildcards.instance,
                "study": study.name,
                "blocks": {study.number: index_ranges.shorten(list(study.blocks))},
            }
        )

    def study_blocks(self, wildcards: Any) -> list[str]:
        """All blocks of a study."""
        study = self.layer_of(wildcards)
        return [
            self._path(layout.BLOCK, wildcards, layer=study.number, block=block)
            for block in study.blocks
        ]

    def study_sprites(self, wildcards: Any) -> list[str]:
        """All sprites of a study."""
        study = self.layer_of(wildcards)
        return [
            sprite
            for threshold in study.thresholds
            for sprite in self._sprites(wildcards, study, threshold)
        ]

    def all_losses(self, _: Any = None) -> list[str]:
        """The loss log of every study."""
        return [
            self._path(layout.LOSSES, plan, layer=study.number) for plan, study in self._studies()
        ]

    def _studies(self) -> Iterator[tuple[InstancePlan, LayerPlan]]:
        for plan in self.instances.values():
            for study in plan.layers:
                yield plan, study

    def _path(self, template: str, place: Any, **fields: Any) -> str:
        names = {study.number: study.name for study in self.instance_of(place).layers}
        study = names.get(fields.get("layer", -1))
        return super()._path(_PATHS[template], place, study=study, **fields)

    def layer_of(self, wildcards: Any) -> StudyPlan:
        """The study that a job is for; UserError if the config does not ask for it."""
        studies = cast(Sequence[StudyPlan], self.instance_of(wildcards).layers)
        by_name = {study.name: study for study in studies}
        if wildcards.study not in by_name:
            raise UserError(
                f"{wildcards.series}/{wildcards.instance}: the config has no study "
                f"{wildcards.study}; there are {', '.join(by_name) or 'none'}"
            )
        return by_name[wildcards.study]
