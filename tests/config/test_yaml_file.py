"""YAML files that people write: what is read, and what each refusal says."""

import pytest

from lucid_sprites.config import schema, yaml_file
from lucid_sprites.errors import UserError

BOMB = "a: &a [1, 1]\n" + "".join(
    f"{name}: &{name} [{', '.join([f'*{before}'] * 9)}]\n"
    for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)
MERGES = "a: &a {x: 1}\n" + "".join(
    f"{name}: &{name} {{<<: [{', '.join([f'*{before}'] * 9)}]}}\n"
    for before, name in zip("abcdefghijk", "bcdefghijkl", strict=True)
)


@pytest.fixture
def write(tmp_path):
    def write(content):
        path = tmp_path / "study.yaml"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return str(path)

    return write


@pytest.mark.parametrize(
    ("content", "held"),
    [
        ("series: {shapes: }\n", {"series": {"shapes": None}}),
        ("", None),
        ("a: &a {scale: 8}\nb: {<<: *a, seed: 1}\nc: [*a, *a]", {
            "a": {"scale": 8}, "b": {"scale": 8, "seed": 1}, "c": [{"scale": 8}] * 2}),
        ("a: &a {x: 1}\nb: &b {y: 2}\nc: {<<: *a, <<: *b}", {
            "a": {"x": 1}, "b": {"y": 2}, "c": {"x": 1, "y": 2}}),
        ("[" * 90 + "]" * 90, eval("[" * 90 + "]" * 90)),
    ],
)  # fmt: skip
def test_what_a_file_holds(write, content, held):
    assert yaml_file.read(write(content)) == held


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"series: [a\nscale: 3\n", "not YAML: .*line 2"),
        (b"series: {a: \xff}", "not YAML: "),
        (b"series:\n\ta: 3\n", "not YAML: "),
        ("scale: " + "9" * 5000, "not YAML: "),
        ("scale: 2001-99-99", "not YAML: "),
        ("scale: !!bool 3", "not YAML: "),
        ("scale: !!python/object:os.system {}", "not YAML: "),
        ("[" * 200 + "]" * 200, "values are nested deeper than 100"),
        ("[" * 100_000, "values are nested deeper than 100"),
        ("a: " * 100_000, "not YAML: "),
        ("a: &a [*a]", "values are nested deeper than 100"),
        (BOMB, "holds more than 1000000 values once its aliases are spelled out"),
        (
            "series: {a: }\nscale: 8\nseries: {b: }\n",
            "line 3: 'series' stands in line 1 already; join the two, or give one another name",
        ),
        ("series:\n  a: {}\n  b: {}\n  a: {}\n", "line 4: 'a' stands in line 2 already"),
        ("index:\n  17: {}\n  '17': {}\n", "line 3: '17' stands in line 2 already"),
        ("{a: 1, a: 2}", "line 1: 'a' stands in line 1 already"),
        ("layers:\n- seed: 1\n  seed: 2\n", "line 3: 'seed' stands in line 2 already"),
        (MERGES, "holds more than 1000000 values once its aliases are spelled out"),
    ],
)
def test_what_is_refused_and_why(write, content, says):
    path = write(content)
    with pytest.raises(UserError, match=f"(?s){says}") as caught:
        yaml_file.read(path)
    assert str(caught.value).startswith(f"{path}: ")


@pytest.mark.parametrize("content", ["", "# series:\n", "- shapes\n", "shapes"])
def test_a_config_has_keys(write, content):
    path = write(content)
    with pytest.raises(UserError) as caught:
        yaml_file.read_config(path)
    assert str(caught.value) == (
        f"{path}: must hold keys, among them `series`; README.md explains all"
    )


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(UserError, match=r"none\.yaml: cannot be read: No such file or directory"):
        yaml_file.read(str(tmp_path / "none.yaml"))


def test_aliases_of_a_file_that_snakemake_has_read_are_counted_too():
    """As with `--configfile`."""
    data = [1] * 9
    for _ in range(9):
        data = [data] * 9
    with pytest.raises(UserError, match="here: holds more than 1000000 values"):
        schema.check({"series": {"tiny": {"instances": data}}}, "here")


@pytest.mark.parametrize("content", ["2001-01-01", "!!binary aGVsbG8=", "!!set {a}"])
def test_what_json_does_not_know_is_refused(write, content):
    config = yaml_file.read(write(f"series: {{tiny: {{input: {{values: {{x: {content}}}}}}}}}"))
    with pytest.raises(UserError, match=r"here: .* is no text, number or list; put it in quotes"):
        schema.check(config, "here")
