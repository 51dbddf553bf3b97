"""The command that prints what is in an ONNX file."""

import pytest

from npkpose.cli.main import main
from tests.onnx import writer
from tests.tflite.writer import image_network


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "net.onnx"
    path.write_bytes(writer.image_model())
    return path


def test_it_prints_inputs_outputs_and_every_layer(path, capsys):
    assert main(["onnx", str(path)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "input   x float32 (batch, 3, 12, 10)" in lines
    assert sum("Conv" in line for line in lines) >= 2 and lines[-1].startswith("in all")


def test_a_tflite_file_is_printed_as_the_graph_that_runs(tmp_path, capsys):
    path = tmp_path / "net.tflite"
    path.write_bytes(image_network())
    assert main(["onnx", str(path)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "input   image float32 (1, 8, 8, 3)" in lines
    assert sum("Conv" in line for line in lines) == 2 and lines[-1].startswith("in all")


def test_a_file_that_cannot_be_read_is_one_line_on_stderr(path, capsys):
    path.write_bytes(b"not a network")
    assert main(["onnx", str(path)]) == 1
    err = capsys.readouterr().err.splitlines()
    assert str(path) in err[-1] and "expected" in err[-1]
    assert main(["onnx", str(path.with_name("none.onnx"))]) == 1


def test_names_in_a_file_cannot_act_on_the_terminal(path, capsys):
    nodes = [writer.node("Relu", "x", "y", name="\x1b[2J\n")]
    values = [writer.value("x", shape=(1,))], [writer.value("y")]
    path.write_bytes(writer.model(writer.graph(nodes, *values)))
    assert main(["onnx", str(path)]) == 0
    assert "\x1b" not in capsys.readouterr().out
