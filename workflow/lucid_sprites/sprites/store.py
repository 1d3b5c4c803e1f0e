"""What is already optimized, kept beside the workflow's own files and never needed by them.

One entry is one attempt at one sprite, a ZIP named after the key of everything that decides what
it looks like. So an entry can be taken or left out but never be stale, and the whole store may be
deleted at any time.
"""

import hashlib
import io
import json
import logging
import zipfile
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from lucid_sprites.engine.status import LossMemory
from lucid_sprites.files import write_whole
from lucid_sprites.recipe.settings import ENGINE_VARIANT, canonical_json
from lucid_sprites.recipe.statuses import OK, SILENT
from lucid_sprites.sprites.records import Identity

log = logging.getLogger(__name__)

_RECORD, _STATE = "record.json", "state.npy"


@dataclass
class Entry:
    """One attempt at one sprite.

    Attributes:
        status, step, loss: as in `engine.optimize.Outcome`.
        pngs: by threshold.
        losses: objective by threshold.
        curve: objective by step.
        timestamps: when each threshold (or the failure, at its step) was reached, ms since 1970.
        batches: which run of a job did so, by threshold.
        state: float32 [3, ...]: parameters, momentum, velocity at `state_step`; None if not kept.
        watch: memory of the loss watch at `state_step`.
        retries: what failures were met with (see `recipe.settings.RETRIES_VARIANT`).
        silent: thresholds at which the unit did not fire.
    """

    status: str
    step: int
    loss: float
    pngs: dict[int, bytes] = field(default_factory=dict)
    losses: dict[int, float] = field(default_factory=dict)
    curve: dict[int, float] = field(default_factory=dict)
    timestamps: dict[int, int] = field(default_factory=dict)
    batches: dict[int, int] = field(default_factory=dict)
    state: np.ndarray | None = None
    state_step: int = 0
    watch: LossMemory | None = None
    retries: str = ""
    silent: list[int] = field(default_factory=list)

    def status_at(self, threshold: int) -> str:
        """Of the picture of a threshold that was reached."""
        return SILENT if threshold in self.silent else OK


def key(identity: Identity) -> str:
    """Name of the entry for everything that decides what a sprite looks like."""
    text = canonical_json({**identity, "variant": ENGINE_VARIANT})
    return hashlib.sha256(text.encode()).hexdigest()


class Store:
    """The entries under one folder."""

    def __init__(self, folder: str | Path) -> None:
        self._folder = Path(folder)

    def get(self, name: str) -> Entry | None:
        """The entry called `name`; None if there is none or it is damaged."""
        path = self._path(name)
        if not path.exists():
            return None
        try:
            return _entry(_unsealed(path, name))
        except Exception as error:  # a torn or foreign file can raise nearly anything
            log.warning("%s is damaged (%s) and will be made again", path, error)
            return None

    def put(self, name: str, entry: Entry) -> None:
        """Keep `entry`, whole or not at all."""
        members = _members(entry)
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
            for member, content in members.items():
                archive.writestr(member, content)
            archive.comment = _seal(name, members)
        write_whole(self._path(name), buffer.getvalue())

    def _path(self, name: str) -> Path:
        # Folders of 256: file systems and people dislike tens of thousands of files in one.
        return self._folder / name[:2] / f"{name}.zip"


_PER_STEP = ("losses", "curve", "timestamps", "batches")
_PLAIN = ("status", "step", "loss", "retries", "silent", "state_step", "watch")


def _seal(name: str, members: dict[str, bytes]) -> bytes:
    """What tells that an entry holds what was written under its name, all of it."""
    digest = hashlib.sha256(name.encode())
    for member, content in members.items():
        digest.update(f"\n{member} {len(content)}\n".encode() + content)
    return digest.hexdigest().encode()


def _unsealed(path: Path, name: str) -> dict[str, bytes]:
    """The members of an entry.

    Raises:
        ValueError, and nearly anything else: not the entry of this name.
    """
    with zipfile.ZipFile(path) as archive:
        if any(member.compress_type != zipfile.ZIP_STORED for member in archive.infolist()):
            raise ValueError("compressed")  # it could be far larger than its file
        members = {member: archive.read(member) for member in archive.namelist()}
        if archive.comment != _seal(name, members):
            raise ValueError("not what was written under this name")
    return members


def _members(entry: Entry) -> dict[str, bytes]:
    record = {name: getattr(entry, name) for name in (*_PLAIN, *_PER_STEP)}
    members = {_RECORD: json.dumps(record).encode()}
    for threshold, png in entry.pngs.items():
        members[f"{threshold}.png"] = png
    if entry.state is not None:
        buffer = io.BytesIO()
        np.save(buffer, entry.state, allow_pickle=False)
        members[_STATE] = buffer.getvalue()
    return members


def _entry(members: dict[str, bytes]) -> Entry:
    record = json.loads(members[_RECORD])
    for name in _PER_STEP:
        record[name] = {int(step): value for step, value in record[name].items()}
    pngs = {int(n.removesuffix(".png")): png for n, png in members.items() if n.endswith(".png")}
    state = None
    if _STATE in members:
        state = np.load(io.BytesIO(members[_STATE]), allow_pickle=False)
    return Entry(**record, pngs=pngs, state=state)
