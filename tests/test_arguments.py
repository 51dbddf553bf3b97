"""Public functions of codec, metrics, data and the ground, with one argument replaced by another.

Whatever the value, the call returns without a warning, or raises ValueError that begins with the
name of an argument.
"""

import datetime
import re
import warnings
from types import SimpleNamespace

import numpy as np
import pytest

import npkpose
from npkpose import COCO_17, Grid, Peaks, Poses, Skeleton, codec, data, metrics
from npkpose._numba import COMPILES
from npkpose.codec.paf.nearest_baseline import group_nearest
from npkpose.data import body, motion, raster
from npkpose.data.augment import to_view
from npkpose.metrics.pck import head_sizes
from npkpose.similarity import keypoint_similarity

PLAN = Skeleton("PLAN", tuple("abcd"), ((0, 1), (1, 2), (2, 3), (0, 3)), ((1, 2),), [0.1] * 4)
_RNG = np.random.default_rng(0)
POINTS = _RNG.uniform(0, 20, (3, 4, 2))
MAPS = codec.gaussian_heatmaps(POINTS, 24).max(axis=0)
FIELDS = codec.paf_fields(POINTS, PLAN, 24)
TAGS = _RNG.normal(size=(4, 24, 24))
ONES, POSE_3D = np.ones((3, 4)), _RNG.normal(size=(3, 4, 3))
POSES, GRID = Poses(POINTS), Grid(4)
SCENE = data.synthetic_scene(np.random.default_rng(0), 32, 2)
TRIPLES = np.concatenate([POINTS, np.ones((3, 4, 1))], axis=2).reshape(3, 12).tolist()
FOUND = [dict(image_id=1, category_id=1, score=0.5, keypoints=triples) for triples in TRIPLES]
TRUTH = {
    "images": [{"id": 1, "file_name": "1.png"}], "categories": [{"id": 1, "name": "person"}],
    "annotations": [dict(person, id=i + 1, area=9.0, bbox=[0, 0, 3, 3], iscrowd=0, num_keypoints=4)
                    for i, person in enumerate(FOUND)],
}  # fmt: skip
LENGTHS = body.random_lengths(2, np.random.default_rng(0))
RNG = "a generator"  # replaced by a new one in each call

