"""The store: what goes in comes out, and nothing damaged ever does."""

import copy
import io
import logging
import zipfile

import numpy as np
import pytest

from lucid_sprites.sprites import store
from lucid_sprites.sprites.store import Entry, Store, key

NAME = "ab" * 32


def entry() -> Entry:
    state = np.random.RandomState(0).normal(size=(3, 2, 4, 3, 2)).astype(np.float32)
    return Entry(
        "recurring_loss",
        80,
        0.1 + 0.2,
        pngs={4: b"\x89PNG four", 64: b"\x89PNG sixty-four"},
        losses={4: 1 / 3, 64: 2.5e-17},
        curve={8: 0.5, 16: -1e30},
        timestamps={4: 1700000000123, 64: 1700000000456, 80: 1700000000789},
        batches={4: 1700000000000, 64: 1700000000400, 80: 1700000000400},
        state=state,
        state_step=64,
        watch={"bins": [123456789012345, -3], "hits": 7},
    )


def saved(folder, content: bytes):
    """A store with `content` under the name of an entry, and its file."""
    path = folder / "ab" / f"{NAME}.zip"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)
    return Store(folder), path


@pytest.fixture
def whole(tmp_path) -> bytes:
    Store(tmp_path).put(NAME, entry())
    return (tmp_path / "ab" / f"{NAME}.zip").read_bytes()


def archive(**members) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        for name, content in members.items():
            file.writestr(name.replace("_", "."), content)
    return buffer.getvalue()


def assert_same(one: Entry, other: Entry):
    one, other = vars(one).copy(), vars(other).copy()
    states = one.pop("state"), other.pop("state")
    assert one == other
    if states[1] is None:
        assert states[0] is None
    else:
        assert states[0].dtype == states[1].dtype
        np.testing.assert_array_equal(*states)


def test_an_entry_comes_back_as_it_was(tmp_path):
    Store(tmp_path).put(NAME, entry())
    assert_same(Store(str(tmp_path)).get(NAME), entry())


def test_a_failed_entry_without_pictures_comes_back(tmp_path):
    bare = Entry("constant_output", 0, 0.0, timestamps={0: 5}, batches={0: 4})
    Store(tmp_path).put(NAME, bare)
    assert_same(Store(tmp_path).get(NAME), bare)


def test_losses_that_are_no_numbers_come_back(tmp_path):
    Store(tmp_path).put(NAME, Entry("not_finite", 3, float("nan"), losses={1: float("-inf")}))
    back = Store(tmp_path).get(NAME)
    assert np.isnan(back.loss)
    assert back.losses == {1: float("-inf")}


def test_a_new_entry_replaces_the_old_and_leaves_nothing_else(tmp_path):
    Store(tmp_path).put(NAME, Entry("ok", 4, 1.0))
    Store(tmp_path).put(NAME, entry())
    assert_same(Store(tmp_path).get(NAME), entry())
    files = [path.relative_to(tmp_path) for path in tmp_path.rglob("*") if path.is_file()]
    assert list(map(str, files)) == [f"ab/{NAME}.zip"]


def test_a_missing_entry_is_none_and_no_warning(tmp_path, caplog):
    assert Store(tmp_path / "no folder").get(NAME) is None
    assert not caplog.records


FOREIGN = {
    "empty file": b"",
    "garbage": bytes(range(256)) * 20,
    "text": b"version https://git-lfs.github.com/spec/v1\n",
    "empty archive": archive(),
    "another archive": archive(readme_txt="hello"),
    "record is not JSON": archive(record_json="{"),
    "record is not text": archive(record_json=b"\xff\xfe"),
    "record is empty": archive(record_json="{}"),
    "record is a list": archive(record_json="[]"),
    "record is null": archive(record_json="null"),
    "record's tables are numbers": archive(record_json='{"losses": 1}'),
    "record lacks what is not a table": archive(
        record_json='{"losses": {}, "curve": {}, "timestamps": {}, "batches": {}}'
    ),
}


@pytest.mark.parametrize("content", FOREIGN.values(), ids=FOREIGN)
def test_a_foreign_file_is_none_and_logged(tmp_path, caplog, content):
    damaged, path = saved(tmp_path, content)
    with caplog.at_level(logging.WARNING):
        assert damaged.get(NAME) is None
    assert str(path) in caplog.text
    assert "made again" in caplog.text


def test_a_record_with_unknown_fields_is_none(tmp_path, whole):
    """As another version of this program might write it."""
    with zipfile.ZipFile(io.BytesIO(whole)) as file:
        record = file.read("record.json").decode().replace("{", '{"later": 1, ', 1)
    assert saved(tmp_path, archive(record_json=record))[0].get(NAME) is None


