"""Optimize all sprites of a block: from the store what is there, the rest by the engine."""

import logging
import math
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from lucid_sprites import layout, tensorflow_start
from lucid_sprites.errors import UserError
from lucid_sprites.files import sha256
from lucid_sprites.recipe import index_ranges
from lucid_sprites.recipe.layer_catalogue import InputSpec
from lucid_sprites.recipe.objectives import without_paths
from lucid_sprites.recipe.objectives.arithmetic import ObjectiveData
from lucid_sprites.recipe.setting_types import Group
from lucid_sprites.recipe.settings import (
    ENGINE_VARIANT,
    RETRIES_VARIANT,
    Recipe,
    identity,
    recipes,
)
from lucid_sprites.recipe.statuses import CONSTANT, OK, REFUSED
from lucid_sprites.sprites import png
from lucid_sprites.sprites.records import Identity, SpriteRecord
from lucid_sprites.sprites.store import Entry, Store, key

log = logging.getLogger(__name__)

Progress = Callable[[int, int], Callable[[int], object]]


@dataclass(frozen=True)
class BlockSpec:
    """A block, as the workflow passes it to its job.

    Attributes:
        graph: path of the frozen graph.
        graph_sha256: of its content.
        content: digest of all that the layer is computed from.
        picture: the graph's picture input.
        number, layer: of the layer, or of the study.
        batch: sprites that advance together.
        keep_state: keep what resuming needs in the store.
        groups: its sprites by their settings.
        variant: of the engine.
        retries: what failures are met with.
    """

    graph: str
    graph_sha256: str
    content: str
    picture: InputSpec
    number: int
    layer: str
    batch: int
    keep_state: bool
    groups: list[Group]
    variant: str = ENGINE_VARIANT
    retries: str = RETRIES_VARIANT

    @classmethod
    def parse(cls, data: Mapping[str, Any]) -> "BlockSpec":
        """The block of plain data, as the plan writes it (see `planning.sprites`)."""
        groups = [
            Group(group["settings"], index_ranges.parse(group["indexes"]))
            for group in data["groups"]
        ]
        return cls(**{**data, "picture": InputSpec(**data["picture"]), "groups": groups})


@dataclass
class Sprite:
    """One sprite of the block, with what its attempts have given so far.

    Attributes:
        identity: see `recipe.settings.identity`.
        pending: thresholds that no attempt has reached.
        objective: data of its own objective, None for a channel of the layer.
        stream: keys its randomness in the place of the index.
        members: sprites that depend on each other, this one included; 0 for a sprite by itself.
        content: digest of all that its own objective is computed from.
        entries: attempt number and entry for each threshold reached.
        attempts: all entries, by attempt number.
    """

    index: int
    recipes: list[Recipe]
    thresholds: list[int]
    pending: list[int]
    identity: str = ""
    objective: ObjectiveData | None = None
    stream: int | None = None
    members: int = 0
    content: str = ""
    entries: dict[int, tuple[int, Entry]] = field(default_factory=dict)
    attempts: dict[int, Entry] = field(default_factory=dict)

    def take(self, attempt: int, entry: Entry) -> None:
        """Count what attempt number `attempt` has reached."""
        self.attempts[attempt] = entry
        for threshold in [t for t in self.pending if t in entry.pngs]:
            self.entries[threshold] = attempt, entry
        self.pending = [t for t in self.pending if t not in entry.pngs]

    @property
    def hopeless(self) -> bool:
        """No other start can help."""
        return any(entry.status in (CONSTANT, REFUSED) for entry in self.attempts.values())


def complete(spec: BlockSpec, store: Store, progress: Progress) -> list[Sprite]:
    """All sprites of the block, with every attempt that they needed.

    Each attempt is tried by those sprites that the attempts before it have left without a
    picture, so which attempt a picture comes from does not depend on the other thresholds.

    Args:
        progress: given the number of sprites and of all their steps to come, returns what to
            call with the number of steps done.
    """
    sprites = _sprites(spec)
    for attempt in range(max(len(sprite.recipes) for sprite in sprites)):
        missing = []
        for sprite in sprites:
            if sprite.pending and not sprite.hopeless and attempt < len(sprite.recipes):
                entry = _counting(store.get(_key(spec, sprite, attempt)), spec)
                if entry is not None:
                    sprite.take(attempt, entry)
                if _wanted(sprite, entry):
                    missing.append(sprite)
                elif entry is not None and not sprite.members:  # nothing to resume
                    entry.state = None
        if missing and missing[0].members:
            missing = sprites
        for sprite, entry in _optimized(spec, missing, attempt, progress):
            if entry.status != REFUSED:  # a photo may be mended, and nothing was computed
                store.put(_key(spec, sprite, attempt), entry)
            # The states of a whole block would fill the memory.
            entry.state = None
            sprite.take(attempt, entry)
    return sprites


