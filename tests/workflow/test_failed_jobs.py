"""Sprites that cannot be made, and input that is refused before anything is rendered."""

import json
import shutil

import pytest
from PIL import Image

import tiny_graphs


def test_failed_sprites_stay_visibly_empty(project):
    tiny_graphs.save(tiny_graphs.small(dead=(1, 4)), project.folder / "graphs/tiny/young.pb")
    done = project.run("--jobs", "2")
    assert done.code == 0
    assert "40 ok, 4 constant_output" in done.text
    assert "conv1/Relu) at 4 steps: constant_output: 1,4" in done.text
    sheet = Image.open(project.folder / "results/tiny/young/spritemaps/l_2_t_8.png")
    alphas = [sheet.crop((16 * i, 0, 16 * i + 16, 16)).getextrema()[3] for i in range(6)]
    assert alphas == [(0, 0) if i in (1, 4) else (255, 255) for i in range(6)]
    cells = json.loads((project.folder / "results/tiny/young/spritemaps/l_2_t_8.json").read_text())
    assert [cell["status"] == "constant_output" for cell in cells["cells"]] == [
        i in (1, 4) for i in range(6)
    ]


def change(path, value):
    """A change of the config at a dotted path."""

    def apply(project):
        config = project.config()
        *parents, last = path.split(".")
        place = config
        for key in parents:
            place = place[int(key) if isinstance(place, list) else key]
        place[last] = value
        project.configure(config)

    return apply


def graph(content, name="young"):
    def apply(project):
        (project.folder / f"graphs/tiny/{name}.pb").write_bytes(content(project))

    return apply


def text_config(project):
    (project.folder / "config.yaml").write_text("series: [unclosed")


def empty_config(project):
    (project.folder / "config.yaml").write_text("# series:\n")


def repeated_key(project):
    with (project.folder / "config.yaml").open("a") as config:
        config.write("series:\n  tiny: {}\n")


def independent(project):
    def build():
        import tensorflow.compat.v1 as tf

        picture = tf.placeholder(tf.float32, [None, None, None, 3], name="picture")
        kernel = tf.ones([1, 1, 3, 2])
        tf.nn.relu(tf.nn.conv2d(picture, kernel, 1, "SAME"), name="used")
        tf.nn.relu(tf.ones([1, 4, 4, 2]), name="apart")

    content = tiny_graphs.frozen(build).SerializeToString()
    (project.folder / "graphs/tiny/young.pb").write_bytes(content)
    change("series.tiny", {"instances": ["young"], "layers": ["apart"]})(project)


def truncated(project):
    return (project.folder / "graphs/tiny/young.pb").read_bytes()[:1000]


