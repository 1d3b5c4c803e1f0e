"""Which files are taken for orphans, and what removing them leaves."""

import os

import pytest

from lucid_sprites.planning import orphans
from lucid_sprites.planning.asked import Asked
from lucid_sprites.planning.comparison import Comparisons
from lucid_sprites.planning.images import ImagePlan
from lucid_sprites.planning.studies import StudiesPlan
from lucid_sprites.planning.training import Trainings
from plans import catalogue_of, layer_of, plan_of

OTHERS = [layer_of(number, f"add{number}", kind="merge") for number in range(3)]
CATALOGUE = catalogue_of(*OTHERS, layer_of(3, "conv1/Relu", content="ab"))
# The plan has the thresholds 64 and 256 of 6 indexes at scale 64; `later` has no catalogue yet.
ASKED = [
    "tiny/one/sprites/l_3_i_5_t_64_s_64.png",
    "tiny/one/spritemaps/l_3_t_256.json",
    "tiny/one/blocks/l_3_b_0.zip",
    "tiny/one/logs/l_3_i_0_t_64_s_64.log",
    "tiny/one/logs/losses.log",
    "tiny/one/viewer/l_3_details.js",
    f"tiny/one/store/ab/{'ab' * 32}.zip",
    "tiny/one/tensorboard/.snakemake_timestamp",
    "tiny/index.html",
    "tiny/plots/loss.svg",
    "tiny/logs/page.log",
    "tiny/viewer/area.js",
    "tiny/logs/table_area.log",
    "tiny/later/sprites/l_9_i_5_t_8_s_16.png",
    "tiny/later/studies/x/spritemaps/t_4.png",
]
FOREIGN = [
    "index.html",
    "other/one/sprites/l_3_i_9_t_64_s_64.png",
    "lucid_models/inceptionv1.pb",
    "tiny/notes.txt",
    "tiny/plots/mine.svg",
    "tiny/one/logs/my_notes.log",
    "tiny/one/sprites/best.png",
    "tiny/one/sprites/l_3_i_9_t_64_s_64.png.bak",
    "tiny/one/sprites/more/l_3_i_9_t_64_s_64.png",
    "tiny/two/sprites/L_3_I_9_T_64_S_64.png",
]
ORPHANS = [
    "tiny/one/sprites/l_3_i_6_t_64_s_64.png",
    "tiny/one/sprites/l_3_i_5_t_64_s_64x32.png",
    "tiny/one/sprites/l_3_i_5_t_128_s_64.png",
    "tiny/one/sprites/l_2_i_5_t_64_s_64.png",
    "tiny/one/logs/l_3_i_6_t_64_s_64.log",
    "tiny/one/blocks/l_3_b_9.zip",
    "tiny/one/spritemaps/l_3_t_128.json",
    "tiny/one/viewer/l_3_t_128.js",
    "tiny/one/viewer/l_2.js",
    "tiny/one/images/cat/activations.zip",
    "tiny/one/images/cat/activations/l_3.png",
    "tiny/one/studies/mixes/spritemaps/t_64.png",
    "tiny/one/studies/mixes/losses.csv",
    "tiny/gone/model.pb",
    "tiny/gone/layers.json",
    "tiny/gone/tensorboard/events.out.tfevents.1.host",
    "tiny/viewer/size.js",
    "tiny/logs/table_size.log",
    "tiny/logs/pictures.log",
    "tiny/changes.csv",
    "tiny/changes.csv.made",
    "tiny/comparison/states_l_3.webp",
    "tiny/responses/one/gone.csv",
    "tiny/training/epoch_3.csv",
]
COSTLY = [f"tiny/gone/store/ab/{'ab' * 32}.zip", "tiny/training/epoch_3.npz"]


@pytest.fixture
def results(tmp_path):
    for name in [*ASKED, *FOREIGN, *ORPHANS, *COSTLY]:
        path = tmp_path / "results" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("12345")
    return tmp_path / "results"


@pytest.fixture
def asked(results):
    plan = plan_of(results, CATALOGUE, [("tiny", "one"), ("tiny", "later")])
    del plan._planned["tiny", "later"]
    studies = StudiesPlan(results, plan.options, plan.series, make=lambda *_: [])
    studies.add("tiny", "one", CATALOGUE)
    comparisons = Comparisons(results, {}, plan.instance)
    tables = frozenset({("tiny", "area")})
    trainings = Trainings(results, {})
    return Asked(plan, studies, ImagePlan(plan, []), trainings, comparisons, tables)