def _counting(entry: Entry | None, spec: BlockSpec) -> Entry | None:
    """None in place of a failure that may be none by now."""
    if entry is None or entry.status == OK or entry.retries == spec.retries:
        return entry
    return None


def _sprites(spec: BlockSpec) -> list[Sprite]:
    picture = spec.picture.as_dict()
    sprites = [
        Sprite(
            index=index,
            recipes=recipes(group.settings),
            thresholds=group.settings["thresholds"],
            pending=list(group.settings["thresholds"]),
            identity=identity(spec.content, picture, spec.layer, group.settings),
            objective=group.settings.get("objective"),
            stream=group.settings.get("stream"),
            members=group.settings.get("members", 0),
            content=group.settings.get("content", ""),
        )
        for group in spec.groups
        for index in group.indexes
    ]
    return sorted(sprites, key=lambda sprite: sprite.index)


def _identity(spec: BlockSpec, sprite: Sprite, attempt: int) -> Identity:
    picture = spec.picture
    decisive: Identity = {
        "content": sprite.content or spec.content,
        "input": {
            "name": picture.name,
            "channels": picture.channels,
            "low": picture.low,
            "high": picture.high,
        },
        "recipe": sprite.recipes[attempt].as_dict(),
        "objective": "channel",
    }
    if picture.shown is not None:
        decisive["input"]["shown"] = picture.shown
    if sprite.objective is None:
        return {**decisive, "layer": spec.layer, "index": sprite.index}
    decisive["objective"] = without_paths(sprite.objective)
    decisive["stream"] = sprite.stream
    if sprite.members:
        decisive["member"] = sprite.index
        decisive["members"] = [without_paths(member.objective) for member in _sprites(spec)]
    return decisive


def _key(spec: BlockSpec, sprite: Sprite, attempt: int) -> str:
    return key(_identity(spec, sprite, attempt))


def _wanted(sprite: Sprite, entry: Entry | None) -> list[int]:
    """Pending thresholds that this attempt could still reach."""
    if entry is None or entry.status == OK:
        return sprite.pending
    return [threshold for threshold in sprite.pending if threshold < entry.step]


def _optimized(
    spec: BlockSpec,
    sprites: list[Sprite],
    attempt: int,
    progress: Progress,
) -> Iterator[tuple[Sprite, Entry]]:
    if not sprites:
        return
    # TensorFlow takes seconds to import, and a block that is all in the store needs none.
    tensorflow_start.import_quietly()
    from lucid_sprites.engine.objectives.build import layers
    from lucid_sprites.engine.optimize import optimize
    from lucid_sprites.models.graph import prepare
    from lucid_sprites.models.loaders import frozen_graph

    by_index = {sprite.index: sprite for sprite in sprites}
    tasks = _tasks(sprites, attempt)
    looked_at = {name for task in tasks for name in layers(task.objective_on(spec.layer))}
    graph = frozen_graph.read(spec.graph)
    _check_unchanged(spec)
    network = prepare.prepare(graph, spec.picture.name, *sorted(looked_at))
    advance = progress(len(tasks), sum(t.thresholds[-1] - t.first_step for t in tasks))
    batch_id = _now()
    for outcome in optimize(network, spec.picture, spec.layer, tasks, spec.batch, advance):
        sprite = by_index[outcome.task.index]
        log.info("index %d attempt %d: %s at step %d", sprite.index, attempt, outcome.status,
                 outcome.step)  # fmt: skip
        yield sprite, _entry(spec, sprite, attempt, outcome, batch_id)


def _check_unchanged(spec: BlockSpec) -> None:
    """Make sure that the graph just read is the one that the sprites' keys are of."""
    if sha256(spec.graph) != spec.graph_sha256:
        raise UserError(
            f"{spec.graph}: was replaced after this run began; run again to render the new one"
        )


