"""A short run of the harness with a fixed seed: a number of inputs, not of seconds."""

import warnings

import numpy as np
import pytest

from tests.fuzz import onnx_operators
from tests.fuzz.calls import CALLS, left_out
from tests.fuzz.formats import FORMATS, valid_file
from tests.fuzz.hostile import layouts
from tests.fuzz.judge import try_call
from tests.fuzz.known import KNOWN, is_known
from tests.fuzz.misbehave import misbehave
from tests.fuzz.mutate import mutate
from tests.fuzz.public import public_functions
from tests.fuzz.read import judge, kept, try_file
from tests.fuzz.worker import run

CALLS_EACH, FILES_EACH = 24, 16


def test_every_public_function_has_arguments_to_be_called_with():
    assert set(public_functions()) == set(CALLS) | left_out()
    assert set(CALLS) & left_out() == set()


def test_the_list_of_known_findings_names_existing_targets():
    assert {target for target, _ in KNOWN} <= {*CALLS, *FORMATS}


@pytest.mark.parametrize("name", sorted(CALLS))
def test_a_function_answers_or_names_the_wrong_argument(name):
    findings = {case: try_call(name, 0, case) for case in range(CALLS_EACH)}
    assert _new(name, findings) == {}


@pytest.mark.parametrize("name", sorted(FORMATS))
def test_a_reader_answers_or_names_the_damaged_file(name):
    if name.startswith("image"):
        pytest.importorskip("PIL")
    for suffix, module in ((".h5", "h5py"), (".mat", "scipy"), (".yaml", "PIL"), (".txt", "PIL")):
        if name.endswith(suffix):
            pytest.importorskip(module)
    findings = {case: try_file(name, 0, case) for case in range(FILES_EACH)}
    assert _new(name, findings) == {}


def _new(name, findings):
    """Return {case: finding} of those that are not in the list of known ones."""
    return {case: each for case, each in findings.items() if each and not is_known(name, each)}


@pytest.mark.parametrize(("name", "path"), kept())
def test_a_file_that_was_once_a_finding_is_none_now(name, path):
    assert judge(name, path.read_bytes()) is None


def test_mutations_differ_from_the_file_and_repeat_with_the_seed():
    content = valid_file("results.json")
    damaged = [mutate(content, np.random.default_rng(seed)) for seed in range(50)]
    assert damaged == [mutate(content, np.random.default_rng(seed)) for seed in range(50)]
    assert len(set(damaged)) > 40 and sum(each != content for each in damaged) > 45


def test_layouts_hold_the_same_values():
    array = np.arange(12.0).reshape(3, 4)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name, other in layouts(array).items():
            values = other.detach().numpy() if name == "tensor" else np.asarray(other)
            np.testing.assert_array_equal(values, array, err_msg=name)


def test_an_onnx_operator_answers_alike_twice_or_names_the_file():
    assert dict(onnx_operators.search(seed=0, cases=150)) == {}


def test_a_crash_and_a_hang_cost_one_input_each():
    inputs, found = [("fine",), ("crash",), ("finding",), ("hang",), ("fine",)], []
    count = run(misbehave, inputs, lambda what, finding: found.append((what[0], finding)),
                patience=5)  # fmt: skip
    assert count == 5
    assert found == [
        ("crash", "the process died with code 7"), ("finding", "finding"),
        ("hang", "no answer in 5 s"),
    ]  # fmt: skip
