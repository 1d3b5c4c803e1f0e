"""The plan of the studies: what is asked for beside the sprites, and what their jobs are given.

The rules of studies are those of layers, and so is the plan of their sprites (`planning.sprites`),
under paths of their own; `wildcards.study` stands where `wildcards.layer` does.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

from lucid_sprites import layout
from lucid_sprites.planning.layers import LayerPlan
from lucid_sprites.planning.models import InstanceOptions
from lucid_sprites.planning.sprite_jobs import LossesData
from lucid_sprites.planning.sprites import Plan
from lucid_sprites.planning.targets import Targets
from lucid_sprites.recipe import index_ranges
from lucid_sprites.recipe.layer_catalogue import Catalogue
from lucid_sprites.recipe.settings import canonical_json


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

    @property
    def wildcard(self) -> str:
        """How it is called in file names."""
        return self.name


def study_targets(
    select: Callable[[InstanceOptions, Catalogue], Sequence[StudyPlan]],
) -> Targets:
    """Studies as what the sprites of a plan are of.

    Args:
        select: gives the studies of an instance.
    """
    return Targets(
        kind="study",
        unknown="the config has no study {}; there are",
        select=select,
        block=layout.STUDY_BLOCK,
        sprite=layout.STUDY_SPRITE,
        sheet=layout.STUDY_SHEET,
        sheet_index=layout.STUDY_SHEET_INDEX,
    )


@dataclass(frozen=True)
class StudiesPlan:
    """All studies.

    Attributes:
        sprites: the plan of their sprites, whose targets are studies.
    """

    sprites: Plan

    def only(self, trained: bool) -> "StudiesPlan":
        """The part of the plan whose series are trained by the workflow, or the other part."""
        return replace(self, sprites=self.sprites.only(trained))

    def study_of(self, wildcards: Any) -> StudyPlan:
        """The study that a job is for; UserError if the config does not ask for it."""
        return cast(StudyPlan, self.sprites.layer_of(wildcards))

    def photos(self, wildcards: Any) -> list[str]:
        """The photos that a study refers to."""
        return self.study_of(wildcards).photos

    def sheet_spec(self, wildcards: Any) -> str:
        """What the sheet's job is given, as canonical JSON."""
        study = self.study_of(wildcards)
        spec = self.sprites.sheet_data(wildcards)
        spec |= {"study": study.name, "titles": study.titles}
        return canonical_json(spec)

    def losses_spec(self, wildcards: Any) -> str:
        """The blocks that a study's log is made of, as canonical JSON."""
        study = self.study_of(wildcards)
        spec: LossesData = {
            "results": str(self.sprites.results),
            "series": wildcards.series,
            "instance": wildcards.instance,
            "study": study.name,
            "blocks": {study.number: index_ranges.shorten(list(study.blocks))},
        }
        return canonical_json(spec)

    def all_losses(self, _: Any = None) -> list[str]:
        """The loss log of every study."""
        pattern = self.sprites.pattern(layout.STUDY_LOSSES)
        return [
            pattern.format(series=plan.series, instance=plan.instance, study=study.name)
            for plan in self.sprites.instances.values()
            for study in plan.layers
        ]