def _tasks(sprites: list[Sprite], attempt: int) -> list[Any]:
    """What is to be optimized; members of a joint group go on from one step, or the start."""
    tasks = [_task(sprite, attempt) for sprite in sprites]
    if sprites[0].members and len({task.first_step for task in tasks}) > 1:
        return [replace(task, checkpoint=None, thresholds=tuple(sprite.thresholds))
                for task, sprite in zip(tasks, sprites, strict=True)]  # fmt: skip
    return tasks


def _task(sprite: Sprite, attempt: int) -> Any:
    from lucid_sprites.engine.state import State
    from lucid_sprites.engine.task import Checkpoint, Task

    entry = sprite.attempts.get(attempt)
    # A member of a joint group goes along with the others even with all its own thresholds.
    wanted = tuple(_wanted(sprite, entry) or sprite.thresholds)
    checkpoint = None
    if entry is not None and entry.state is not None and entry.state_step < wanted[0]:
        checkpoint = Checkpoint(entry.state_step, State(*entry.state), entry.watch)
    objective = sprite.objective, sprite.stream, sprite.members
    return Task(sprite.index, sprite.recipes[attempt], wanted, checkpoint, *objective)


def _entry(spec: BlockSpec, sprite: Sprite, attempt: int, outcome: Any, batch_id: int) -> Entry:
    """What the store keeps of `outcome`, joined with what it had of this attempt."""
    now = _now()
    entry = Entry(outcome.status, outcome.step, outcome.loss, retries=spec.retries)
    before = sprite.attempts.get(attempt)
    if before is not None:
        entry.pngs, entry.losses, entry.curve = before.pngs, before.losses, before.curve
        entry.timestamps, entry.batches = before.timestamps, before.batches
        entry.silent = before.silent
        entry.state, entry.state_step, entry.watch = before.state, before.state_step, before.watch
        if before.step > outcome.step:
            entry.status, entry.step, entry.loss = before.status, before.step, before.loss
    entry.losses = {**entry.losses, **outcome.losses}
    entry.curve = {**entry.curve, **outcome.curve}
    entry.silent = sorted({*entry.silent, *outcome.silent})
    for threshold, picture in outcome.pictures.items():
        status, loss = entry.status_at(threshold), outcome.losses[threshold]
        record = _record(spec, sprite, attempt, threshold, status, loss)
        entry.pngs[threshold] = png.encode(picture, record)
    reached = list(outcome.pictures) + ([] if outcome.status == OK else [outcome.step])
    entry.timestamps = {**entry.timestamps, **dict.fromkeys(reached, now)}
    entry.batches = {**entry.batches, **dict.fromkeys(reached, batch_id)}
    if outcome.checkpoint and spec.keep_state and outcome.checkpoint.step > entry.state_step:
        state = outcome.checkpoint.state
        entry.state = np.stack([state.parameters, state.momentum, state.velocity])
        entry.state_step, entry.watch = outcome.checkpoint.step, outcome.checkpoint.watch
    return entry


def _record(
    spec: BlockSpec, sprite: Sprite, attempt: int, threshold: int, status: str, loss: float
) -> SpriteRecord:
    """What a sprite's PNG says of itself: nothing that a second rendering would change.

    And nothing of where the layer stands, which the name of its store entry does not tell.
    """
    return {
        **_identity(spec, sprite, attempt),
        "threshold": threshold,
        "status": status,
        "loss": loss if math.isfinite(loss) else None,
        "variant": spec.variant,
    }


def pictures(spec: BlockSpec, sprites: list[Sprite]) -> Iterator[tuple[str, bytes]]:
    """(name in the block, PNG) of every sprite; transparent where all attempts failed."""
    for sprite in sprites:
        for threshold in sprite.thresholds:
            member = layout.member(sprite.index, threshold, sprite.identity)
            yield member, png.marked(_picture(spec, sprite, threshold), member)


def _picture(spec: BlockSpec, sprite: Sprite, threshold: int) -> bytes:
    if threshold in sprite.entries:
        # Entries of older versions tell the number that the layer had.
        return png.without(sprite.entries[threshold][1].pngs[threshold], "number")
    last = max(sprite.attempts)
    entry = sprite.attempts[last]
    record = _record(spec, sprite, last, threshold, entry.status, entry.loss)
    return png.empty(sprite.recipes[last].size, record)


def _now() -> int:
    return time.time_ns() // 1_000_000