CALLS = [
    (codec.gaussian_heatmap, dict(size=8, cx=1.0, cy=2.0, sigma=2.0, dtype=np.float32)),
    (codec.gaussian_heatmaps, dict(keypoints=POINTS, size=(20, 24), sigma=2.0, visibility=ONES,
                                   grid=GRID, dtype=np.float64, round_centres=False)),
    (codec.heatmap_to_coords, dict(heatmaps=MAPS[None])),
    (codec.decode_heatmaps, dict(heatmaps=MAPS[None], refine="dark", grid=GRID, blur_kernel=5)),
    (codec.find_peaks, dict(heatmaps=MAPS, threshold=0.1, refine="quarter", min_distance=1.0,
                            max_peaks=5)),
    (codec.separate_peaks, dict(heatmaps=MAPS, peaks=codec.find_peaks(MAPS), threshold=0.1)),
    (codec.decode_simcc, dict(x_logits=MAPS[None, 0], y_logits=MAPS[None, 1], split_ratio=2.0,
                              refine="parabola", score="min")),
    (codec.simcc_targets, dict(keypoints=POINTS, size=(20, 24), split_ratio=2.0, sigma=1.0,
                               visibility=ONES)),
    (codec.smooth_heatmaps, dict(heatmaps=MAPS, sigma=1.0)),
    (codec.expected_oks, dict(heatmaps=MAPS, sigmas=[0.1] * 4, scale=9.0)),
    (codec.paf_fields, dict(poses=POINTS, skeleton=PLAN, size=(20, 24), width=1.5, grid=GRID,
                            dtype=np.float32)),
    (codec.limb_scores, dict(paf=FIELDS[:2], starts=[(1, 1)], ends=[(5, 6)], num_samples=10)),
    (codec.group_paf, dict(heatmaps=MAPS, pafs=FIELDS, skeleton=PLAN, grid=GRID, threshold=0.1,
                           separate=True, num_samples=10, sample_threshold=0.05,
                           sample_fraction=0.8, max_length_ratio=8.0, matching="optimal",
                           min_keypoints=2, min_score=0.4, fill_missing=True)),
    (codec.group_tags, dict(heatmaps=MAPS, tags=TAGS, skeleton=PLAN, grid=GRID, threshold=0.1,
                            tag_threshold=1.0, max_people=30, order=[0, 1, 2, 3], adjust=True,
                            min_keypoints=1, min_score=0.1, nms_threshold=0.9, fill_missing=True,
                            separate_left_right=True)),
    (group_nearest, dict(heatmaps=MAPS, skeleton=PLAN, grid=GRID, threshold=0.1)),
    (codec.assign, dict(cost=POINTS[0], unassigned=0.3)),
    (codec.oks_nms, dict(poses=POSES, skeleton=PLAN, areas=[1, 2, 3], threshold=0.5)),
    (codec.box_nms, dict(boxes=[[0, 0, 1, 1], [0, 0, 2, 1]], scores=[1, 0.5], threshold=0.5)),
    (codec.tag_targets, dict(poses=POINTS, size=(20, 24), visibility=ONES, grid=GRID)),
    (codec.tag_loss, dict(tags=TAGS, pixels=codec.tag_targets(POINTS, 24), pull_weight=1.0,
                          push_weight=1.0)),
    (Poses, dict(keypoints=POINTS, scores=ONES, person_scores=[1, 2, 3], ids=[1, 2, 3])),
    (Poses.empty, dict(num_keypoints=3)),
    (POSES.with_keypoints, dict(keypoints=POINTS)),
    (POSES.convert, dict(source=PLAN, target=PLAN)),
    (POSES.to_dict, dict(skeleton=PLAN)),
    (Grid, dict(stride=4.0, convention="index")),
    (Grid((4, 2), "corner").to_image, dict(points=POINTS, map_size=(20, 24))),
    (Grid(4, "centre").to_map, dict(points=POINTS, map_size=8)),
    (Skeleton, dict(name="S", keypoints=tuple("abcd"), limbs=((0, 1), (1, 2)), pairs=((0, 1),),
                    sigmas=(0.1,) * 4, paf_channels=((0, 1), (2, 3)), redundant_limbs=(1,),
                    group_order=(0, 1, 2, 3))),
    (PLAN.columns_of, dict(other=PLAN)),
    (metrics.oks, dict(keypoints=POINTS, true_keypoints=POINTS, areas=[1, 2, 3], sigmas=[0.1] * 4,
                       visibility=ONES, missing="zero", boxes=ONES)),
    (metrics.match, dict(similarity=ONES, scores=[1, 2, 3], threshold=0.5)),
    (metrics.pck, dict(keypoints=POINTS, true_keypoints=POINTS, sizes=[1, 2, 3], thresholds=(0.2,),
                       visibility=ONES, left_out=(1,))),
    (metrics.pckh, dict(keypoints=POINTS, true_keypoints=POINTS, head_boxes=ONES * range(4),
                        thresholds=(0.5,), visibility=ONES, left_out=())),
    (metrics.auc, dict(keypoints=POINTS, true_keypoints=POINTS, sizes=[1, 2, 3], high=1.0,
                       visibility=ONES, steps=20)),
    (head_sizes, dict(head_boxes=ONES * range(4), scale=0.6)),
    (metrics.epe, dict(keypoints=POINTS, true_keypoints=POINTS, visibility=ONES)),
    (metrics.nme, dict(keypoints=POINTS, true_keypoints=POINTS, sizes=[1, 2, 3], visibility=ONES)),
    (metrics.right_instance, dict(keypoints=POINTS, true_keypoints=POINTS, matched=[0, 1, -1])),
    (metrics.mpjpe, dict(points=POSE_3D, true_points=POSE_3D, root=0)),
    (metrics.pa_mpjpe, dict(points=POSE_3D, true_points=POSE_3D)),
    (metrics.n_mpjpe, dict(points=POSE_3D, true_points=POSE_3D, root=0)),
    (metrics.mpjve, dict(points=POSE_3D, true_points=POSE_3D, root=0)),
    (metrics.pve, dict(vertices=POSE_3D, true_vertices=POSE_3D, roots=np.ones((2, 3, 3)))),
    (metrics.pck_3d, dict(points=POSE_3D, true_points=POSE_3D, root=0, threshold=150.0)),
    (metrics.auc_3d, dict(points=POSE_3D, true_points=POSE_3D, root=0, thresholds=[1, 2])),
    (metrics.mpii_protocol, dict(keypoints=np.ones((1, 16, 2)), true_keypoints=np.ones((1, 16, 2)),
                                 head_boxes=[[0, 0, 1, 1]], visibility=np.ones((1, 16)),
                                 offset=1.0, low_threshold=0.1)),
    (metrics.GroundTruth, dict(keypoints=POINTS, visibility=ONES, image_id=[1, 1, 2],
                               area=[1, 2, 3], bbox=ONES, iscrowd=[0, 0, 1],
                               num_keypoints=[4, 4, 4],
                               category_id=[1, 1, 1], id=[1, 2, 3], images=[1, 2], categories=[1])),
    (metrics.Detections, dict(keypoints=POINTS, score=[1, 2, 3], image_id=["a", "a", "b"],
                              bbox=ONES, category_id=[1, 1, 1])),
    (metrics.evaluate_coco, dict(ground_truth=TRUTH, results=FOUND, skeleton=PLAN, max_dets=(20,),
                                 thresholds=[0.5, 0.75], areas={"all": (0, 1e10)}, categories=[1],
                                 strict=False)),
    (metrics.coco.analyse_errors, dict(result=metrics.evaluate_coco(TRUTH, FOUND, PLAN))),
    (metrics.coco.join_shards, dict(results=[metrics.evaluate_coco(TRUTH, FOUND, PLAN)])),
    (metrics.coco.examine, dict(annotations=TRUTH, results=FOUND, skeleton=PLAN)),
    (metrics.split_images, dict(ground_truth=TRUTH, results=FOUND, num_shards=2, skeleton=PLAN)),
    (keypoint_similarity, dict(squared=ONES, areas=ONES, sigmas=[0.1] * 4)),
    (data.four_markers, dict(num_images=2, rng=RNG, size=16, style="distinct")),
    (data.two_figures, dict(num_images=1, rng=RNG, size=48)),
    (data.SyntheticPeople, dict(num_images=3, seed=0, size=32, people=(1, 2))),
    (data.synthetic_scene, dict(rng=RNG, size=32, num_people=2)),
    (data.flip_scene, dict(scene=SCENE, skeleton=COCO_17)),
    (data.random_crop, dict(scene=SCENE, p=0, network=SimpleNamespace(
        input_size=(32, 24), grid=GRID, skeleton=COCO_17), rng=RNG, strength=1.0)),
    (data.CocoDataset, dict(annotations=TRUTH, images=".", skeleton=PLAN, labelled_only=True,
                            category="person")),
    (data.warp_scene, dict(scene=SCENE, view=np.eye(2, 3), size=32)),
    (data.random_view, dict(image_size=32, size=16, rng=RNG, strength=1.0)),
    (data.change_colours, dict(image=SCENE.image, rng=RNG)),
    (data.hide_patches, dict(scene=SCENE, rng=RNG, most=2)),
    (to_view, dict(points=POINTS, view=np.eye(2, 3))),
    (body.random_lengths, dict(num_people=2, rng=RNG)),
    (body.random_angles, dict(num_people=2, rng=RNG)),
    (body.pose_body, dict(lengths=LENGTHS, trunk=np.zeros((2, 5)), limbs=np.zeros((2, 2, 7)),
                          turns=np.tile(np.eye(3), (2, 1, 1)))),
    (motion.synthetic_motion, dict(rng=RNG, sequences=1, frames=5, noise=1.0)),
    (motion.pose_body, dict(angles=np.zeros((2, 17, 3)))),
    (raster.paint_parts, dict(parts=np.ones((2, 13)), light=[0, 0, -1, 1], depth=np.ones((4, 5)),
                              image=np.ones((4, 5, 3), np.float32), owner=np.ones((4, 5), int))),
]  # fmt: skip

