"""What the rules of the viewer look up."""

from types import SimpleNamespace

import pytest

from lucid_sprites.errors import UserError
from lucid_sprites.planning import viewer
from lucid_sprites.planning.viewer import Pages
from plans import catalogue_of, layer_of, plan_of

CATALOGUE = catalogue_of(layer_of(0, "conv1/Relu"))


def test_a_layer_waits_for_no_model_but_its_own(tmp_path):
    """Another series may have to be trained before anything is known of it."""
    plan = plan_of(tmp_path, CATALOGUE, [("here", "one"), ("trained", "later")])
    del plan._planned["trained", "later"]
    with pytest.raises(UserError, match="not there yet"):
        plan.instance("trained", "later")
    wildcards = SimpleNamespace(series="here", instance="one", layer="0")
    assert Pages(plan).layer_inputs(wildcards) == [
        f"{tmp_path}/here/one/spritemaps/l_0_t_64.json",
        f"{tmp_path}/here/one/spritemaps/l_0_t_256.json",
        f"{tmp_path}/here/one/blocks/l_0_b_0.zip",
    ]


def test_pages_are_built_again_when_their_scripts_change(tmp_path, monkeypatch):
    script = tmp_path / "grid.js"
    script.write_text("const grid = 1;")
    monkeypatch.setattr(viewer, "_PAGE", tmp_path)
    before = Pages(plan_of(tmp_path, CATALOGUE, [])).page_sources()
    script.write_text("const grid = 2;")
    assert Pages(plan_of(tmp_path, CATALOGUE, [])).page_sources() != before
