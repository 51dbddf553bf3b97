import numpy as np
import pytest

from npkpose import COCO_17
from npkpose.data.clothes import PARTS, body_parts, random_builds, random_clothes
from npkpose.data.people import SyntheticPeople, synthetic_scene


@pytest.fixture(scope="module")
def scenes():
    dataset = SyntheticPeople(40, seed=7, size=(96, 128))
    return [dataset[i] for i in range(len(dataset))]


def test_a_scene_depends_only_on_its_seed_and_number():
    dataset = SyntheticPeople(30, seed=3, size=48)
    late, early = dataset[20], dataset[2]
    again = SyntheticPeople(21, seed=3, size=48)[20]
    np.testing.assert_array_equal(late.image, again.image)
    np.testing.assert_array_equal(late.keypoints, again.keypoints)
    assert not np.array_equal(late.image, early.image)
    assert not np.array_equal(late.image, SyntheticPeople(21, seed=4, size=48)[20].image)


def test_any_number_of_people_is_possible():
    rng = np.random.default_rng(0)
    nobody = synthetic_scene(rng, 32, 0)
    assert nobody.keypoints.shape == (0, 17, 2) and nobody.boxes.shape == (0, 4)
    crowd = synthetic_scene(rng, (64, 96), 50)
    assert 25 <= len(crowd) <= 50 and crowd.image.shape == (64, 96, 3)
    counts = {len(SyntheticPeople(20, size=32, people=(2, 3))[i]) for i in range(20)}
    assert counts <= {1, 2, 3} and 3 in counts


def test_labels_agree_with_each_other_and_with_the_image(scenes):
    for scene in scenes:
        assert scene.image.dtype == np.uint8 and scene.image.shape == (96, 128, 3)
        missing = np.isnan(scene.keypoints).any(axis=2)
        np.testing.assert_array_equal(missing, scene.visibility == 0)
        x, y = scene.keypoints[~missing].T
        assert (x >= -0.5).all() and (x <= 127.5).all() and (y >= -0.5).all() and (y <= 95.5).all()
        low, high = scene.boxes[:, :2], scene.boxes[:, 2:]
        assert (low >= 0).all() and (high <= [128, 96]).all()
        assert (scene.areas <= (high - low).prod(axis=1)).all() and (scene.areas > 0).all()
        for p, k in np.argwhere(scene.visibility == 2):  # its pixel belongs to the person
            assert (scene.keypoints[p, k] >= low[p] - 0.5).all()
            assert (scene.keypoints[p, k] <= high[p] - 0.5).all()
        few = (scene.visibility == 2).sum(axis=1) < 3
        assert not scene.visibility[few].any()


def test_all_three_flags_occur_and_the_border_cuts_some_people(scenes):
    flags = np.concatenate([scene.visibility.ravel() for scene in scenes])
    shares = np.bincount(flags, minlength=3) / len(flags)
    assert (shares > 0.04).all() and shares[2] > 0.4
    boxes = np.concatenate([scene.boxes for scene in scenes])
    touching = (boxes[:, :2] == 0).any(axis=1) | (boxes[:, 2:] == [128, 96]).any(axis=1)
    assert 0.1 < touching.mean() < 0.6


def test_faces_are_visible_only_from_the_front():
    # The left shoulder of a person who faces the camera is on the right in the image.
    left_eye, right_eye, nose = (
        COCO_17.keypoints.index(n) for n in ("left_eye", "right_eye", "nose")
    )
    shoulders = [COCO_17.keypoints.index(f"{side}_shoulder") for side in ("left", "right")]
    facing, away = [], []
    for i in range(60):
        scene = SyntheticPeople(60, seed=5, size=64, people=1)[i]
        for points, flags in zip(scene.keypoints, scene.visibility):
            if (flags[shoulders] > 0).all():
                across = points[shoulders[0], 0] - points[shoulders[1], 0]
                eyes = (flags[[left_eye, right_eye, nose]] == 2).sum()
                (facing if across > 5 else away if across < -5 else []).append(eyes)
    assert len(facing) > 8 and len(away) > 8
    assert np.mean(facing) > 2 and np.mean(away) < 0.5


def test_a_hidden_face_is_never_labelled_and_a_hidden_wrist_sometimes(scenes):
    flags = np.concatenate([scene.visibility for scene in scenes])
    face = [k for k, name in enumerate(COCO_17.keypoints) if name.endswith(("nose", "eye", "ear"))]
    assert set(np.unique(flags[:, face])) == {0, 2}
    assert (np.delete(flags, face, axis=1) == 1).mean() > 0.05


def test_clothes_do_not_tell_left_from_right(rng):
    places = {name: np.zeros((5, 3)) for part in PARTS for name in (part[0], part[2])}
    parts = body_parts(places, random_clothes(5, rng), random_builds(5, rng))
    names = [part[0::2][:2] for part in PARTS]
    sided = [(a, b) for a, b in names if a.startswith("left") and b.startswith("left")]
    assert len(sided) >= 9
    for a, b in sided:
        other = a.replace("left", "right"), b.replace("left", "right")
        np.testing.assert_array_equal(parts[:, names.index((a, b))], parts[:, names.index(other)])


def test_bad_input_is_named():
    with pytest.raises(ValueError, match="people: expected at least 3, got 2"):
        SyntheticPeople(1, people=(3, 2))
    with pytest.raises(ValueError, match="size: expected at least 16, got"):
        synthetic_scene(np.random.default_rng(0), 8)
    with pytest.raises(IndexError, match="i: expected 0 to 0, got 1"):
        SyntheticPeople(1)[1]
    with pytest.raises(ValueError, match=r"people: expected an int or \(fewest, most\)"):
        SyntheticPeople(1, people=(1, 2, 3))
    with pytest.raises(ValueError, match="rng: expected a numpy.random.Generator, got 0"):
        synthetic_scene(0)