NESTED = 1.0
for _ in range(3000):
    NESTED = [NESTED]


class Foreign:
    """An object that fails in its own way, whatever is asked of it."""

    def __array__(self, *args, **kwargs):
        raise RuntimeError("call detach first")

    def __iter__(self):
        raise KeyError(0)

    def __repr__(self):
        raise OSError


OTHERS = [
    None, True, False, 0, -1, 1, 3, 2**63, -(2**64), 10**12, 10**400, 10**5000, 1e308, -1e308,
    5e-324, np.nan, np.inf, -np.inf, 1j, "", "a", "corner", b"a", (), [], {}, {1}, object(), object,
    NESTED, [[1], [1, 2]], [10**400], [None], ["a"], Foreign(), range(3), iter([1]), abs, int,
    np.timedelta64(1, "s"), np.datetime64("2020"), datetime.timedelta(1), np.array(3.0),
    np.array([]), np.array([None]), np.array(["a"]), np.array([1j]), np.zeros((0, 4, 2)),
    np.zeros((2, 0, 2)), np.zeros((2, 4, 0)), np.array([2**63], np.uint64), np.ma.masked,
    np.longdouble(3), np.float16(2), np.int8(1), np.float32, Grid(0.25, "corner"), Grid(1e-300),
    PLAN, COCO_17, Poses.empty(4), Peaks(None, None, None), np.random.default_rng(0), SCENE,
    Peaks(np.zeros((1, 2)), np.ones(1), np.array([0, 1, 1, 1, 1])),
]  # fmt: skip


