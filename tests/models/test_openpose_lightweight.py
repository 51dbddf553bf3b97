import numpy as np
import pytest

from npkpose import nn
from npkpose.models.openpose_lightweight import Cpm, LightweightOpenPose, RefinementBlock


def small(seed=0, stages=1):
    """A quarter of the width."""
    return LightweightOpenPose(stages, 8, rng=np.random.default_rng(seed))


@pytest.mark.parametrize("stages, parameters", [(1, 4_091_698), (3, 7_308_964)])
def test_the_number_of_parameters_is_the_published_one(stages, parameters):
    assert LightweightOpenPose(stages).num_parameters() == parameters


def test_outputs_and_gradients_are_the_official_ones(assert_official):
    assert_official(LightweightOpenPose(), "lightweight_openpose")


def test_one_small_batch_is_overfitted(assert_overfits, rng):
    x = rng.normal(size=(1, 3, 32, 32)).astype(np.float32)
    assert_overfits(small(), x, 1e-2, 70)


def test_every_stage_gives_heatmaps_and_fields_and_split_takes_the_last(rng):
    model = small(stages=2).eval()
    maps = model(rng.normal(size=(2, 3, 16, 24)).astype(np.float32))
    assert [a.shape for a in maps] == 3 * [(2, 19, 2, 3), (2, 38, 2, 3)]
    heatmaps, pafs = model.split(maps)
    assert heatmaps is maps[4] and pafs is maps[5]


def test_a_network_of_one_refinement_stage_takes_the_first_of_a_file_of_three(rng):
    three, one = small(1, stages=3).eval(), small(2, stages=1).eval()
    one.load_state_dict({f"module.{name}": array for name, array in three.state_dict().items()})
    x = rng.normal(size=(1, 3, 16, 24)).astype(np.float32)
    for ours, theirs in zip(one(x), three(x)[:4], strict=True):
        np.testing.assert_array_equal(ours, theirs)
    with pytest.raises(ValueError, match="missing: refinement_stages.1"):
        three.load_state_dict(one.state_dict())


@pytest.mark.parametrize("make, channels", [
    (lambda rng: Cpm(6, 4, rng), 6),
    (lambda rng: RefinementBlock(5, 3, rng), 5),
], ids=["cpm", "refinement"])  # fmt: skip
def test_the_gradient_of_each_part_is_right(make, channels, rng):
    nn.check_layer(make(rng), rng.normal(size=(2, channels, 6, 5)), rng)


def test_preprocessing_is_that_of_openpose(rng):
    image = rng.integers(0, 256, (8, 16, 3), dtype=np.uint8)
    wanted = (image[..., ::-1].transpose(2, 0, 1)[None] - 128.0) / 256
    np.testing.assert_allclose(small().preprocess(image), wanted, rtol=0, atol=1e-7)


@pytest.mark.parametrize(("call", "message"), [
    (lambda: LightweightOpenPose(-1), "num_refinement_stages: expected at least 0, got -1"),
    (lambda: LightweightOpenPose(1, 0), "base: expected at least 1, got 0"),
    (lambda: small()(np.zeros((1, 3, 16, 12), np.float32)), "x: expected height and width in mul"),
])  # fmt: skip
def test_bad_arguments_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
