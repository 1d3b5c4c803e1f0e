"""All that the workflow does to Snakemake's own objects: for each, why no interface will do.

Written for Snakemake 9.27. These attributes are promised nowhere: a newer version is to be tried
with `tests/workflow`, whose tests of each are named below.
"""

import logging
import os
from collections.abc import Callable
from typing import Any

from lucid_sprites.errors import UserError
from lucid_sprites.failures import Failures


def take_over_prefix(workflow: Any, results: str) -> str:
    """Where a module's `prefix:` or `replace_prefix:` puts the results folder.

    Snakemake applies a prefix to the paths of rules, but not to those in parameters, which jobs are
    told. So the whole folder moves, and the prefix is taken away from rules: their path modifier is
    the only thing that knows it, and there is no setting for it (`test_module`).

    Args:
        workflow: Snakemake's, as the Snakefile sees it.
        results: the folder as the config has it.

    Raises:
        UserError: `replace_prefix:` is about other paths.
    """
    modifier = workflow.modifier.path_modifier
    folder = f"{results}/"
    moved = modifier.replace_prefix(folder)
    if moved == folder and modifier.modifies_prefixes:
        raise UserError(f"replace_prefix: can only move the results folder, here {folder}")
    workflow.modifier.path_modifier = type(modifier)(None, None, workflow)
    return results if moved == folder else os.path.normpath(moved)


def forcing(workflow: Any) -> Callable[[str], object]:
    """A function that has the job of an output run, whatever Snakemake's records say.

    Which outputs are stale is known when their inputs are asked for, in the middle of the making of
    the graph of jobs; `--forcerun` has to be said before (`test_stale`).
    """
    return lambda path: workflow.dag.forcefiles.add(path)


def listen(logger: logging.Logger, silent: bool) -> Failures:
    """The one listener of a run for jobs that fail, whatever the number of modules that ask for it.

    Logger plugins see the same, but only where the user names them in the command; the attributes
    of records are those that such plugins read (`test_failed_jobs`, `test_what_is_said`).
    """
    for handler in logger.handlers:
        if isinstance(handler, Failures):
            return handler
    failures = Failures(silent)
    logger.addHandler(failures)
    return failures