CASES = {
    "missing graph": (
        change("series.tiny.instances", ["middle"]),
        ["graphs/tiny/middle", "old, young"],
    ),
    "series without graphs": (change("series.other", {}), ["series other", "graphs/other"]),
    "truncated graph": (graph(truncated), ["graphs/tiny/young.pb", "truncated"]),
    "not a graph": (graph(lambda _: b"<html>"), ["graphs/tiny/young.pb", "HTML"]),
    "unknown layer": (
        change("series.tiny.layers", ["conv1/Rleu"]),
        ["config.yaml", "'conv1/Rleu'", "conv1/Relu"],
    ),
    "layer number": (change("series.tiny.layers", [99]), ["layer number 99", "0 to"]),
    "index beyond the depth": (
        change("series.tiny.layers", [{"layer": "conv1/Relu", "indexes": "0-6"}]),
        ["conv1/Relu", "index 6", "0 to 5"],
    ),
    "unknown transform": (
        change("defaults.transforms", [{"jiter": 4}]),
        ["'jiter'", "jitter", "crop_or_pad"],
    ),
    "unknown preset": (change("defaults.transforms", "standart"), ["'standart'", "standard"]),
    "transforms that leave nothing": (
        change("defaults.transforms", [{"jitter": 15}]),
        ["16 pixels", "to 1"],
    ),
    "empty selection": (
        change("series.tiny.layers", [{"layer": "conv1/Relu", "indexes": "4", "max_index": 3}]),
        ["no index is selected", "conv1/Relu"],
    ),
    "no layers": (change("series.tiny.layers", []), ["list of layers is empty"]),
    "no instances": (change("series.tiny.instances", []), ["list of instances is empty", "young"]),
    "input node": (
        change("series.tiny.input", {"name": "pictrue"}),
        ["graphs/tiny/old.pb", "'pictrue'", "picture"],
    ),
    "independent layer": (independent, ["'apart'", "does not depend", "used"]),
    "unknown key": (
        change("defaults.treshold", [4]),
        ["config.yaml", "'treshold'", "defaults", "thresholds"],
    ),
    "wrong type": (change("defaults.scale", "big"), ["config.yaml", "defaults.scale", "'big'"]),
    "not YAML": (text_config, ["config.yaml"]),
    "empty config": (empty_config, ["config.yaml: must hold keys, among them `series`"]),
    "key twice": (repeated_key, ["config.yaml: line 13: 'series' stands in line 8 already"]),
    "range that falls": (
        change("series.tiny.indexes", "4-1"),
        ["config.yaml: series tiny, instance old, layer conv1/Relu: the range '4-1' must rise"],
    ),
    "results with a wildcard": (
        change("results", "of {series}"),
        ["config.yaml: results: 'of {series}' is not a folder for results"],
    ),
    "results among the models": (
        change("results", "graphs/made"),
        ["config.yaml: results: graphs/made and graphs: graphs", "side by side"],
    ),
    "models among the results": (
        change("results", "."),
        ["config.yaml: results: . and graphs: graphs", "side by side"],
    ),
    "results outside of the project": (
        change("results", "../elsewhere"),
        ["config.yaml: results: ../elsewhere leaves the project's folder", "absolute path"],
    ),
    "results is a file": (
        lambda project: (change("results", "taken")(project),
                         (project.folder / "taken").write_text("")),
        ["results folder taken"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_bad_input_is_refused_at_once(project, case):
    spoil, expected = CASES[case]
    spoil(project)
    before = dict(project.modified())
    refused = project.run("--jobs", "2")
    assert refused.code != 0
    assert [word for word in expected if word not in refused.text] == [], refused.text
    assert "Traceback" not in refused.text
    assert "rule optimize" not in refused.text
    assert {path: time for path, time in project.modified() if path in before} == before


def test_a_config_that_is_named_is_read_as_carefully(project):
    shutil.copy(project.folder / "config.yaml", project.folder / "other.yaml")
    (project.folder / "config.yaml").unlink()
    named = str(project.folder / "other.yaml")
    assert project.run("--dry-run", "--configfile", named).code == 0
    with open(named, "a") as config:
        config.write("series: {}\n")
    refused = project.run("--dry-run", "--configfile", named)
    assert refused.code != 0
    assert f"{named}: line 13: 'series' stands in line 8 already" in refused.text


def test_a_config_that_is_named_may_be_json(project):
    named = project.folder / "other.json"
    named.write_text(json.dumps(project.config(), indent="\t"))
    (project.folder / "config.yaml").unlink()
    assert project.run("--dry-run", "--configfile", str(named)).code == 0


@pytest.mark.parametrize(
    ("target", "says"),
    [
        ("tiny/young/sprites/l_3_i_0_t_8_s_16.png",
         "tiny/young: the config does not ask for layer 3"),
        ("tiny/young/sprites/l_2_i_9_t_8_s_16.png",
         "tiny/young, layer conv1/Relu: the config does not ask for index 9, but for 0-5"),
        ("tiny/young/sprites/l_2_i_0_t_9_s_16.png",
         "tiny/young, layer conv1/Relu: the config does not ask for threshold 9 of index 0"),
        ("tiny/young/sprites/l_2_i_0_t_8_s_24.png",
         "tiny/young, layer conv1/Relu: the config does not ask for scale 24 of index 0"),
        ("tiny/young/spritemaps/l_2_t_9.png",
         "tiny/young, layer conv1/Relu: the config does not ask for threshold 9, but for"),
        ("tiny/middle/sprites/l_2_i_0_t_8_s_16.png",
         "the config has no tiny/middle; there are tiny/old, tiny/young"),
        ("tiny/young/viewer/l_3.js", "tiny/young: the config does not ask for layer 3"),
    ],
)  # fmt: skip
def test_a_file_that_nobody_asked_for_is_refused_with_the_choices(project, target, says):
    refused = project.run("--dry-run", f"results/{target}")
    assert refused.code != 0
    assert says in refused.text


def test_a_model_that_lucid_does_not_have_is_refused_with_the_nearest(project):
    """Without a checksum: the job still gets as far as the name."""
    change("series.tiny.instances", [{"instance": "zoo", "lucid": "InceptionV9"}])(project)
    refused = project.run("--jobs", "1", "results/tiny/zoo/layers.json")
    assert refused.code != 0
    says = "lucid's model zoo has no 'InceptionV9'; nearest: InceptionV"
    assert says in refused.text
    (line,) = (project.folder / "results/lucid_models/InceptionV9.log").read_text().splitlines()
    assert line.startswith(f"error: {says}")
