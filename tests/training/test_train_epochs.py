"""Training in segments: the same weights as in one go, and nothing else than was asked for."""

import argparse
import json

import keras
import numpy as np
import pytest
import tensorflow as tf

from lucid_sprites.errors import UserError
from lucid_sprites.models.loaders import frozen_graph
from lucid_sprites.training import checkpoint, train_epochs
from lucid_sprites.training.dataset import open_dataset
from lucid_sprites.training.initial_network import make_network
from training.specs import training_spec


@pytest.fixture(autouse=True)
def reproducible(monkeypatch):
    """As `make_reproducible`, whose thread pools this process has long fixed."""
    tf.config.experimental.enable_op_determinism()
    monkeypatch.setattr(
        train_epochs, "make_reproducible", lambda seed, threads: keras.utils.set_random_seed(seed)
    )


def run(folder, epoch, previous=None, dataset=None, **changes):
    """One segment, as the program makes it; returns its checkpoint's path."""
    folder.mkdir(exist_ok=True)
    out = {kind: str(folder / f"{epoch}.{end}")
           for kind, end in (("checkpoint", "npz"), ("graph", "pb"), ("rows", "csv"))}  # fmt: skip
    spec = json.dumps(training_spec(**changes))
    arguments = {"spec": spec, "epoch": epoch, "previous": previous, "dataset": dataset}
    train_epochs.run(argparse.Namespace(**arguments, **out))
    return out["checkpoint"]


def content(path):
    with np.load(path) as arrays:
        return {name: arrays[name] for name in arrays.files}


def photos(path, edge):
    """A dataset of 13 random photos: batches of 8 do not fit into it."""
    random = np.random.default_rng(0)
    validation = np.arange(13) >= 11
    arrays = {"pictures": random.integers(0, 256, (13, edge, edge, 3), np.uint8),
              "targets": np.arange(13, dtype=np.int32) % 2,
              "validation": validation, "classes": np.array(["a", "b"])}  # fmt: skip
    np.savez(path, **arrays)
    return str(path)


@pytest.mark.parametrize("topology", ["small", "mobilenet"])
def test_segments_give_the_same_weights_as_one_run(tmp_path, topology):
    # MobileNet has batch norms, whose averages are state, too.
    options = {"topology": topology, "optimizer": "adam", "augmentation": {"flip": True}}
    options["input_size"] = 32 if topology == "mobilenet" else 16
    data = photos(tmp_path / "data.npz", options["input_size"])
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    straight = run(whole, 3, run(whole, 0, None, data, **options), data, **options)
    path = run(cut, 0, None, data, **options)
    for epoch in (1, 3):
        path = run(cut, epoch, path, data, **options)
    one, other = content(straight), content(path)
    assert one.keys() == other.keys()
    for name in one:
        np.testing.assert_array_equal(one[name], other[name])
    assert (whole / "3.pb").read_bytes() == (cut / "3.pb").read_bytes()
    lines = (whole / "3.csv").read_text().splitlines()
    assert lines[2:] == (cut / "3.csv").read_text().splitlines()[1:]


def test_an_interrupted_segment_goes_on_where_it_stopped(tmp_path, monkeypatch):
    monkeypatch.setattr(train_epochs, "_KEEP_EVERY", 0)
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    straight = run(whole, 4, run(whole, 0))
    first = run(broken, 0)
    after_epoch = train_epochs.Segment.after_epoch

    def killed(self, row):
        after_epoch(self, row)
        if row["epoch"] == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(train_epochs.Segment, "after_epoch", killed)
    with pytest.raises(KeyboardInterrupt):
        run(broken, 4, first)
    assert not (broken / "4.npz").exists()
    epochs = []

    def counted(self, row):
        epochs.append(row["epoch"])
        after_epoch(self, row)

    monkeypatch.setattr(train_epochs.Segment, "after_epoch", counted)
    run(broken, 4, first)
    assert epochs == [3, 4]
    assert (broken / "4.csv").read_text() == (whole / "4.csv").read_text()
    assert (broken / "4.pb").read_bytes() == (whole / "4.pb").read_bytes()
    assert not list(broken.glob("*.part"))
    np.testing.assert_equal(content(straight), content(broken / "4.npz"))


def test_what_another_training_left_is_not_used(tmp_path, monkeypatch):
    monkeypatch.setattr(train_epochs, "_KEEP_EVERY", 0)
    first = run(tmp_path, 0)
    monkeypatch.setattr(train_epochs.Segment, "close", lambda self: None)
    run(tmp_path, 2, first)
    assert (tmp_path / "2.npz.part").exists()
    trained = content(run(tmp_path, 2, first, learning_rate=0.1))
    fresh = content(run(tmp_path / "fresh", 2, run(tmp_path / "fresh", 0), learning_rate=0.1))
    np.testing.assert_equal(trained, fresh)


@pytest.mark.filterwarnings("ignore")
def test_step_0_has_the_given_weights(tmp_path):
    keras.utils.set_random_seed(9)
    given = make_network(training_spec(), open_dataset(training_spec(), None))
    given.save_weights(tmp_path / "given.weights.h5")
    path = run(tmp_path, 0, weights=str(tmp_path / "given.weights.h5"))
    stored = content(path)
    for number, variable in enumerate(given.weights):
        np.testing.assert_array_equal(stored[f"{number:04}"], variable)
    graph = frozen_graph.read(tmp_path / "0.pb")
    constants = [tf.make_ndarray(n.attr["value"].tensor) for n in graph.node if n.op == "Const"]
    kernel = given.get_layer("conv3").get_weights()[0]
    assert any(np.array_equal(kernel, constant) for constant in constants)
    assert (tmp_path / "0.csv").read_text().splitlines()[1].startswith("0,0,,,")


