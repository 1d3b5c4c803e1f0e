"""Tables about units, from CSV files."""

import pytest

from lucid_sprites.errors import UserError
from lucid_sprites.viewer import table


def write(path, text):
    path.write_text(text)
    return str(path)


def test_rows_by_layer_with_numbers_pictures_and_gaps(tmp_path):
    path = write(
        tmp_path / "changes.csv",
        "instance,layer,index,correlation,picture\n"
        "old,conv1/Relu,0,0.75,pairs/0.png\n"
        "old,conv1/Relu,1,,pairs/1.png\n"
        ",2,,3,\n",
    )
    assert table.read(path) == {
        "columns": [["correlation", "number"], ["picture", "picture"]],
        "rows": {
            "conv1/Relu": [["old", 0, 0.75, "pairs/0.png"], ["old", 1, None, "pairs/1.png"]],
            "2": [[None, None, 3, None]],
        },
    }


def test_instance_and_index_may_be_missing(tmp_path):
    path = write(tmp_path / "a.csv", "layer,kurtosis\nconv1,2.5\n")
    assert table.read(path)["rows"] == {"conv1": [[None, None, 2.5]]}


def test_kinds_are_those_of_all_cells_of_a_column(tmp_path):
    path = write(
        tmp_path / "a.csv",
        "layer,number,infinite,mixed,part,remark,empty\n"
        'conv1,1,inf,2,"grid.png#xywh=0,3,8,8",see a.png now,\n'
        "conv1,,1,a.png,b.JPG,,\n",
    )
    content = table.read(path)
    assert dict(content["columns"]) == {
        "number": "number", "infinite": "number", "mixed": "text", "part": "picture",
        "remark": "text", "empty": "text",
    }  # fmt: skip
    assert content["rows"]["conv1"][0][3] is None
    assert table.pictures(content) == {"grid.png", "b.JPG"}
    moved = table.relocated(content, {"grid.png": "away/g.png"})
    assert [row[5] for row in moved["rows"]["conv1"]] == ["away/g.png#xywh=0,3,8,8", "b.JPG"]


@pytest.mark.parametrize("text", ["", "instance,index\nold,1\n"])
def test_a_table_without_layers_is_refused(tmp_path, text):
    path = write(tmp_path / "a.csv", text)
    with pytest.raises(UserError, match=r"a\.csv: has no column `layer`"):
        table.read(path)


def test_a_missing_table_is_named(tmp_path):
    with pytest.raises(UserError, match=r"gone\.csv: cannot be read"):
        table.read(str(tmp_path / "gone.csv"))
