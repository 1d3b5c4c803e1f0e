"""Which states a training saves, and what is wrong with one."""

import json
import os
from types import SimpleNamespace

import pytest

from lucid_sprites.errors import UserError
from lucid_sprites.planning.training import (
    Trainings,
    dataset_made,
    make_training,
    scheduled,
    segment_made,
)


def place(**fields):
    return SimpleNamespace(series="run", **fields)


def trainings(**options):
    training = make_training("run", {"topology": "small", "epochs": 4, **options}, "config.yaml")
    return Trainings("results", {"run": training})


def test_the_schedule_is_dense_first():
    saved = scheduled(1000)
    assert saved[:11] == list(range(0, 21, 2))
    assert saved[11:14] == [23, 26, 29]
    assert [epoch for epoch in saved if 35 <= epoch <= 50] == [35, 38, 40, 45, 50]
    assert [epoch for epoch in saved if 90 <= epoch <= 120] == [90, 95, 100, 110, 120]
    assert [epoch for epoch in saved if epoch > 180] == [190, 200, 400, 600, 800, 1000]
    assert saved[-1] == 1000


@pytest.mark.parametrize("epochs", [1, 2, 3, 20, 21, 57, 201])
def test_the_schedule_ends_with_the_last_epoch(epochs):
    saved = scheduled(epochs)
    assert (saved[0], saved[-1]) == (0, epochs)
    assert saved == sorted(set(saved))


def test_a_longer_training_keeps_the_states_of_a_shorter_one():
    assert set(scheduled(50)) <= set(scheduled(60))


def test_a_list_of_states_begins_with_the_one_before_training():
    assert trainings(save=[8, 1, 2]).by_series["run"].epochs == [0, 1, 2, 8]


def test_without_finetune_only_the_given_state_is_saved():
    assert trainings(finetune=False).by_series["run"].epochs == [0]


def test_segments_start_from_the_state_before():
    run = trainings(save=[1, 4])
    assert run.previous(place(epoch="0")) == []
    assert run.previous(place(epoch="4")) == ["results/run/training/epoch_1.npz"]
    assert run.dataset(place(epoch="4")) == []


def test_how_long_and_where_it_is_cut_is_no_part_of_a_segments_spec():
    short, long = (trainings(**o).segment_spec(place()) for o in ({"save": [1]}, {"epochs": 9}))
    assert short == long
    assert trainings(seed=1).segment_spec(place()) != long


def test_photos_are_augmented_unless_told_otherwise(tmp_path):
    photos = {"dataset": str(tmp_path)}
    augmentation = [
        json.loads(trainings(**options).segment_spec(place()))["augmentation"]
        for options in ({}, photos, {**photos, "augmentation": {}})
    ]
    assert augmentation == [{}, {"shift": 0.125, "flip": True}, {}]


def test_the_fingerprint_follows_the_photos(tmp_path):
    (tmp_path / "cat").mkdir()
    run = trainings(dataset={"folder": str(tmp_path)})
    before = run.fingerprint(place())
    assert run.fingerprint(place()) == before
    (tmp_path / "cat" / "1.jpg").write_bytes(b"1")
    assert run.fingerprint(place()) != before


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"dataset": "nowhere"}, "no dataset folder nowhere; choose `generated` or one"),
        ({"dataset": {"folder": ".", "attributes": "no.txt"}}, r"no table of attributes no\.txt"),
        ({"weights": "no.h5"}, r"no weights file no\.h5; choose `none`, `imagenet` or a file"),
        ({"topology": "inceptionv3"}, "input_size 64 is too small for inceptionv3; choose 75"),
    ],
)
def test_mistakes_are_named(options, message):
    with pytest.raises(UserError, match=f"config.yaml: series run: training: {message}"):
        trainings(**options)


def test_how_long_must_be_said():
    with pytest.raises(UserError, match="say how long"):
        make_training("run", {"topology": "small"}, "config.yaml")


def test_a_state_says_which_weights_it_began_with(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    spec = json.dumps({"weights": "w.h5", "seed": 0})
    said = []
    for content in ("1", "2"):
        (tmp_path / "w.h5").write_text(content)
        os.utime(tmp_path / "w.h5", (1, 1))
        said.append([segment_made(spec, epoch) for epoch in (0, 4)])
    assert said[0][0] != said[1][0]
    assert said[0][1] == said[1][1]  # it goes on from the state before


def test_a_dataset_says_what_its_files_hold(tmp_path):
    spec = json.dumps({"folder": str(tmp_path), "edge": 8, "seed": 0})
    cat, dog = tmp_path / "cat/a.png", tmp_path / "dog/a.png"
    for path, content in ((cat, "1"), (dog, "2")):
        path.parent.mkdir()
        path.write_text(content)
    before = dataset_made(spec)
    os.utime(cat, (1, 1))
    os.utime(dog, (1, 1))
    assert dataset_made(spec) == before
    cat.write_text("2")
    dog.write_text("1")
    os.utime(cat, (1, 1))
    os.utime(dog, (1, 1))
    assert dataset_made(spec) != before
