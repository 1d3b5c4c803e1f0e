"""What can be chosen by name is the same wherever it is listed: in the schema, and in the package.

A name that stands in one place alone is refused by the other, or by nothing until a job fails.
"""

import ast
from pathlib import Path

import pytest
import yaml

from lucid_sprites.config.schema import SCHEMA
from lucid_sprites.engine import transforms
from lucid_sprites.engine.objectives import build
from lucid_sprites.engine.optimizers import OPTIMIZERS
from lucid_sprites.engine.parametrization import factory
from lucid_sprites.images import grid, methods
from lucid_sprites.models.loaders.load_model import FORMATS
from lucid_sprites.planning import sources
from lucid_sprites.recipe import image_settings, setting_types, transform_lists
from lucid_sprites.recipe.objectives.vocabulary import BY_MEMBER, OBJECTIVES

WHOLE = yaml.safe_load(SCHEMA.read_text())
IMAGES = WHOLE["properties"]["images"]["items"]["properties"]
LAYER_SETTINGS = WHOLE["$defs"]["layer_settings"]


def check_same(**lists):
    """Fail with what a list lacks, and its place."""
    every = set().union(*lists.values())
    missing = {place: sorted(every - set(names)) for place, names in lists.items()}
    lacking = [f"{place} lacks {', '.join(names)}" for place, names in missing.items() if names]
    assert not lacking, "; ".join(lacking)


def test_image_methods():
    check_same(
        schema_methods=WHOLE["$defs"]["methods"]["enum"],
        recipe_image_settings_METHODS=image_settings.METHODS,
        images_methods_METHODS=methods.METHODS,
    )


def test_settings_of_image_methods():
    used = {name for method in image_settings.METHODS.values() for name in method.settings}
    check_same(
        schema_images=IMAGES.keys() - {"pictures", "series", "instances", "methods", "layers"},
        recipe_image_settings_METHODS=used,
        recipe_image_settings_DEFAULTS=image_settings.DEFAULTS.keys() - {"methods", "layers"},
        recipe_image_settings_ImageSettings=(
            image_settings.ImageSettings.__annotations__.keys() - {"methods", "layers"}
        ),
    )


def test_normalizations_of_grids():
    check_same(schema_normalize=IMAGES["normalize"]["enum"],
               images_grid=[*grid._NORMALIZATIONS, "layer"])  # fmt: skip


def test_transforms():
    check_same(
        recipe_transform_lists_TRANSFORMS=transform_lists.TRANSFORMS,
        engine_transforms_TRANSFORMS=transforms.TRANSFORMS,
    )


def test_transforms_of_the_reference_engine():
    """Read, not imported: lucid changes TensorFlow for all of its process."""
    written = Path(transforms.__file__).with_name("lucid_reference.py").read_text()
    (found,) = (
        node.value
        for node in ast.walk(ast.parse(written))
        if isinstance(node, ast.AnnAssign) and ast.unparse(node.target) == "_TRANSFORMS"
    )
    check_same(
        recipe_transform_lists_TRANSFORMS=[
            name for name, kind in transform_lists.TRANSFORMS.items() if kind.in_lucid
        ],
        engine_lucid_reference_TRANSFORMS=[key.value for key in found.keys],
    )


def test_objectives():
    check_same(
        # That by member is written out as a sum of others; functions come from Python alone.
        recipe_objectives_vocabulary_OBJECTIVES=OBJECTIVES.keys() - {BY_MEMBER},
        engine_objectives_build_BUILDERS=build.BUILDERS.keys() - {"function"},
    )


@pytest.mark.parametrize(
    ("setting", "registry"),
    [("optimizer", OPTIMIZERS), ("parametrization", factory._FORMS)],
)
def test_axes_of_a_recipe(setting, registry):
    check_same(schema=LAYER_SETTINGS[setting]["enum"], engine=registry)


def test_settings_of_sprites():
    check_same(schema_layer_settings=LAYER_SETTINGS,
               recipe_setting_types_Settings=setting_types.Settings.__annotations__)  # fmt: skip


def test_file_formats():
    check_same(
        planning_sources_MODEL_SUFFIXES=sources.MODEL_SUFFIXES,
        models_loaders_load_model_FORMATS=[s for kind in FORMATS for s in kind.suffixes],
    )


def test_what_is_missing_is_named():
    with pytest.raises(
        AssertionError,
        match=r"schema lacks grad_cam; images lacks dream",
    ):
        check_same(schema=["dream"], images=["grad_cam"])