@pytest.mark.parametrize("cutoff", [5, "conv3"])
def test_cutoff_leaves_the_first_layers_as_they_are(tmp_path, cutoff):
    before = content(run(tmp_path, 0, cutoff=cutoff))
    after = content(run(tmp_path, 1, str(tmp_path / "0.npz"), cutoff=cutoff))
    # Layers: input, conv1, conv2, pool2, conv3, ...: a number of 5 includes conv3.
    kept = 6 if cutoff == 5 else 4
    changed = [not np.array_equal(before[f"{n:04}"], after[f"{n:04}"]) for n in range(12)]
    assert changed == [False] * kept + [True] * (12 - kept)


def test_cutoff_freezes_batch_norms_too(tmp_path):
    options = {"topology": "mobilenet", "input_size": 32, "cutoff": "conv_pw_13_relu"}
    before = content(run(tmp_path, 0, **options))
    after = content(run(tmp_path, 1, str(tmp_path / "0.npz"), **options))
    network = make_network(training_spec(**options), open_dataset(training_spec(**options), None))
    changed = [v.path for n, v in enumerate(network.weights)
               if not np.array_equal(before[f"{n:04}"], after[f"{n:04}"])]  # fmt: skip
    # Through a random network hardly anything reaches the head's kernel.
    assert "logits/bias" in changed
    assert set(changed) <= {"logits/bias", "logits/kernel"}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"cutoff": "nowhere"}, "cutoff 'nowhere' is no layer of small: input, conv1"),
        ({"cutoff": 99}, "cutoff 99 leaves nothing to train"),
        ({"optimizer_options": {"momentun": 1}}, "optimizer adam with .*momentun"),
    ],
)
def test_bad_options_are_named(tmp_path, changes, message):
    with pytest.raises(UserError, match=message):
        run(tmp_path, 0, **changes)


@pytest.mark.parametrize(
    ("learning_rate", "broken"),
    [(1000, "validation_loss; "), (1e30, "conv")],
    ids=["its weights are finite", "its weights are not"],
)
def test_a_diverged_training_is_not_saved(tmp_path, learning_rate, broken):
    changes = {"optimizer": "sgd", "learning_rate": learning_rate}
    first = run(tmp_path, 0, **changes)
    with pytest.raises(UserError, match=rf"epoch 1: NaN or infinite: {broken}.*learning_rate"):
        run(tmp_path, 2, first, **changes)
    assert not list(tmp_path.glob("2.*"))


def test_broken_weights_are_refused_before_training(tmp_path, monkeypatch):
    def broken(*arguments):
        network = make_network(*arguments)
        network.get_layer("conv3").bias.assign(np.full(40, np.nan))
        return network

    monkeypatch.setattr(train_epochs, "make_network", broken)
    with pytest.raises(UserError, match=r"epoch 0: .*conv3/bias; choose other weights"):
        run(tmp_path, 0)
    assert not list(tmp_path.iterdir())


def test_a_torn_checkpoint_is_named(tmp_path):
    path = run(tmp_path, 0)
    with open(path, "r+b") as file:
        file.truncate(3000)
    with pytest.raises(UserError, match=r"0\.npz: not a whole checkpoint"):
        run(tmp_path, 1, path)
    assert checkpoint.read_notes(path) == {}


def test_several_labels_train_a_sigmoid_head(tmp_path):
    random = np.random.default_rng(0)
    arrays = {"pictures": random.integers(0, 256, (12, 16, 16, 3), np.uint8),
              "targets": random.integers(0, 2, (12, 5), np.int32),
              "validation": np.arange(12) >= 10, "classes": np.array(list("abcde"))}  # fmt: skip
    np.savez(tmp_path / "data.npz", **arrays)
    data = str(tmp_path / "data.npz")
    run(tmp_path, 1, run(tmp_path, 0, None, data), data)
    names = {node.name for node in frozen_graph.read(tmp_path / "1.pb").node}
    assert "sigmoid/Sigmoid" in names
    header, line = (tmp_path / "1.csv").read_text().split()
    row = dict(zip(header.split(","), line.split(","), strict=True))
    # Of guesses at chance the binary cross-entropy is log 2.
    assert 0.4 < float(row["loss"]) < 1.2
    assert 0 <= float(row["validation_accuracy"]) <= 1


def test_training_learns():
    spec = training_spec(input_size=32, batch_size=32, steps_per_epoch=40, learning_rate=0.003)
    dataset = open_dataset(spec, None)
    keras.utils.set_random_seed(0)
    network = make_network(spec, dataset)
    rows = [train_epochs.first_row(network, dataset, spec)]
    train_epochs.train(network, dataset, spec, range(1, 3), rows.append)
    chance = 1 / len(dataset.classes)
    assert rows[0]["validation_accuracy"] < 2.5 * chance
    assert rows[-1]["validation_accuracy"] > 4 * chance
    assert rows[-1]["validation_loss"] < rows[0]["validation_loss"] - 0.3
