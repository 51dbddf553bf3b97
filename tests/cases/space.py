"""``npkpose lift`` and ``npkpose triangulate``."""

import numpy as np

LIFTER = "--weights", "vp3d.safetensors", "--size", "1000", "1000"
VIEWS = "v0.npy", "v1.npy", "v2.npy", "v3.npy"


def _lift(case, *arguments):
    """Return the arrays that lift writes, and its notes."""
    done = case.run("lift", *arguments, *LIFTER, "--out", "poses.npz")
    assert done.status == 0, done.err
    with np.load("poses.npz") as stored:
        return dict(stored), done.err


def _triangulate(case, *options):
    done = case.run("triangulate", "cameras.json", *VIEWS, *options)
    assert done.status == 0 and "15 of them triangulated" in done.out, done
    with np.load("points-3d.npz") as stored:
        assert np.nanmax(stored["errors"]) < 0.01  # pixels: the views agree
        return dict(stored)


def check_f03(case):
    np.savez("kp.npz", keypoints=np.load("film.npy"))
    before = (case.folder / "kp.npz").read_bytes()
    error = case.refused("lift", "kp.npz", *LIFTER, "--out", "kp.npz")
    assert "--out: expected another file than the input, got kp.npz" in error
    assert (case.folder / "kp.npz").read_bytes() == before


def check_f44(case):
    named, notes = _lift(case, "alphapose.json")
    numbered, _ = _lift(case, "same_film_numbered.json")
    np.testing.assert_array_equal(named["poses"], numbered["poses"])
    assert named["image_id"].tolist() == [f"{n}.jpg" for n in range(12)] and notes == ""


def check_f46(case):
    arrays, notes = _lift(case, "gap.json")
    assert arrays["poses"].shape == (12, 17, 3) and arrays["image_id"].tolist() == [*range(12)]
    assert arrays["filled"].nonzero()[0].tolist() == [4, 5, 6, 7]
    assert "nobody to lift in 4 of 12 frames, which are filled in: 4 to 7" in notes
    # the person moves evenly, so what is interpolated is what F44's sequence has there
    whole, _ = _lift(case, case.folder.parent / "F44" / "same_film_numbered.json")
    np.testing.assert_allclose(arrays["poses"], whole["poses"], atol=1e-5)


def check_f47(case):
    first, notes = _lift(case, "two_people.json")
    assert "2 people, of whom person 1 is lifted (see --person), found in 12 of 12" in notes
    second, _ = _lift(case, "two_people.json", "--person", "2")
    alone, _ = _lift(case, case.folder.parent / "F44" / "same_film_numbered.json")
    people = [first["poses"], second["poses"]]
    assert sum(np.array_equal(alone["poses"], poses) for poses in people) == 1


def check_f48(case):
    floats, _ = _lift(case, "film.json")
    integers, _ = _lift(case, case.folder.parent / "F44" / "same_film_numbered.json")
    np.testing.assert_array_equal(floats["poses"], integers["poses"])
    assert floats["image_id"].tolist() == [*range(12)]


def check_f24(case):
    _triangulate(case)


def check_f51(case):
    _triangulate(case)


def check_f53(case):
    _triangulate(case)


def check_f54(case):
    assert _triangulate(case, "--unit", "m")["unit"] == "m"
    assert _triangulate(case)["unit"] == "cm"


def check_f55(case):
    files = [f"cam{n}.json" for n in range(4)]
    error = case.refused("triangulate", "cameras.json", *files)
    assert "image_id: expected one that is in two files, for the same time, got none" in error
