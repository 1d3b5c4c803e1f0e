"""Studies in real runs: their files, and that a run does what a change touches and no more."""

import json

import pytest
from PIL import Image

import tiny_graphs
from workflow_project import Project

NAMED = {"objective": '-channel("conv2/Relu", 1)', "name": "dark"}
CONFIG = {
    "defaults": {"scale": 16, "transforms": [{"jitter": 2}], "thresholds": [4]},
    "series": {"tiny": {"layers": [{"layer": "conv1/Relu", "indexes": "0-1"}]}},
    "studies": {
        "mixes": {"objectives": ['channel("conv1/BiasAdd", 1) - 0.5 * deepdream(0)', NAMED]},
        "apart": {
            "diversity": {"objective": 'channel("conv2/Conv2D", 1)', "layer": 1, "count": 3},
            "thresholds": [4, 8],
        },
        "clear": {
            "objectives": ['channel("conv1/BiasAdd", 1) - 0.1 * opacity()'],
            "alpha": True,
            "scale": [16, 24],
        },
    },
}
FOLDER = "tiny/young/studies"


def render(project):
    """Jobs of the studies, and how many of their sprites were optimized."""
    foreseen = project.run("--dry-run", "studies")
    assert foreseen.code == 0, foreseen.text
    for log in project.results("tiny/*/studies/*/logs/b_*.log"):
        log.unlink()
    done = project.run("--jobs", "2", "studies")
    assert done.code == 0, done.text
    logs = project.results("tiny/*/studies/*/logs/b_*.log")
    jobs = {rule: count for rule, count in done.jobs.items() if rule != "studies"}
    return jobs, sum(log.read_text().count(" attempt ") for log in logs)


@pytest.fixture(scope="module")
def studied(tmp_path_factory):
    """Three studies of one instance, rendered."""
    project = Project(tmp_path_factory.mktemp("studied") / "project")
    tiny_graphs.save(tiny_graphs.small(), project.folder / "graphs/tiny/young.pb")
    project.configure(CONFIG)
    jobs, _ = render(project)
    assert jobs == {
        "optimize_study": 3,
        "render_study_sprite": 9,
        "study_losses": 3,
        "study_spritesheet": 4,
    }
    return project


@pytest.fixture
def project(studied, tmp_path):
    return studied.copy(tmp_path / "project")


def change(project, study, **options):
    config = project.config()
    config["studies"][study].update(options)
    project.configure(config)


def test_a_study_is_sprites_a_log_and_a_sheet(studied):
    results = studied.folder / "results" / FOLDER
    sheet = json.loads((results / "mixes/spritemaps/t_4.json").read_text())
    assert (sheet["study"], sheet["depth"], sheet["columns"], sheet["cell"]) == ("mixes", 2, 2, 16)
    titles = ['channel("conv1/BiasAdd", 1) - 0.5 * deepdream(0)', "dark"]
    assert [cell["title"] for cell in sheet["cells"]] == titles
    assert [cell["status"] for cell in sheet["cells"]] == ["ok", "ok"]
    log = (results / "apart/losses.csv").read_text().splitlines()
    assert log[0].startswith("batch_id,timestamp,scale,adam,transforms,layer,index,threshold,loss")
    assert len(log) == 1 + 6
    with Image.open(results / "clear/sprites/i_0_t_4_s_16x24.png") as image:
        assert (image.mode, image.size) == ("RGBA", (24, 16))
        record = json.loads(image.text["lucid-sprites"])
    assert record["recipe"]["alpha"] is True
    assert record["objective"]["objective"] == "sum"


def test_the_same_again_is_nothing(project):
    assert render(project) == ({}, 0)


def test_one_objective_is_one_sprite(project):
    change(project, "mixes", objectives=["deepdream(0)", NAMED])
    jobs, optimized = render(project)
    # The other sprite of the block comes out of the store.
    assert jobs["optimize_study"] == 1
    assert jobs["study_spritesheet"] == 1
    assert optimized == 1


def test_a_name_costs_no_optimization(project):
    change(project, "mixes", objectives=[CONFIG["studies"]["mixes"]["objectives"][0],
                                         {**NAMED, "name": "light"}])  # fmt: skip
    jobs, optimized = render(project)
    assert (jobs, optimized) == ({"study_spritesheet": 1}, 0)