def there(results):
    return {str(path.relative_to(results)) for path in results.rglob("*") if path.is_file()}


def test_just_what_is_the_workflows_own_and_not_asked_for(results, asked):
    found = {orphan.path for orphan in orphans.find(asked)}
    assert {os.path.relpath(path, results) for path in found} == {*ORPHANS, *COSTLY}


def test_listing_removes_nothing(results, asked):
    before = there(results)
    said = orphans.clean(asked)
    assert there(results) == before
    assert f"{len(ORPHANS)} files, {5 * len(ORPHANS)} bytes" in said
    assert f"{results}/tiny/gone: 2 files, 10 bytes: layers.json, model.pb" in said
    assert orphans.REMOVE in said and "nothing was removed" in said


def test_removing_leaves_what_is_costly_and_no_empty_folders(results, asked):
    orphans.clean(asked, orphans.REMOVE)
    assert there(results) == {*ASKED, *FOREIGN, *COSTLY}
    for gone in ("tiny/comparison", "tiny/gone/tensorboard", "tiny/one/images"):
        assert not (results / gone).exists()
    orphans.clean(asked, orphans.REMOVE_ALL)
    assert there(results) == {*ASKED, *FOREIGN}
    assert not (results / "tiny/gone").exists()


def test_links_and_what_they_lead_to_stay(results, asked, tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "l_3_i_7_t_64_s_64.png").write_text("")
    (results / "tiny/linked").mkdir()
    (results / "tiny/linked/sprites").symlink_to(outside)
    (results / "tiny/one/sprites/l_3_i_8_t_64_s_64.png").symlink_to(outside)
    orphans.clean(asked, orphans.REMOVE_ALL)
    assert os.listdir(outside) == ["l_3_i_7_t_64_s_64.png"]
    assert (results / "tiny/one/sprites/l_3_i_8_t_64_s_64.png").is_symlink()
    (results / "tiny").rename(tmp_path / "elsewhere")
    (results / "tiny").symlink_to(tmp_path / "elsewhere")
    (results / "tiny/gone").mkdir()
    (results / "tiny/gone/model.pb").write_text("")
    assert orphans.find(asked) == []


def test_series_of_other_configs_are_named(results, asked):
    (results / "other/manifest.json").write_text("{}")
    assert orphans.others(asked) == ["other"]
    assert "other: not in this config, stays" in orphans.clean(asked)


def test_what_a_killed_program_left_is_an_orphan_once_it_is_old(results, asked):
    names = ["l_3_i_0_t_64_s_64.png.abcd1234", "l_3_i_0_t_64_s_64.png.abcd1235", "mine.abcd1236"]
    young, old, foreign = (results / f"tiny/one/sprites/.{name}" for name in names)
    for path in (young, old, foreign):
        path.write_text("torn")
    for path in (old, foreign):
        os.utime(path, (1, 1))
    orphans.clean(asked, orphans.REMOVE)
    assert [path.exists() for path in (young, old, foreign)] == [True, False, True]


def test_empty_folders_that_a_killed_program_left_go_with_their_instance(results, asked):
    for instance in ("gone", "one"):
        (results / f"tiny/{instance}/store/f8").mkdir(parents=True)
    orphans.clean(asked, orphans.REMOVE_ALL)
    assert not (results / "tiny/gone").exists()
    assert (results / "tiny/one/store/f8").exists()


def test_what_a_killed_import_left_is_an_orphan_once_it_is_old(results, asked):
    young, old, gone, foreign = (
        results / f"tiny/{folder}/log"
        for folder in ("one/.import-abcd1234", "one/.import-abcd1235", "gone/.import-29alae6p",
                       "one/.import-mine")
    )  # fmt: skip
    for path in (young, old, gone, foreign):
        path.parent.mkdir()
        path.write_text("read so far")
    for path in (old, gone, foreign):
        os.utime(path, (1, 1))
    orphans.clean(asked, orphans.REMOVE)
    assert [path.exists() for path in (young, old, gone, foreign)] == [True, False, False, True]
    assert not old.parent.exists()


def test_the_end_of_a_run_says_how_many_there_are(results, asked):
    said = orphans.notice(asked)
    assert f"{len(ORPHANS)} files" in said and "clean_orphans" in said
    orphans.clean(asked, orphans.REMOVE)
    assert orphans.notice(asked) == ""
