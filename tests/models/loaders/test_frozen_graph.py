"""Frozen graphs, and the other things that people save under the name .pb."""

import pytest
from google.protobuf import text_format

from lucid_sprites.errors import UserError
from lucid_sprites.models.loaders.frozen_graph import read
from tiny_graphs import save, small


def message(path) -> str:
    with pytest.raises(UserError) as caught:
        read(path)
    return str(caught.value)


def test_a_graph_is_read_as_it_was_written(tmp_path):
    graph = small()
    assert read(save(graph, tmp_path / "a.pb")) == graph
    assert read(str(tmp_path / "a.pb")) == graph


def test_a_real_graph_is_read(mobilenet):
    names = [node.name for node in read(mobilenet).node]
    assert names[0] == "input"
    assert names[-1] == "MobilenetV1/Predictions/Reshape_1"
    assert len(names) == len(set(names))


@pytest.mark.parametrize(
    ("name", "says"),
    [
        (
            "git_lfs_pointer.pb",
            "not a frozen graph but a Git LFS pointer; fetch the file itself with `git lfs pull`",
        ),
        ("html_page.pb", "not a frozen graph but an HTML page; download the file itself"),
        (
            "pytorch_zip.pb",
            "not a frozen graph but a zip archive (a PyTorch or .keras file?); export a frozen "
            "TensorFlow graph",
        ),
        (
            "savedmodel_without_variables.pb",
            "a saved_model.pb without its variables, not a frozen graph; freeze the SavedModel "
            "folder that it was taken from",
        ),
    ],
)
def test_real_files_of_other_kinds_are_named_for_what_they_are(shared_data, name, says):
    path = shared_data / "bad_inputs" / name
    assert message(path) == f"{path}: {says}"


def test_all_bad_inputs_are_tested(shared_data):
    tested = {"git_lfs_pointer", "html_page", "pytorch_zip", "savedmodel_without_variables"}
    # A graph like any other, as a file; test_input_spec.py refuses it.
    tested.add("no_image_graph")
    assert {path.stem for path in (shared_data / "bad_inputs").glob("*.pb")} == tested


def test_a_graph_without_pictures_is_still_a_graph(shared_data):
    graph = read(shared_data / "bad_inputs" / "no_image_graph.pb")
    assert [node.op for node in graph.node if node.op == "Placeholder"] == ["Placeholder"] * 2


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is empty; a frozen TensorFlow graph (.pb) is needed"),
        (b"\n\n <!doctype HTML>\n<html>", "not a frozen graph but an HTML page"),
        (b"<HTML><head>", "not a frozen graph but an HTML page"),
        (b"\x89HDF\r\n\x1a\n", "not a frozen graph but an HDF5 file (Keras weights or model?)"),
        (b"\x80\x02}q\x00.", "not a frozen graph but a Python pickle, which is never loaded"),
        (b"PK\x03\x04", "not a frozen graph but a zip archive"),
        (b"just some text", "not a frozen TensorFlow graph, or a truncated one (14 bytes); save"),
        (bytes(100), "not a frozen TensorFlow graph, or a truncated one (100 bytes); save it"),
        # Valid protobuf without a node: a GraphDef that holds its version only.
        (b"\x22\x02\x08\x1b", "not a frozen TensorFlow graph, or a truncated one (4 bytes); save"),
    ],
)
def test_other_content_is_refused_for_what_it_is(tmp_path, content, says):
    path = tmp_path / "a.pb"
    path.write_bytes(content)
    assert message(path).startswith(f"{path}: {says}")


@pytest.mark.parametrize("name", ["a.pb", "a.pbtxt"])
def test_a_graph_in_text_form_is_read(tmp_path, name):
    path = tmp_path / name
    path.write_text(text_format.MessageToString(small()))
    assert read(path) == small()


def test_text_that_is_no_graph_is_refused(tmp_path):
    path = tmp_path / "a.pbtxt"
    path.write_text("node { name: 3 }")
    assert message(path) == f"{path}: not a GraphDef in text form (line 1)"


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_a_truncated_graph_is_refused_with_its_size(mobilenet, tmp_path, share):
    data = mobilenet.read_bytes()
    path = tmp_path / "a.pb"
    path.write_bytes(data[: int(share * len(data))])
    assert message(path) == (
        f"{path}: not a frozen TensorFlow graph, or a truncated one ({int(share * len(data))} "
        "bytes); save it again with its weights frozen to constants"
    )


def test_a_missing_file_is_refused(tmp_path):
    path = tmp_path / "a.pb"
    assert message(path) == f"{path}: cannot be read: No such file or directory"


def test_a_folder_is_refused(tmp_path):
    assert message(tmp_path) == f"{tmp_path}: cannot be read: Is a directory"


def test_a_first_node_of_256_bytes_is_no_pickle(tmp_path):
    # The file begins with the tag \n and the length \x80\x02; \n is also white space.
    graph = small()
    hint = graph.node[0].attr["_hint"]
    while graph.node[0].ByteSize() < 256:
        hint.s += b"."
    path = save(graph, tmp_path / "a.pb")
    assert path.read_bytes().startswith(b"\n\x80\x02")
    assert read(path) == graph
