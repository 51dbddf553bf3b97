import numpy as np
from numpy.testing import assert_allclose

from npkpose.tracking.motion import MovingPeople, sizes_of

BODY = np.array([(0, 0), (40, 0), (0, 100), (40, 100.0)])


def follow(speed, frames=40, dt=1 / 30, noise=0.0, hidden=()):
    rng = np.random.default_rng(0)
    people = MovingPeople(4)
    people.add(BODY[None])
    for f in range(1, frames):
        seen = BODY + np.multiply(speed, f * dt) + rng.normal(0, noise, BODY.shape)
        seen[list(hidden) if f > 2 else []] = np.nan
        people.predict(dt)
        people.update(np.array([0]), seen[None])
    return people


def test_the_velocity_of_a_steady_walk_is_found():
    assert_allclose(follow((90, -30)).velocities, [(90, -30)], rtol=1e-3)
    assert abs(follow((90, -30), noise=2.0).velocities - (90, -30)).max() < 15


def test_a_prediction_without_detections_goes_on_in_a_line_and_grows_uncertain():
    people = follow((90, 0))
    before, variance = people.keypoints, people.covariances[0, 0]
    people.predict(1.0)
    assert_allclose(people.keypoints, before + [90, 0], atol=0.1)
    assert people.covariances[0, 0] > 100 * variance


def test_two_steps_of_prediction_are_one_of_both():
    one, two = follow((90, 0), frames=5), follow((90, 0), frames=5)
    one.predict(0.5)
    two.predict(0.2)
    two.predict(0.3)
    assert_allclose(one.covariances, two.covariances, rtol=1e-9)
    assert_allclose(one.keypoints, two.keypoints, rtol=1e-9)


def test_one_update_is_the_kalman_filters_of_a_textbook():
    people = MovingPeople(1)
    people.add(np.array([[(5.0, 7.0)]]))
    people.predict(0.1)
    covariance = people.covariances[0][[[0, 1], [1, 2]]]
    r, spread = 0.2**2, people.spreads[0, 0]  # 0.05 of 4 pixels
    H = np.array([[1.0, 0.0]])
    S = H @ covariance @ H.T + (r + spread) + (0.03 * 4) ** 2
    gain = covariance @ H.T / S
    people.update(np.array([0]), np.array([[(6.0, 7.0)]]))
    assert_allclose(people.places[0], [5 + gain[0, 0], 7])
    assert_allclose(people.velocities[0], [gain[1, 0], 0])
    assert_allclose(people.covariances[0][[[0, 1], [1, 2]]], covariance - gain @ H @ covariance)


def test_a_shape_follows_with_the_gain_of_its_spread():
    people = MovingPeople(4)
    people.add(BODY[None])
    people.predict(0.1)
    size = np.sqrt(4000)
    spread, shape = people.spreads[0, 0], people.shapes[0].copy()
    assert_allclose(spread, (0.05**2 + 0.05 * 0.1) * size**2)
    people.update(np.array([0]), (BODY + [[4, 0], [-4, 0], [0, 0], [0, 0]])[None])
    gain = spread / (spread + (0.05 * size) ** 2)
    assert_allclose(people.shapes[0] - shape, [(4 * gain, 0), (-4 * gain, 0), (0, 0), (0, 0)])
    assert_allclose(people.places, BODY.mean(0)[None])


def test_keypoints_that_are_hidden_move_with_the_others():
    people = follow((60, 0), hidden=(2, 3))
    assert_allclose(people.keypoints[0, :, 0] - people.keypoints[0, 0, 0], BODY[:, 0], atol=0.5)
    assert people.spreads[0, 3] > 5 * people.spreads[0, 0]


def test_a_size_is_the_root_of_the_boxs_area_and_never_zero():
    assert_allclose(sizes_of(np.array([[(0, 0), (40, 90.0)]])), 60)
    assert_allclose(sizes_of(np.array([[(0, 0), (0, 100.0)]])), np.sqrt(100 * 40))
    assert sizes_of(np.array([[(3.0, 3), (np.nan, np.nan)]])) == 4


def test_one_keypoint_in_a_wrong_place_hardly_moves_the_person():
    steady, disturbed = follow((90, 0)), follow((90, 0))
    for people, error in ((steady, 0), (disturbed, 60)):
        people.predict(1 / 30)
        seen = people.keypoints.copy()
        seen[0, 0] += error
        people.update(np.array([0]), seen)
    assert abs(steady.places - disturbed.places).max() < 1.5  # of 15 in the plain mean
    assert abs(steady.velocities - disturbed.velocities).max() < 10
