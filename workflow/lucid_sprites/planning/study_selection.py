"""The studies of config.yaml, resolved against what each graph offers."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from lucid_sprites.config import schema
from lucid_sprites.errors import UserError
from lucid_sprites.planning import cost, study_kinds
from lucid_sprites.planning.class_names import NamedLayers
from lucid_sprites.planning.layers import find_one, groups_of
from lucid_sprites.planning.models import InstanceOptions
from lucid_sprites.planning.sprites import Plan
from lucid_sprites.planning.studies import StudiesPlan, StudyPlan, study_targets
from lucid_sprites.planning.study_kinds import Cell
from lucid_sprites.recipe.layer_catalogue import Catalogue, Layer
from lucid_sprites.recipe.objectives import OBJECTIVES, Objective, text
from lucid_sprites.recipe.objectives.arithmetic import ObjectiveData
from lucid_sprites.recipe.objectives.vocabulary import BY_MEMBER, COUPLING, INPUT, NEEDS_ALPHA
from lucid_sprites.recipe.setting_types import Level, Settings, SpriteSettings
from lucid_sprites.recipe.settings import merge, photo, resolve, sized

_LARGEST_GROUP = 32


def plan_studies(config: Mapping[str, Any], plan: Plan, source: str) -> StudiesPlan:
    """The studies of all instances.

    Args:
        config: what the config file holds.
        plan: of the layers; its catalogues tell what graphs offer.
        source: the config file's name, for messages.

    Raises:
        UserError: whatever is wrong with a study.
    """
    studies = schema.check_config(config, source).get("studies") or {}
    for name, study in studies.items():
        _check_places(study, plan, f"{source}: study {name}")
    shown = {
        key: options
        for key, options in plan.options.items()
        if any(_concerns(study, *key) for study in studies.values())
    }

    def select(options: InstanceOptions, catalogue: Catalogue) -> list[StudyPlan]:
        key = options.source.series, options.source.instance
        named = options.named(catalogue)
        return [
            study_plan(
                number, name, study, options.settings, catalogue, f"{source}: study {name}",
                "/".join(key), named,
            )
            for number, (name, study) in enumerate(studies.items())
            if _concerns(study, *key)
        ]  # fmt: skip

    sprites = Plan(
        plan.results,
        shown,
        plan.series,
        import_first=plan.import_first,
        targets=study_targets(select),
    )
    for instance in plan.known().instances.values():
        if (instance.series, instance.instance) in shown:
            sprites.add(instance.series, instance.instance, instance.catalogue)
    return StudiesPlan(sprites)


def _concerns(study: Level, series: str, instance: str) -> bool:
    """Whether a study is made of an instance."""
    return series in map(str, study.get("series", [series])) and instance in map(
        str, study.get("instances", [instance])
    )


def _check_places(study: Level, plan: Plan, where: str) -> None:
    """Raise UserError for series and instances that do not exist."""
    series, instances = zip(*plan.options, strict=True)
    for key, label, known in (
        ("series", "series", series),
        ("instances", "instance", instances),
    ):
        for name in map(str, study.get(key, [])):
            if name not in known:
                raise UserError(
                    f"{where}: no {label} {name!r}; there are {', '.join(dict.fromkeys(known))}"
                )


def study_plan(
    number: int,
    name: str,
    study: Level,
    settings: Settings,
    catalogue: Catalogue,
    where: str,
    instance: str,
    named: NamedLayers | None = None,
) -> StudyPlan:
    """One study of one instance.

    Args:
        study: as in config.yaml.
        settings: of the levels above the study.
        catalogue: what the instance's graph offers.
        where, instance: the place in the config, and what the instance is called, for messages.
        named: the layers whose units have the names of classes, if there are any.

    Raises:
        UserError: whatever is wrong with the study.
    """
    kind = study_kinds.expand(study, where)
    picture = catalogue.picture
    settings = sized(merge(settings, study), picture.height, picture.width)
    members = len(kind.cells) if kind.is_joint or settings["shared"] else 0
    if members:
        settings = {**settings, "attempts": 1, "fallbacks": []}
    if members > _LARGEST_GROUP:
        raise UserError(
            f"{where}: {members} sprites are more than {_LARGEST_GROUP} in one joint group"
        )
    looked_at = _Seen(catalogue, f"{where}, {instance}", named)
    cells = [
        _cell_settings(cell, number, members, settings, looked_at)
        for number, cell in enumerate(kind.cells)
    ]
    if members:  # they all depend on each other
        cells = [{**cell, "content": looked_at.content} for cell in cells]
    batch, block_size = cost.sizes(looked_at.cost.macs, looked_at.cost.activations, settings)
    starts = [cell["start"]["file"] for cell in cells if "start" in cell]
    columns = kind.columns if settings["columns"] == "auto" else settings["columns"]
    return StudyPlan(
        number=number,
        name=name,
        depth=len(cells),
        content="",
        macs=looked_at.cost.macs,
        activations=looked_at.cost.activations,
        columns=min(columns, len(cells)),
        batch=batch,
        block_size=members or block_size,
        keep_state=settings["keep_state"],
        groups=groups_of((cell, number) for number, cell in enumerate(cells)),
        titles=[cell.title or text(cell.objective.data) for cell in kind.cells],
        photos=sorted({*looked_at.photos, *starts}),
    )


def _cell_settings(
    cell: Cell, number: int, members: int, settings: Settings, looked_at: "_Seen"
) -> SpriteSettings:
    """All that a sprite of a study is made by, as plain data."""
    settings = merge(settings, cell.settings)
    where = f"{looked_at.where}, objective {number + 1}"
    if settings["engine"] != "batched":
        raise UserError(f"{where}: engine {settings['engine']} optimizes channels of layers only")
    share = number / (members - 1) if members > 1 else None
    seen = replace(looked_at, digests=set(), crop=None)
    objective = seen.resolve(cell.objective, share, bool(members), settings["alpha"], where)
    looked_at.digests.update(seen.digests)
    resolved = resolve(settings, where, seen.crop)
    resolved["objective"] = objective.data
    resolved["stream"] = number if cell.stream is None else cell.stream
    resolved["content"] = seen.content
    if members:
        resolved["members"] = members
    return resolved


@dataclass
class _Cost:
    """Of the costliest of some layers, for each pixel of the picture (see `Layer`)."""

    macs: float = 0.0
    activations: float = 1.0

    def include(self, layer: Layer) -> None:
        """Count another layer."""
        self.macs = max(self.macs, layer.macs)
        self.activations = max(self.activations, layer.activations)


@dataclass
class _Seen:
    """Objectives made fit for a graph, and what they look at in it.

    Attributes:
        named: the layers whose units have the names of classes, if there are any.
        cost: of the costliest layer.
        photos: files.
        digests: of the layers.
        crop: height and width of the pictures that one of the layers needs; None if all take any.
    """

    catalogue: Catalogue
    where: str
    named: NamedLayers | None = None
    cost: _Cost = field(default_factory=_Cost)
    photos: set[str] = field(default_factory=set)
    digests: set[str] = field(default_factory=set)
    crop: list[int] | None = None

    @property
    def content(self) -> str:
        """A digest of all that the layers are computed from."""
        return hashlib.sha256(" ".join(sorted(self.digests)).encode()).hexdigest()

    def resolve(
        self, objective: Objective, share: float | None, joint: bool, alpha: bool, where: str
    ) -> Objective:
        """The same objective with layers by their full names and photos by their content.

        Args:
            share: the sprite's place in its joint group, from 0 to 1; None where it is alone.
            joint: the sprite is a member of a joint group.
            alpha: the sprite is transparent.
        """
        data = objective.data
        name = data["objective"]
        if name == "number":
            return objective
        if name in ("sum", "product"):
            parts = [self.resolve(Objective(p), share, joint, alpha, where) for p in data["of"]]
            return Objective({**data, "of": [part.data for part in parts]})
        if name in COUPLING and not joint:
            raise UserError(f"{where}: {name} compares sprites: use it under `together`")
        if name in NEEDS_ALPHA and not alpha:
            raise UserError(f"{where}: {name} is for transparent sprites: set `alpha: true`")
        if name == BY_MEMBER:
            return self._interpolated(data, share, where)
        return Objective(self._call(data, where))

    def _interpolated(self, data: ObjectiveData, share: float | None, where: str) -> Objective:
        """lucid's channel_interpolate for one member of a joint group."""
        if share is None:
            raise UserError(f"{where}: {BY_MEMBER} needs several sprites: use it under `together`")
        first, last = (
            Objective(
                self._call(
                    {
                        "objective": "channel",
                        "layer": data[f"layer{end}"],
                        "n_channel": data[f"n_channel{end}"],
                    },
                    where,
                )
            )
            for end in (1, 2)
        )
        return study_kinds.mixed(first, last, share)

    def _call(self, data: ObjectiveData, where: str) -> ObjectiveData:
        called = dict(data)
        depth, layer = 0, None
        for parameter in OBJECTIVES[data["objective"]]:
            value = data[parameter.name]
            if parameter.kind in ("layer", "scores") and value != INPUT:
                layer = self._layer(value, where)
                called[parameter.name], depth = layer.name, layer.depth
                self.digests.add(layer.content)
                sizes = [size for size in (self.crop, layer.needs) if size]
                self.crop = max(sizes, default=None)
                self.cost.include(layer)
            elif isinstance(value, dict) and "photo" in value:
                self.photos.add(value["photo"])
                called[parameter.name] = {**value, "photo": photo(value["photo"], where)}
            elif parameter.kind == "class" and isinstance(value, str):
                called[parameter.name] = self._class(value, layer, where)
            elif parameter.kind in ("channel", "channels", "class"):
                _check_depth(value, called["layer"], depth, where)
            elif parameter.kind == "vector" and isinstance(value, list) and len(value) != depth:
                raise UserError(
                    f"{where}: {len(value)} numbers for the {depth} channels of {called['layer']}"
                )
        return called

    def _layer(self, selector: Any, where: str) -> Layer:
        """The layer that a selector stands for, or that gives the scores of the classes."""
        if selector is None:
            return self._with_names(where).scores
        return find_one(selector, self.catalogue, where)

    def _class(self, name: str, layer: Layer | None, where: str) -> int:
        """The unit that stands for a class.

        Args:
            layer: None for the picture.
        """
        if layer is None:
            raise UserError(f"{where}: the picture has no classes; name a layer that has them")
        return self._with_names(where).index(name, layer, where)

    def _with_names(self, where: str) -> NamedLayers:
        if self.named is None:
            raise UserError(
                f"{where}: the classes of this network have no names; give `labels`, a file of "
                "them, or name the layer and the number of the class"
            )
        return self.named


def _check_depth(value: int | list[int], layer: str, depth: int, where: str) -> None:
    largest = value if isinstance(value, int) else max(value)
    if largest >= depth:
        raise UserError(
            f"{where}: channel {largest} is beyond the depth of {layer}; choose from 0 to "
            f"{depth - 1}"
        )
