import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from npkpose.image.resample import METHODS, resize_matrix, resize_weights

lengths = st.integers(1, 40)


def test_rows_worked_by_hand():
    for method, rows in [
        ("nearest", [[1, 0], [1, 0], [0, 1], [0, 1]]),
        ("bilinear", [[1, 0], [0.75, 0.25], [0.25, 0.75], [0, 1]]),
        ("align_corners", [[1, 0], [2 / 3, 1 / 3], [1 / 3, 2 / 3], [0, 1]]),
        ("tf1", [[1, 0], [0.5, 0.5], [0, 1], [0, 1]]),
        ("area", [[1, 0], [1, 0], [0, 1], [0, 1]]),
        ("bicubic", np.array([[283, -27], [198, 58], [58, 198], [-27, 283]]) / 256),
    ]:
        np.testing.assert_allclose(resize_matrix(2, 4, method), rows, rtol=0, atol=1e-12)
    np.testing.assert_allclose(
        resize_matrix(5, 2, "area"), [[0.4, 0.4, 0.2, 0, 0], [0, 0, 0.2, 0.4, 0.4]], atol=1e-12
    )


@given(lengths, lengths, st.sampled_from(["nearest", "bilinear", "align_corners"]))
def test_weights_agree_with_torch(n_in, n_out, method):
    torch = pytest.importorskip("torch")
    options = {"mode": "nearest"} if method == "nearest" else {
        "mode": "linear", "align_corners": method == "align_corners"
    }
    basis = torch.eye(n_in, dtype=torch.float64)[None]
    expected = torch.nn.functional.interpolate(basis, n_out, **options)[0].T
    np.testing.assert_allclose(resize_matrix(n_in, n_out, method), expected, rtol=0, atol=1e-10)


@given(lengths, lengths, st.sampled_from(METHODS))
def test_weights_are_averages_and_a_resize_to_the_same_length_is_exact(n_in, n_out, method):
    weights = resize_matrix(n_in, n_out, method)
    assert weights.shape == (n_out, n_in)
    assert weights.min() >= 0.0 or method == "bicubic"
    np.testing.assert_allclose(weights.sum(axis=1), 1.0, rtol=0, atol=1e-12)
    np.testing.assert_array_equal(resize_matrix(n_in, n_in, method), np.eye(n_in))


@given(lengths, lengths, st.sampled_from(METHODS), st.sampled_from([None, 0.3, 1.0, 2.7]))
def test_the_weights_are_all_of_the_matrix_and_few(n_in, n_out, method, scale):
    first, weights = resize_weights(n_in, n_out, method, scale)
    most = {"bicubic": 4, "area": n_in / n_out + 2}.get(method, 2)
    assert weights.shape[1] <= min(most, n_in) and first.min() >= 0
    assert (first + weights.shape[1]).max() <= n_in
    matrix = resize_matrix(n_in, n_out, method, scale)
    for i in range(n_out):
        row = np.zeros(n_in)
        row[first[i] : first[i] + weights.shape[1]] = weights[i]
        np.testing.assert_array_equal(matrix[i], row)


@given(lengths, lengths)
def test_bicubic_weights_agree_with_torch(n_in, n_out):
    torch = pytest.importorskip("torch")
    basis = torch.eye(n_in, dtype=torch.float64)[None, :, None]  # one impulse per channel
    expected = torch.nn.functional.interpolate(basis, (1, n_out), mode="bicubic")[0, :, 0].T
    np.testing.assert_allclose(resize_matrix(n_in, n_out, "bicubic"), expected, rtol=0, atol=1e-10)


@given(st.integers(8, 40), st.integers(8, 40))
def test_bicubic_keeps_a_straight_line_except_near_the_ends(n_in, n_out):
    weights = resize_matrix(n_in, n_out, "bicubic")
    source = (np.arange(n_out) + 0.5) * n_in / n_out - 0.5
    inside = (source >= 1) & (source <= n_in - 2)
    error = (weights @ np.arange(n_in) - source)[inside]
    assert abs(error).max() < 0.06  # exact for a = -1/2; for -3/4 the error is up to 0.048


@given(lengths, lengths)
def test_area_keeps_the_mean(n_in, n_out):
    weights = resize_matrix(n_in, n_out, "area")
    np.testing.assert_allclose(weights.mean(axis=0), 1 / n_in, rtol=0, atol=1e-12)


@given(lengths, st.integers(2, 40), st.sampled_from(["bilinear", "align_corners", "area"]))
def test_a_flipped_signal_gives_the_flipped_result(n_in, n_out, method):
    weights = resize_matrix(n_in, n_out, method)
    np.testing.assert_allclose(weights, weights[::-1, ::-1], rtol=0, atol=1e-10)


@pytest.mark.parametrize(("arguments", "message"), [
    ((0, 1), "n_in: expected at least 1, got 0"),
    ((1, 2.0), "n_out: expected an integer, got 2.0"),
    ((1, 2, "cubic"), "method: expected one of nearest, bilinear"),
    ((1, 2**40), "n_out: expected at most 1000000"),
    ((1, 2, "bilinear", 0), "scale: expected more than 0"),
    ((1, 2, "bicubic", 1e308), r"scale: expected at most 1e\+06, got 1e\+308"),
])
def test_bad_arguments_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        resize_matrix(*arguments)
