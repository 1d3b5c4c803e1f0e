"""Models of a folder that take no picture, such as a generator beside its discriminator.

They are left out of the series, and what they are is kept beside where their catalogue would be:
they are not read again before they change.
"""

import json
from collections.abc import Mapping

from lucid_sprites.errors import UserError
from lucid_sprites.files import read_made, write_whole
from lucid_sprites.planning.import_jobs import ImportJob


def write(job: ImportJob, reason: str) -> None:
    """Keep why a model has nothing to optimize."""
    said = {"stamp": job["stamp"], "reason": reason}
    write_whole(job["no_picture"], json.dumps(said, indent=1) + "\n")


def read(job: ImportJob) -> str | None:
    """Why a model has nothing to optimize, if that is known of just this one."""
    if "no_picture" not in job:
        return None
    try:
        stamp, reason = read_made(job["no_picture"], lambda said: (said["stamp"], said["reason"]))
    except UserError:
        return None
    return str(reason) if stamp == job["stamp"] else None


def notice(left_out: Mapping[tuple[str, str], str]) -> str:
    """A line for each model that is left out.

    Args:
        left_out: why, by series and instance.
    """
    return "".join(
        f"{series}/{instance} is left out: {reason}\n"
        for (series, instance), reason in left_out.items()
    )
