"""``npkpose eval`` and ``npkpose doctor``, and `CocoDataset`: annotation files."""

import os
import shutil

import numpy as np
import pytest

from npkpose.data import CocoDataset

FILES = "gt.json", "results.json"
AP = " Average Precision  (AP) @[ IoU=0.50:0.95 | area=   all | maxDets= 20 ] = "


def _diagnose(case, *files):
    """Run the doctor, who finds something; return what it says."""
    done = case.run("doctor", *files)
    assert done.status == 1 and done.err == ""
    return done.out


def check_f49(case):
    assert "got '1': text, the ground truth has numbers" in case.refused("eval", *FILES)
    assert "image_id that is text, where the list of images has numbers" in _diagnose(case, *FILES)


def check_f58(case):
    done = case.run("eval", *FILES)
    assert done.status == 0 and done.out.startswith(f"{AP}1.000")


def check_f59(case):
    done = case.run("eval", *FILES)
    assert done.status == 0 and "nobody to find, AP and AR are -1: there are none" in done.err
    assert "nobody to find, there are no annotations" in _diagnose(case, *FILES)


def check_f61(case):
    done = case.run("eval", *FILES)
    assert done.status == 0 and "nobody to find, AP and AR are -1: all are ignored" in done.err
    assert "nobody to find, all annotations are ignored" in _diagnose(case, *FILES)


def check_f62(case):
    assert "no area" in _diagnose(case, "labelstudio.json")
    assert "no num_keypoints" in _diagnose(case, "num_missing.json")
    assert "iscrowd that is not a number" in _diagnose(case, "iscrowd_text.json")


def check_f64(case):
    lengths = "21 keypoints (as categories[0].keypoints lists); COCO_17 has 17 keypoints"
    error = case.refused("eval", "hand21.json", "results.json")
    assert lengths in error and "evaluate_coco(..., skeleton=" in error
    assert lengths in case.run("doctor", "hand21.json").out


def check_f65(case):
    names = "keypoint 0 is 'root', in COCO_17 it is 'nose'"
    done = case.run("eval", "h36m17.json", "results.json")
    assert done.status == 0 and names in done.err and "sigmas of COCO_17" in done.err
    assert "skeleton=npkpose.H36M_17)" in done.err
    assert names in case.run("doctor", "h36m17.json").out


def check_f67(case):
    error = case.refused("eval", *FILES)
    assert "images[0].id: expected an id, got 9223372036854775814" in error
    assert "integer ids go from -2^63 to 2^63 - 1" in error


def check_f69(case):
    error = case.refused("eval", *FILES)
    assert "annotations[0].keypoints[2]: expected a finite number, got nan" in error


def check_f76(case):
    assert len(CocoDataset("annotations.json", ".")) == 2


def check_f77(case):
    dataset = CocoDataset("annotations.json", ".", labelled_only=False)
    with pytest.raises(FileNotFoundError, match="images.a.png"):
        dataset[0]
    os.mkdir("images")
    shutil.copy(case.folder.parent / "F73" / "good.png", "images/a.png")
    assert dataset[0].image.dtype == np.uint8 and dataset[0].image.size
