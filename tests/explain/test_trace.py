import html.parser
import re

import numpy as np
import pytest

from npkpose import COCO_17, BottomUp, Grid, Poses, TopDown, gaussian_heatmaps, paf_fields
from npkpose.data.people import synthetic_scene
from npkpose.explain import explain_page, trace_image
from npkpose.explain.steps import steps_of
from npkpose.models.small import load_trained

SCENE = synthetic_scene(np.random.default_rng(5), (96, 128), num_people=2)


class Answers:
    """A network that answers with the maps of known people."""

    skeleton, stride, size_multiple, input_height = COCO_17, 4, 16, 96
    thresholds = {"min_keypoints": 3}

    def __init__(self, people):
        grid = Grid(4, "centre")
        self.maps = gaussian_heatmaps(people, (24, 32), sigma=1.0, grid=grid).max(axis=0)
        self.fields = paf_fields(people, COCO_17, (24, 32), grid=grid)

    def eval(self):
        return self

    def preprocess(self, image):
        return image

    def __call__(self, x):
        return x

    def split(self, x):
        return self.maps[None], self.fields[None]


def people():
    """Return two people of 17 keypoints, 30 pixels apart."""
    y, x = np.mgrid[12:90:12, 16:50:16][:, :6, :3].reshape(2, -1)[:, :17].astype(float)
    one = np.stack([x, y], axis=1)
    return np.stack([one, one + [60, 3]])


def test_every_step_to_people_is_kept_and_agrees_with_the_pipeline():
    image, truth = np.zeros((96, 128, 3), np.uint8), people()
    pipeline = BottomUp(Answers(truth))
    trace = trace_image(pipeline, image)
    assert trace.kind == "fields" and trace.input.shape == (96, 128, 3)
    places = trace.grid.to_image(trace.peaks.points)
    nearest = np.hypot(*(truth.reshape(-1, 1, 2) - places).transpose(2, 0, 1)).min(axis=1)
    assert nearest.max() < 0.3  # every keypoint has its peak
    kept = {tuple(pair) for pair in trace.connections.pairs}
    assert kept <= {tuple(row[1:]) for row in trace.candidates[0]} and len(kept) > 20
    np.testing.assert_array_equal(trace.poses.keypoints, pipeline(image).keypoints)


def test_tags_are_read_at_the_keypoints_and_tell_people_apart():
    trace = trace_image(BottomUp(load_trained("tags")), SCENE.image)
    assert trace.kind == "tags" and trace.tags.shape == trace.poses.keypoints.shape
    np.testing.assert_array_equal(np.isnan(trace.tags[..., 0]), ~trace.poses.present)
    spread = np.nanstd(trace.tags, axis=1).max()
    assert np.ptp(np.nanmedian(trace.tags, axis=1), axis=0).max() > 2 * spread


def test_a_crop_has_one_peak_for_each_keypoint():
    pipeline, box = TopDown(load_trained("topdown")), SCENE.boxes[0]
    trace = trace_image(pipeline, SCENE.image, box)
    assert trace.kind == "crop" and trace.input.shape[:2] == pipeline.model.input_size
    assert len(trace.peaks.points) == 17
    np.testing.assert_array_equal(trace.poses.keypoints, pipeline(SCENE.image, [box]).keypoints)


class Page(html.parser.HTMLParser):
    """The tags of a page, and what its images show."""

    def __init__(self, text):
        super().__init__()
        self.headings, self.images, self.open = 0, [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.headings += tag == "h2"
        if tag == "img":
            self.images.append(dict(attributes))
        elif tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_the_page_is_one_file_that_needs_no_other(monkeypatch):
    pytest.importorskip("matplotlib", reason="figures need Matplotlib")
    monkeypatch.setattr("npkpose.explain.look.DPI", 20)
    image = np.zeros((96, 128, 3), np.uint8)
    text = explain_page(BottomUp(Answers(people())), image, "<me & you>.jpg")
    page = Page(text)
    assert page.open == [] and page.headings == 7 and len(page.images) == 9
    assert all(image["src"].startswith("data:image/png;base64,iVBOR") for image in page.images)
    assert all(image["alt"] for image in page.images) and "&lt;me &amp; you&gt;.jpg" in text
    assert re.findall(r"https?://", re.sub("base64,[^\"]*", "", text)) == []


def test_an_image_without_people_has_steps_too():
    pytest.importorskip("matplotlib", reason="figures need Matplotlib")
    network = Answers(np.full((1, 17, 2), np.nan))
    steps = steps_of(trace_image(BottomUp(network), np.zeros((96, 128, 3), np.uint8)))
    assert [len(step.figures) for step in steps] == [1, 1, 1, 1, 1]
    assert "0 people" in steps[-1].figures[0].axes[0].get_title(loc="left")


def test_other_pipelines_and_boxes_are_refused():
    image = np.zeros((96, 128, 3), np.uint8)
    with pytest.raises(ValueError, match="^pipeline: expected"):
        trace_image(Poses, image)
    with pytest.raises(ValueError, match="^box: expected none"):
        trace_image(BottomUp(Answers(people())), image, (0, 0, 9, 9))
