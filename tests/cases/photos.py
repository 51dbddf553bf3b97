"""``npkpose predict``: photos, boxes and outputs."""

import json
import os
import shutil
import tracemalloc

import numpy as np
import pytest

from npkpose.image.files import read_image


def image_ids():
    with open("npkpose-predict/results.json", encoding="utf-8") as file:
        return {entry["image_id"] for entry in json.load(file)}


def check_f01(case):
    before = (case.folder / "people.png").read_bytes()
    error = case.refused("predict", *case.graph, "--out", ".", "people.png")
    assert "--out: expected another file than the input, got people.png" in error
    assert (case.folder / "people.png").read_bytes() == before


def check_f04(case):
    for folder in "ab":
        os.mkdir(folder)
        shutil.copy(f"{folder}_1.png", f"{folder}/1.png")
    done = case.run("predict", *case.small_hrnet(), "a/1.png", "b/1.png")
    assert done.status == 0 and image_ids() == {"a/1.png", "b/1.png"}
    assert "2 photos have the id 1: in results.json, image_id is their path" in done.err


def check_f06(case):
    done = case.run("predict", *case.small_hrnet(), "good1.png", "cut.jpg", "good2.png")
    assert done.status == 1 and "cut.jpg: expected an image, got" in done.err
    assert image_ids() == {"good1", "good2"}


def check_f08(case):
    error = case.refused("predict", *case.small_hrnet(), "pano220.png")
    assert "pano220.png: expected an image" in error and "220332032 pixels" in error


def check_f09(case):
    from PIL import Image

    Image.new("RGB", (8000, 6000)).save("p48.png", compress_level=1)
    _predict_in_linear_memory(case, "p48.png", pixels=48e6)


def check_f11(case):
    _predict_in_linear_memory(case, "pano98.png", pixels=98e6)


def _predict_in_linear_memory(case, photo, pixels):
    """Memory beside the file's own: the image and the drawing have 3 bytes per pixel each."""
    network = case.small_hrnet()
    tracemalloc.start()
    done = case.run("predict", *network, photo)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert done.status == 0 and done.err == "" and peak < 15 * pixels


def check_f12(case):
    """The case's own photo has nobody also in 8 bits, so its pixels are compared."""
    from PIL import Image

    expected = np.array(Image.open("grey16.png")) >> 8
    np.testing.assert_array_equal(read_image("grey16.png"), expected[..., None].repeat(3, 2))


def check_f14(case):
    from PIL import Image

    expected = np.array(Image.open("float01.tiff")) * 255
    assert abs(read_image("float01.tiff") - expected[..., None]).max() < 1


def check_f15(case):
    done = case.run("predict", *case.small_hrnet(), "--boxes", "boxes.json", "base.png")
    assert done.status == 0 and "base.png: 1 person" in done.out


def check_f16(case):
    done = case.run("predict", *case.small_hrnet(), "--boxes", "boxes.json", "base.png")
    assert done.status == 0 and "base.png: 1 person" in done.out and image_ids() == {7}


def check_f19(case):
    done = case.run("predict", *case.small_hrnet(), "--boxes", "boxes.json", "base.png")
    assert done.status == 0 and "base.png: 1 person" in done.out
    assert "boxes left out: 1 of category 62, 1 of category 17" in done.err


def check_f21(case):
    done = case.run("predict", *case.small_hrnet(), "--boxes", "boxes.json", "base.png")
    assert done.status == 0 and "base.png: 0 people" in done.out
    assert "base.png: boxes outside the photo: 1, left out" in done.err


def check_f22(case):
    done = case.run("predict", *case.small_hrnet(), "--boxes", "boxes.json", "base.png")
    assert done.status == 0 and "base.png: 1 person" in done.out


def check_f68(case):
    photo = "20240101123045123456.png"
    assert case.run("predict", *case.small_hrnet(), photo).status == 0
    assert image_ids() == {"20240101123045123456"}
    error = case.refused("eval", "gt.json", "npkpose-predict/results.json")
    assert "got '20240101123045123456': text, the ground truth has numbers" in error
    with open("gt.json", encoding="utf-8") as file:
        truth = json.load(file)
    for entry in truth["images"]:
        entry["id"] = str(entry["id"]) if entry["id"] > 1 else "20240101123045123456"
    for entry in truth["annotations"]:
        entry["image_id"] = str(entry["image_id"])
        if entry["image_id"] == "1":
            entry["image_id"] = "20240101123045123456"
    (case.folder / "text.json").write_text(json.dumps(truth), encoding="utf-8")
    done = case.run("eval", "text.json", "npkpose-predict/results.json")
    assert done.status == 0 and "Average Precision" in done.out


def check_f73(case):
    try:
        shutil.copy("good.png", "走る.png")
    except (OSError, UnicodeError):
        pytest.skip("this file system has no such names")
    photos, options = ("走る.png", "good.png"), map(str, case.graph)
    done = case.run_apart(
        "-m", "npkpose", "predict", *options, *photos, PYTHONIOENCODING="cp1252"
    )
    assert done.status == 0 and done.out.startswith("\\u8d70\\u308b.png: 1 person")
    assert image_ids() == {"走る", "good"}
