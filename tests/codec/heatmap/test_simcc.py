import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from npkpose.codec.heatmap.decode import REFINEMENTS
from npkpose.codec.heatmap.simcc import decode_simcc, simcc_targets
from npkpose.reference.codec.heatmap import simcc as reference


def test_a_hand_worked_keypoint_is_decoded_to_the_half_pixel():
    x, y = np.zeros((1, 1, 8)), np.zeros((1, 1, 6))
    x[0, 0, 5], y[0, 0, 2] = 0.9, 0.6
    coords, scores = decode_simcc(x, y)
    assert coords.tolist() == [[[2.5, 1.0]]] and scores.tolist() == [[0.6]]
    assert decode_simcc(x, y, score="mean")[1][0, 0] == pytest.approx(0.75)
    assert decode_simcc(x, y, split_ratio=1)[0].tolist() == [[[5, 2]]]


def test_the_default_width_is_the_root_of_a_sixteenth_of_the_bins():
    x, y = simcc_targets([(96.0, 128.0)], (256, 192))
    assert x.shape == (1, 384) and y.shape == (1, 512)  # RTMPose: sigma (4.9, 5.66)
    np.testing.assert_allclose(x[0, 192 + 7], np.exp(-0.5 * 49 / 24), rtol=1e-6)
    np.testing.assert_allclose(y[0, 256 - 3], np.exp(-0.5 * 9 / 32), rtol=1e-6)


@given(
    arrays(np.float64, (2, 3, 2), elements=st.integers(0, 31 * 16).map(lambda i: i / 16)),
    st.sampled_from([1.0, 2.0, 2.5]),
)
def test_decoding_undoes_encoding(keypoints, split_ratio):
    targets = simcc_targets(keypoints, (32, 40), split_ratio)
    exact, scores = decode_simcc(*targets, split_ratio, "log_parabola")
    np.testing.assert_allclose(exact, keypoints, rtol=0, atol=1e-3)
    rounded, _ = decode_simcc(*targets, split_ratio)
    assert np.abs(rounded - keypoints).max() <= 0.5 / split_ratio + 1e-9
    assert (scores > 0.8).all()


logits = st.integers(-4, 4).map(float) | st.sampled_from([np.nan, np.inf, -np.inf])


rows = arrays(np.float64, (2, 2, 5), elements=logits)


@given(rows, rows)
def test_the_argmax_is_numpys_over_finite_bins(x, y):
    coords, scores = decode_simcc(x, y)
    for n, k in np.ndindex(2, 2):
        axes = [np.where(np.isfinite(axis), axis, np.nan) for axis in (x[n, k], y[n, k])]
        spread = [len(set(axis[np.isfinite(axis)])) > 1 for axis in axes]
        if all(spread):
            assert coords[n, k].tolist() == [np.nanargmax(axis) / 2 for axis in axes]
            assert scores[n, k] == min(np.nanmax(axis) for axis in axes)
        else:
            assert np.isnan(coords[n, k]).all() and scores[n, k] == 0


@given(
    rows, rows, st.sampled_from([0.5, 2.0, 3.0]), st.sampled_from(REFINEMENTS),
    st.sampled_from(["min", "mean"]), st.booleans(),
)  # fmt: skip
def test_decoding_matches_the_reference(x, y, split_ratio, refine, score, single):
    x = x.astype(np.float32) if single else x
    coords, scores = decode_simcc(x, y, split_ratio, refine, score)
    expected = reference.decode_simcc(x, y, split_ratio, refine, score)
    np.testing.assert_allclose(coords, expected[0], rtol=0, atol=1e-9)
    np.testing.assert_array_equal(scores, expected[1])


def test_missing_keypoints_have_empty_targets_and_stay_missing():
    keypoints = np.array([[(3, 4), (np.nan, np.nan), (5, 6)]])
    x, y = simcc_targets(keypoints, 16, visibility=[[2, 2, 0]])
    assert x.shape == (1, 3, 32) and x[0, 1:].max() == y[0, 1:].max() == 0
    coords, scores = decode_simcc(x, y)
    assert coords[0, 0].tolist() == [3, 4]
    assert np.isnan(coords[0, 1:]).all() and (scores[0, 1:] == 0).all()


def test_float32_and_empty_batches_are_taken_and_nothing_is_modified():
    x, y = simcc_targets(np.full((1, 17, 2), 3.0), 8)
    x.flags.writeable = y.flags.writeable = False
    assert decode_simcc(x, y, refine="parabola")[0].dtype == np.float64
    coords, scores = decode_simcc(np.empty((0, 17, 8)), np.empty((0, 17, 6)))
    assert coords.shape == (0, 17, 2) and scores.shape == (0, 17)


@pytest.mark.parametrize("refine", REFINEMENTS)
def test_every_refinement_is_within_its_bin_of_the_peak(refine):
    coords, _ = decode_simcc(*simcc_targets([[(7.2, 4.9)]], 16), refine=refine)
    np.testing.assert_allclose(coords[0, 0], (7.2, 4.9), rtol=0, atol=0.25)


@pytest.mark.parametrize(
    "arguments, message",
    [
        ({"x_logits": np.zeros((2, 8))}, r"x_logits: expected shape \(N, K, Bx\)"),
        ({"y_logits": np.zeros((1, 3, 8))}, r"y_logits: expected shape \(1, 2, By\)"),
        ({"y_logits": np.zeros((1, 2, 0))}, "x_logits, y_logits: expected at least 1 bin"),
        ({"split_ratio": 0}, "split_ratio: expected more than 0"),
        ({"split_ratio": 1e-308}, "split_ratio: expected more bins per pixel, got 1e-308"),
        ({"refine": "dark"}, "refine: expected one of argmax"),
        ({"score": "max"}, "score: expected one of min, mean"),
    ],
)
def test_bad_logits_are_named(arguments, message):
    good = {"x_logits": np.zeros((1, 2, 8)), "y_logits": np.zeros((1, 2, 6))}
    with pytest.raises(ValueError, match=message):
        decode_simcc(**{**good, **arguments})


@pytest.mark.parametrize(
    "arguments, message",
    [
        ({"keypoints": [1, 2, 3]}, "keypoints: expected shape"),
        ({"keypoints": [(np.inf, 0)]}, "keypoints.*: expected a finite value, got inf"),
        ({"size": 0}, "size: expected at least 1"),
        ({"split_ratio": -1}, "split_ratio: expected more than 0"),
        ({"sigma": 0}, "sigma: expected more than 0"),
        ({"visibility": [1, 1]}, r"visibility: expected shape \(1\)"),
    ],
)
def test_bad_keypoints_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        simcc_targets(**{"keypoints": [(1, 2)], "size": 8, **arguments})
