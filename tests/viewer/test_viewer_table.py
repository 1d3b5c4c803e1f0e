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
        "columns": ["correlation", "picture"],
        "rows": {
            "conv1/Relu": [["old", 0, 0.75, "pairs/0.png"], ["old", 1, None, "pairs/1.png"]],
            "2": [[None, None, 3, None]],
        },
    }


def test_instance_and_index_may_be_missing(tmp_path):
    path = write(tmp_path / "a.csv", "layer,kurtosis\nconv1,2.5\n")
    assert table.read(path)["rows"] == {"conv1": [[None, None, 2.5]]}


@pytest.mark.parametrize("text", ["", "instance,index\nold,1\n"])
def test_a_table_without_layers_is_refused(tmp_path, text):
    path = write(tmp_path / "a.csv", text)
    with pytest.raises(UserError, match=r"a\.csv: has no column `layer`"):
        table.read(path)


def test_a_missing_table_is_named(tmp_path):
    with pytest.raises(UserError, match=r"gone\.csv: cannot be read"):
        table.read(str(tmp_path / "gone.csv"))
