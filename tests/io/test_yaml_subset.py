import pytest

from npkpose.io.yaml_subset import read_yaml


def test_the_forms_of_data_yaml_are_read():
    text = """
# comment
path: ../data  # the root
kpt_shape: [17, 3]
names:
  0: person
  1: "a: b"
flip_idx:
  - 0
  - 2
kpt_names:
  0:
    - nose
    - left eye
"""
    assert read_yaml("x", text) == {
        "path": "../data", "kpt_shape": [17, 3], "names": {0: "person", 1: "a: b"},
        "flip_idx": [0, 2], "kpt_names": {0: ["nose", "left eye"]},
    }  # fmt: skip


def test_yaml_agrees_where_it_is_installed():
    yaml = pytest.importorskip("yaml")
    text = "a: [1, 2, x]\nb:\n  0: p\n  1: q\nc:\n- 1\n- 2\nd: 'text'\ne:\n"
    assert read_yaml("x", text) == yaml.safe_load(text)


def test_another_line_is_named():
    with pytest.raises(ValueError, match="x: line 2: expected key: value, got '!!'"):
        read_yaml("x", "a: 1\n!!\n")
