"""Program: import models: any kind of file to a frozen graph in normal form, and its catalogue.

Takes a JSON list of jobs, as its argument or from standard input. A job has `origin` (see
`models.loaders.load_model`), `input` (the config's), `edges` (of the canvases that its layers have
to take), `graph` and `catalogue` (files to write), and maybe `stamp` (kept in the catalogue).

Each model is read by a child with limits, which can write one empty folder alone (see
`models.confinement`); this program takes from there what it has made.
"""

import contextlib
import importlib
import json
import shutil
import sys
import tempfile
import traceback
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from lucid_sprites import layout, program
from lucid_sprites.errors import NoPictureError, UserError
from lucid_sprites.files import is_abandoned, sha256, write_if_changed
from lucid_sprites.models import confinement
from lucid_sprites.planning import catalogues, no_picture
from lucid_sprites.planning.import_jobs import ImportJob, Origin
from lucid_sprites.recipe.layer_catalogue import Catalogue
from lucid_sprites.sandbox import child
from lucid_sprites.sandbox.limits import Limits

# What a child leaves in its folder.
_GRAPH, _CATALOGUE, _LOG = "model.pb", "layers.json", "log"
_MESSAGE, _NO_PICTURE = "message", "no_picture"
_LONGEST_LOG, _LONGEST_MESSAGE = 20_000, 4_000
# What C++ says when there is no memory left, before it aborts.
_OUT_OF_MEMORY = "bad_alloc"


def main() -> None:
    """Import every model that can be; end with a message for each of the others."""
    jobs = json.loads(sys.argv[1] if len(sys.argv) > 1 else sys.stdin.read())
    keras = any(_needs_keras(job["origin"]) for job in jobs)
    program.start(program.TensorFlow.WITH_KERAS if keras else program.TensorFlow.WITHOUT_KERAS)
    _import_for_children(keras)
    messages = [message for job in jobs if (message := _failure(job))]
    if messages:
        program.fail(*messages)


def _import_for_children(keras: bool) -> None:
    """What every child needs, once."""
    for module in ("lucid_sprites.models.convert", *["keras"] * keras):
        importlib.import_module(module)


def _needs_keras(origin: Origin) -> bool:
    from lucid_sprites.models.loaders.kinds import needs_keras

    return needs_keras(origin)


def _failure(job: ImportJob) -> str | None:
    """Import a model; why it cannot be, or None."""
    try:
        _import(job)
    except NoPictureError as error:
        if "no_picture" not in job:
            return str(error)
        no_picture.write(job, str(error))
    except UserError as error:
        return str(error)
    return None


def _import(job: ImportJob) -> None:
    origin = job["origin"]
    with _folder(Path(job["graph"]).parent) as folder:
        limits = confinement.limits(origin)
        ended = child.run(lambda: _convert(job, folder), limits, str(folder / _LOG))
        log = _beginning(folder / _LOG, _LONGEST_LOG)
        _report(f"{log}\n{_name(origin)}: {ended.seconds:.1f} s, {ended.peak / 1e6:.0f} MB at most")
        if message := _beginning(folder / _NO_PICTURE, _LONGEST_MESSAGE):
            raise NoPictureError(message)
        if message := _beginning(folder / _MESSAGE, _LONGEST_MESSAGE):
            raise UserError(message)
        made = _made(folder) if ended.is_done else None
        if made is None:
            raise UserError(f"{_name(origin)}: {_explanation(ended, limits, log)}")
        _publish(job, *made)


def _convert(job: ImportJob, folder: Path) -> None:
    """The child's work."""
    from lucid_sprites.models.convert import UnforeseenError, convert
    from lucid_sprites.models.graph import large_constants
    from lucid_sprites.models.loaders.load_model import load

    origin, name = job["origin"], _name(job["origin"])
    tempfile.tempdir = str(folder)
    confinement.confine(origin, folder)
    try:
        normal, described = convert(lambda: load(origin), job["input"], job["edges"], name)
        large_constants.write(folder / _GRAPH, normal.light, normal.weights)
        (folder / _CATALOGUE).write_text(json.dumps(described.as_dict()))
    except NoPictureError as error:
        (folder / _NO_PICTURE).write_text(str(error))
    except UserError as error:
        if isinstance(error, UnforeseenError):
            traceback.print_exc()
        (folder / _MESSAGE).write_text(str(error))
    except MemoryError:
        message = _too_large(confinement.limits(origin))
        (folder / _MESSAGE).write_text(f"{name}: {message}")


def _made(folder: Path) -> tuple[bytes, Catalogue] | None:
    """The graph and the catalogue that a child has left; None if they are not whole."""
    try:
        described = Catalogue.parse(json.loads((folder / _CATALOGUE).read_text()))
        return (folder / _GRAPH).read_bytes(), described
    except (OSError, ValueError, TypeError, KeyError):
        return None


def _publish(job: ImportJob, graph: bytes, described: Catalogue) -> None:
    """Take over what a child has made."""
    # An equal graph keeps its age: what was made from it is up to date.
    write_if_changed(job["graph"], graph)
    whole = replace(described, stamp=job.get("stamp"), sha256=sha256(job["graph"]))
    catalogues.write(job["catalogue"], whole)


@contextlib.contextmanager
def _folder(beside: Path) -> Iterator[Path]:
    """An empty folder that is gone afterwards.

    Raises:
        UserError: it cannot be made.
    """
    try:
        beside.mkdir(parents=True, exist_ok=True)
        _clear_leftovers(beside)
        folder = Path(tempfile.mkdtemp(prefix=layout.IMPORTING, dir=beside))
    except OSError as error:
        raise UserError(f"{beside}: cannot be written: {error.strerror}") from error
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _clear_leftovers(beside: Path) -> None:
    """Remove the folders of killed programs; a younger one may be at work in its own."""
    for leftover in beside.glob(f"{layout.IMPORTING}*"):
        with contextlib.suppress(OSError):
            if is_abandoned(leftover.stat()):
                shutil.rmtree(leftover)


def _beginning(file: Path, length: int) -> str:
    try:
        with file.open(errors="replace") as text:
            return text.read(length).strip()
    except OSError:
        return ""


def _report(text: str) -> None:
    """To the log, so that no line looks like an error of this program."""
    for line in text.strip().splitlines():
        print(f"| {line}", file=sys.stderr)


def _explanation(ended: child.Ended, limits: Limits, log: str) -> str:
    """Why a child died without a word."""
    if ended.timed_out:
        return (
            f"reading it took longer than {limits.seconds / 60:g} minutes and was stopped; the "
            "file is damaged or made to stop its readers, or very large: then set the environment "
            f"variable {confinement.MINUTES} to more"
        )
    if _OUT_OF_MEMORY in log:
        return _too_large(limits)
    if ended.signal == "SIGKILL":
        return (
            f"the process that read it was killed when it had {ended.peak / 1e9:.1f} GB of memory, "
            "probably by the system for want of more; close other programs, or give the machine "
            "or the job more memory"
        )
    how = f"crashed ({ended.signal})" if ended.signal else "ended without a word"
    return (
        f"the process that read it {how}; the file is damaged or made to crash its readers: save "
        "it again where it was made, or in another format"
    )


def _too_large(limits: Limits) -> str:
    return (
        f"reading it takes more than the {limits.memory / 1e9:.1f} GB of memory that are allowed "
        "for a file of its size; the file is damaged or made to exhaust its readers, or its "
        f"network is very large: then set the environment variable {confinement.MEMORY} to more"
    )


def _name(origin: Origin) -> str:
    return origin.get("file") or f"{origin['keras_application']} of keras.applications"


if __name__ == "__main__":
    main()