def test_a_lost_sprite_comes_back_with_the_same_bytes(project):
    lost = project.results(f"{FOLDER}/apart/sprites/i_1_t_8_*.png")[0]
    before = lost.read_bytes()
    lost.unlink()
    _, optimized = render(project)
    assert (lost.read_bytes(), optimized) == (before, 0)


def test_a_unit_goes_on_where_it_stopped_with_the_same_bytes(project):
    """From 8 to 12 steps, and from the start to 12: one and the same."""
    change(project, "apart", thresholds=[4, 8, 12])
    _, optimized = render(project)
    assert optimized == 3
    resumed = {p.name: p.read_bytes() for p in project.results(f"{FOLDER}/apart/sprites/*.png")}
    for path in project.results("tiny/young/store/*/*.zip"):
        path.unlink()
    for path in project.results(f"{FOLDER}/apart/blocks/*.zip"):
        path.unlink()
    render(project)
    again = {p.name: p.read_bytes() for p in project.results(f"{FOLDER}/apart/sprites/*.png")}
    assert len(again) == 9
    assert again == resumed


def test_all_makes_layers_and_studies(project):
    foreseen = project.run("--dry-run")
    assert foreseen.jobs == {
        "optimize": 1, "render_sprite": 2, "losses": 1, "spritesheet": 1,
    }  # fmt: skip


def test_a_wrong_objective_is_refused_before_anything_runs(project):
    before = dict(project.modified())
    change(project, "mixes", objectives=['channel("conv1/Relu" 3)'])
    refused = project.run("--jobs", "2")
    assert refused.code != 0
    assert 'config.yaml: study mixes, objectives 1: expected ")" or "," or "]"' in refused.text
    assert '\n  channel("conv1/Relu" 3)\n                       ^' in refused.text
    assert "Traceback" not in refused.text
    assert dict(project.modified()) == before


@pytest.mark.parametrize(
    ("target", "says"),
    [
        ("tiny/young/studies/mix/losses.csv",
         "tiny/young: the config has no study mix; there are apart, clear, mixes"),
        ("tiny/young/studies/mix/sprites/i_0_t_4_s_16.png",
         "tiny/young: the config has no study mix; there are apart, clear, mixes"),
        ("tiny/old/studies/mixes/losses.csv", "the config has no tiny/old; there are tiny/young"),
        ("tiny/young/studies/mixes/spritemaps/t_8.png",
         "tiny/young, study mixes: the config does not ask for threshold 8, but for 4"),
        ("tiny/young/studies/clear/sprites/i_0_t_4_s_24x16.png",
         "tiny/young, study clear: the config does not ask for scale 24x16 of index 0, but for "
         "16x24"),
        ("tiny/young/studies/mixes/sprites/i_7_t_4_s_16.png",
         "tiny/young, study mixes: the config does not ask for index 7, but for 0-1"),
    ],
)  # fmt: skip
def test_a_file_of_a_study_that_nobody_asked_for_is_refused_with_the_choices(studied, target, says):
    refused = studied.run("--dry-run", f"results/{target}")
    assert refused.code != 0
    assert says in refused.text
    assert "KeyError" not in refused.text


def test_a_line_that_the_network_refuses_does_not_take_the_others_with_it(project):
    config = project.config()
    (project.folder / "torn.png").write_bytes(b"no picture")
    lines = [*CONFIG["studies"]["mixes"]["objectives"], 'neuron("conv2/Relu", 0, 99, 0)']
    lines += ['input_diff(photo("torn.png")) * -1 + channel("conv2/Relu", 0)']
    config["studies"]["mixes"]["objectives"] = lines
    project.configure(config)
    good = project.results(f"{FOLDER}/mixes/sprites/i_[01]_*.png")
    before = [path.read_bytes() for path in good]
    assert len(before) == 2
    assert render(project)[0]["optimize_study"] == 1
    assert [path.read_bytes() for path in good] == before
    sheet = project.results(f"{FOLDER}/mixes/spritemaps/t_4.json")[0]
    cells = json.loads(sheet.read_text())["cells"]
    assert [cell["status"] for cell in cells] == ["ok", "ok", "refused", "refused"]
    log = project.results(f"{FOLDER}/mixes/logs/b_0.log")[0].read_text()
    assert 'neuron("conv2/Relu", 0, 99, 0): x or y is beyond the layer' in log
    assert "torn.png: not a picture" in log
    assert render(project)[0] == {}
