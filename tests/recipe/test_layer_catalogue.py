"""Catalogues as plain data: what is on disk keeps its keys and their order."""

import json
from dataclasses import replace

import pytest

from lucid_sprites.recipe.layer_catalogue import Catalogue
from plans import catalogue_of, layer_of

WRITTEN = (
    '{"input": {"name": "picture", "height": null, "width": null, "channels": 3, "low": 0.0, '
    '"high": 1.0, "known": {"name": "read", "shape": "read", "range": "read", "order": "read"}, '
    '"order": "rgb"}, "notes": [], "layers": [{"number": 0, "name": "conv1/Relu", "op": "Relu", '
    '"kind": "activation", "depth": 6, "content": "ab", "needs": null, "edge": 84, "height": 84, '
    '"width": 84, "constant": 0, "not_finite": 0, "macs": 1.0, "activations": 6.0, "floor": 0.0, '
    '"ceiling": null}], "other": {"anchors": "does not depend on the input"}, "stamp": null, '
    '"sha256": "cd"}'
)


def test_a_catalogue_is_written_as_ever():
    layer = layer_of(0, "conv1/Relu", content="ab")
    catalogue = catalogue_of(layer, other={"anchors": "does not depend on the input"})
    assert json.dumps(catalogue.as_dict()) == WRITTEN
    assert Catalogue.parse(json.loads(WRITTEN)) == catalogue


def test_names_of_classes_are_kept_where_there_are_any():
    named = replace(catalogue_of(layer_of(0, "logits")), labels=("tabby", "crane"))
    assert Catalogue.parse(json.loads(json.dumps(named.as_dict()))) == named


@pytest.mark.parametrize("key", json.loads(WRITTEN))
def test_what_lacks_a_part_is_no_catalogue(key):
    data = json.loads(WRITTEN)
    del data[key]
    with pytest.raises(KeyError):
        Catalogue.parse(data)


@pytest.mark.parametrize("key", json.loads(WRITTEN)["layers"][0])
def test_what_lacks_a_fact_of_a_layer_is_no_catalogue(key):
    data = json.loads(WRITTEN)
    del data["layers"][0][key]
    with pytest.raises(TypeError):
        Catalogue.parse(data)


def test_black_and_white_are_the_ends_of_the_networks_range():
    picture = replace(catalogue_of(layer_of(0, "a")).picture, low=-2.0, high=4.0)
    assert [picture.in_range(value) for value in (0, 0.5, 1)] == [-2, 1, 4]
    assert [picture.in_range(value, white=255) for value in (0, 127.5, 255)] == [-2, 1, 4]
