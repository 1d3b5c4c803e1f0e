"""What the config asks for, file by file: whether there would be one with these wildcards."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

from lucid_sprites import layout
from lucid_sprites.errors import UserError
from lucid_sprites.planning.comparison import Comparisons
from lucid_sprites.planning.images import ImagePlan
from lucid_sprites.planning.layers import LayerPlan
from lucid_sprites.planning.sprites import Plan
from lucid_sprites.planning.studies import StudiesPlan
from lucid_sprites.planning.training import Trainings


@dataclass(frozen=True)
class Asked:
    """All plans of a config. The answers are false, or a UserError or LookupError, for no.

    Of an instance whose model is still to be made everything may be asked for.

    Attributes:
        tables: names of the viewer's tables, with their series.
    """

    plan: Plan
    studies: StudiesPlan
    images: ImagePlan
    trainings: Trainings
    comparisons: Comparisons
    tables: frozenset[tuple[str, str]]

    def series(self, wildcards: Any) -> object:
        """A file of a whole series."""
        return wildcards.series in self.plan.series

    def step(self, wildcards: Any) -> object:
        """The log of one of a series' pages and tables."""
        kind, _, name = wildcards.step.partition("_")
        name = name or (kind if kind == "pictures" else "")
        return not name or (wildcards.series, name) in self.tables

    def table(self, wildcards: Any) -> object:
        """A table of the viewer."""
        return (wildcards.series, wildcards.table) in self.tables

    def picture_table(self, wildcards: Any) -> object:
        """What pictures excite in the units of a series."""
        return (wildcards.series, "pictures") in self.images.tables()

    def comparison(self, wildcards: Any) -> object:
        """A file of the comparison of a series' states."""
        return wildcards.series in self.comparisons.by_series

    def changes(self, wildcards: Any) -> object:
        """How much the neurons of a series changed from state to state."""
        return len(self.comparisons.by_series[wildcards.series].instances) > 1

    def across(self, wildcards: Any) -> object:
        """A file of the comparison with another series."""
        return self.comparisons.by_series[wildcards.series].other is not None

    def response(self, wildcards: Any) -> object:
        """Responses of one state to the sprites of another."""
        states = self.comparisons.by_series[wildcards.series].instances
        return {wildcards.instance, wildcards.other} <= set(states)

    def training(self, wildcards: Any) -> object:
        """A file of a whole training."""
        return wildcards.series in self.trainings.by_series

    def epoch(self, wildcards: Any) -> object:
        """A state of a training."""
        return int(wildcards.epoch) in self.trainings.by_series[wildcards.series].epochs

    def instance(self, wildcards: Any) -> object:
        """A file of a whole instance."""
        return (wildcards.series, wildcards.instance) in self.plan.options

    def left_out(self, wildcards: Any) -> object:
        """What is known of a model that takes no picture."""
        return (wildcards.series, wildcards.instance) in self.plan.left_out

    def range_sheet(self, wildcards: Any) -> object:
        """Units of an instance under several value ranges."""
        sheet = self.plan.pattern(layout.RANGE_SHEET).format(
            series=wildcards.series, instance=wildcards.instance
        )
        return sheet in self.plan.all_range_sheets()

    def layer(self, wildcards: Any) -> Literal[True] | LayerPlan:
        """A file of a whole layer."""
        return self._is_open(wildcards) or self.plan.layer_of(wildcards)

    def block(self, wildcards: Any) -> object:
        """A block of a layer."""
        layer = self.layer(wildcards)
        return layer is True or int(wildcards.block) in layer.blocks

    def sprite(self, wildcards: Any) -> object:
        """A sprite of a layer."""
        return self._is_open(wildcards) or self.plan.block_of_sprite(wildcards)

    def sheet(self, wildcards: Any) -> object:
        """A file of one layer and threshold."""
        layer = self.layer(wildcards)
        return layer is True or int(wildcards.threshold) in layer.thresholds

    def archive(self, wildcards: Any) -> object:
        """What a method makes of a picture."""
        return self._is_open(wildcards) or self.images.views_of(wildcards)

    def view(self, wildcards: Any) -> object:
        """The same for one layer."""
        return self._is_open(wildcards) or wildcards.view in self.images.views_of(wildcards)

    def study(self, wildcards: Any) -> Literal[True] | LayerPlan:
        """A file of a whole study."""
        return self._is_open(wildcards) or self.studies.sprites.layer_of(wildcards)

    def study_block(self, wildcards: Any) -> object:
        """A block of a study."""
        study = self.study(wildcards)
        return study is True or int(wildcards.block) in study.blocks

    def study_sprite(self, wildcards: Any) -> object:
        """A sprite of a study."""
        return self._is_open(wildcards) or self.studies.sprites.block_of_sprite(wildcards)

    def study_sheet(self, wildcards: Any) -> object:
        """A file of one study and threshold."""
        study = self.study(wildcards)
        return study is True or int(wildcards.threshold) in study.thresholds

    def _is_open(self, wildcards: Any) -> bool:
        """Whether the instance is asked for, and its model not known yet."""
        return (wildcards.series, wildcards.instance) in self._unknown

    @cached_property
    def _unknown(self) -> set[tuple[str, str]]:
        """Instances whose catalogue is not there: none is made for this."""
        unknown = set()
        for plan in (self.plan, self.studies.sprites):
            for key in plan.options:
                try:
                    plan.without_waiting().instance(*key)
                except UserError:
                    unknown.add(key)
        return unknown
