"""What the workflow does to Snakemake's own objects, tried on those of the one installed."""

import inspect
from types import SimpleNamespace

import pytest
import snakemake.api  # first: its modules import each other
import snakemake.dag
from snakemake.path_modifier import PathModifier

from lucid_sprites.errors import UserError
from lucid_sprites.snakemake_internals import forcing, take_over_prefix


def module(prefix=None, replace_prefix=None):
    """A workflow inside a module with these settings."""
    workflow = SimpleNamespace(storage_settings=SimpleNamespace(default_storage_provider=None))
    modifier = PathModifier(replace_prefix, prefix, workflow)
    workflow.modifier = SimpleNamespace(path_modifier=modifier)
    return workflow


@pytest.mark.parametrize(
    ("settings", "moved"),
    [
        ({}, "results"),
        ({"prefix": "deep/inside"}, "deep/inside/results"),
        ({"replace_prefix": {"results/": "elsewhere/"}}, "elsewhere"),
        ({"replace_prefix": {"results/": "results/sprites/"}}, "results/sprites"),
    ],
)
def test_a_prefix_moves_the_results_folder_and_nothing_else(settings, moved):
    workflow = module(**settings)
    assert take_over_prefix(workflow, "results") == moved
    modify = workflow.modifier.path_modifier.modify
    assert [modify(path) for path in (f"{moved}/a.png", "results/b.png", "photos/c.png")] == [
        f"{moved}/a.png", "results/b.png", "photos/c.png"
    ]  # fmt: skip


def test_a_prefix_of_other_paths_is_refused():
    with pytest.raises(UserError, match="can only move the results folder, here out/"):
        take_over_prefix(module(replace_prefix={"photos/": "pictures/"}), "out")


def test_an_output_is_forced_in_the_graph_of_jobs_that_is_there_by_then():
    assert "forcefiles" in inspect.signature(snakemake.dag.DAG).parameters
    workflow = SimpleNamespace(dag=None)
    force = forcing(workflow)
    workflow.dag = SimpleNamespace(forcefiles=set())
    force("results/a.png")
    assert workflow.dag.forcefiles == {"results/a.png"}