def others_like(value):
    """Return arrays that are like an array but for their values, shape or type."""
    if not isinstance(value, (np.ndarray, list)) or np.asarray(value).dtype.kind not in "iuf":
        return []
    array = np.array(value, float)
    found = [array[:0], array[..., :0], array[None], array[0], array.T, array > 0]
    found += [array.astype(kind) for kind in (">f8", np.longdouble, complex, object, str)]
    found.append(np.ma.masked_array(array, array > array.mean()))
    for number in (np.nan, np.inf, -np.inf, 1e308, -1e308, 1e200, 1e-320, 2.0**62, -1, 0, 0.5):
        found += [array.copy(), np.full(array.shape, number)]
        found[-2].flat[-1:] = number
    return found


def outcome(function, arguments):
    """Return None if the call returns or refuses an argument by name, else what it raised."""
    arguments = {k: np.random.default_rng(0) if v is RNG else v for k, v in arguments.items()}
    try:
        function(**arguments)
    except ValueError as error:
        names = re.findall(r"\w+", re.sub(r"\[.*|\.\w+", "", str(error).split(":")[0]))
        return None if set(names) & set(arguments) else repr(error)
    except FileNotFoundError:  # text where a path may be given
        return None
    except Exception as error:
        uncompiled = not COMPILES and isinstance(error, OverflowError)
        return None if uncompiled else repr(error)  # a kernel's, which compiled gives infinity


@pytest.mark.parametrize("function, good", CALLS, ids=[f.__qualname__ for f, _ in CALLS])
def test_an_argument_is_taken_or_refused_by_name(function, good):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of files in which nothing is to be found
        # Kernels that are not compiled warn of every number that overflows.
        warnings.simplefilter("ignore" if not COMPILES else "error", RuntimeWarning)
        assert outcome(function, good) is None
        for name in good:
            for other in OTHERS + others_like(good[name]):
                found = outcome(function, {**good, name: other})
                assert found is None, f"{name}={npkpose._check.shown(other)}: {found}"


def test_a_tensor_that_requires_a_gradient_is_refused_by_name():
    torch = pytest.importorskip("torch")
    with pytest.raises(ValueError, match="heatmaps: expected an array .* Tensor .*detach"):
        codec.decode_heatmaps(torch.zeros((1, 4, 8, 8), requires_grad=True))


def test_a_masked_pixel_is_missing():
    maps = np.zeros((1, 1, 9, 9))
    maps[0, 0, 2, 2], maps[0, 0, 6, 6] = 9, 5
    masked = np.ma.masked_array(maps, maps == 9)
    assert codec.heatmap_to_coords(masked).tolist() == [[[6, 6]]]
    assert codec.find_peaks(masked[0], refine="argmax").points.tolist() == [[6, 6]]
    assert np.isnan(metrics.mpjpe(np.ma.masked_array(POSE_3D, True), POSE_3D))