@pytest.mark.parametrize("state", [b"", b"\x93NUMPY", b"no array at all"])
def test_a_torn_state_is_none(tmp_path, whole, state):
    with zipfile.ZipFile(io.BytesIO(whole)) as file:
        content = archive(record_json=file.read("record.json"), state_npy=state)
    assert saved(tmp_path, content)[0].get(NAME) is None


def test_a_pickled_state_is_never_loaded(tmp_path, whole):
    buffer = io.BytesIO()
    np.save(buffer, np.array([{"any": "object"}]), allow_pickle=True)
    with zipfile.ZipFile(io.BytesIO(whole)) as file:
        content = archive(record_json=file.read("record.json"), state_npy=buffer.getvalue())
    assert saved(tmp_path, content)[0].get(NAME) is None


def test_a_file_cut_off_anywhere_is_none(tmp_path, whole):
    for length in range(0, len(whole), 7):
        damaged, path = saved(tmp_path, whole[:length])
        assert damaged.get(NAME) is None, length
    path.write_bytes(whole)
    assert_same(damaged.get(NAME), entry())


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_a_flipped_bit_anywhere_never_raises_and_never_changes_a_number(tmp_path, whole):
    """It makes the entry damaged, or hides a member, which is then made again."""
    logging.disable()
    try:
        lost = 0
        for place in range(len(whole)):
            for bit in (0, 3, 7):
                content = bytearray(whole)
                content[place] ^= 1 << bit
                back = saved(tmp_path, bytes(content))[0].get(NAME)
                lost += back is None
                if back is not None:
                    assert back.pngs.items() <= entry().pngs.items()
                    same = entry()
                    same.pngs = back.pngs
                    same.state = same.state if back.state is not None else None
                    assert_same(back, same)
        assert lost > len(whole)
    finally:
        logging.disable(logging.NOTSET)


def test_a_damaged_entry_can_be_replaced(tmp_path):
    damaged, _ = saved(tmp_path, b"")
    damaged.put(NAME, entry())
    assert_same(damaged.get(NAME), entry())


IDENTITY = {
    "graph": "0" * 64,
    "input": {"name": "picture", "channels": 3, "low": -1.0, "high": 1.0},
    "layer": "conv1/Relu",
    "index": 3,
    "objective": "channel",
    "recipe": {
        "scale": 64,
        "learning_rate": 0.05,
        "transforms": [{"pad": 12}, {"jitter": 8}],
        "parametrization": "fft",
        "decorrelate": True,
        "loss_crisis": {"bins": 10, "hits": 10, "factor": 1e7, "minimum": 0},
        "seed": 0,
        "attempt": 0,
    },
}
CHANGES = {
    ("graph",): "1" * 64,
    ("input", "name"): "Placeholder",
    ("input", "channels"): 1,
    ("input", "low"): 0.0,
    ("input", "high"): 255.0,
    ("layer",): "conv1/Relu6",
    ("index",): 4,
    ("objective",): "neuron",
    ("recipe", "scale"): 65,
    ("recipe", "learning_rate"): 0.051,
    ("recipe", "transforms"): [{"jitter": 8}, {"pad": 12}],
    ("recipe", "transforms", 0, "pad"): 13,
    ("recipe", "parametrization"): "pixel",
    ("recipe", "decorrelate"): False,
    ("recipe", "loss_crisis", "bins"): 11,
    ("recipe", "loss_crisis", "hits"): 11,
    ("recipe", "loss_crisis", "factor"): 1e6,
    ("recipe", "loss_crisis", "minimum"): 0.1,
    ("recipe", "seed"): 1,
    ("recipe", "attempt"): 1,
}


def test_every_part_of_the_identity_is_in_the_key(monkeypatch):
    keys = [key(IDENTITY)]
    for (*folders, last), value in CHANGES.items():
        changed = copy.deepcopy(IDENTITY)
        place = changed
        for folder in folders:
            place = place[folder]
        assert place[last] != value
        place[last] = value
        keys.append(key(changed))
    monkeypatch.setattr(store, "ENGINE_VARIANT", "another arithmetic")
    keys.append(key(IDENTITY))
    assert len(set(keys)) == len(CHANGES) + 2


def test_the_key_is_a_file_name_that_stays_the_same():
    """The order of settings does not matter; another text here empties everybody's store."""
    turned = dict(reversed(IDENTITY.items()))
    turned["recipe"] = dict(reversed(IDENTITY["recipe"].items()))
    assert key(turned) == key(IDENTITY)
    assert set(key(IDENTITY)) <= set("0123456789abcdef")
    assert len(key(IDENTITY)) == 64
