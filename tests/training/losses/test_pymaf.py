import numpy as np
import pytest

from npkpose import nn
from npkpose.models.mesh.pymaf import IUV, Output, PyMAF
from npkpose.models.mesh.pymaf_body import Mesh, MeshData, PosedBody
from npkpose.space.body import tube_body
from npkpose.space.rotations import axis_angle_to_matrix, matrix_to_six_d
from npkpose.training.losses import (
    IUVLabels,
    MeshLabels,
    MeshTerms,
    camera_loss,
    iuv_loss,
    keypoint_2d_loss,
    keypoint_3d_loss,
    mesh_loss,
    parameter_loss,
    pymaf_loss,
    vertex_loss,
)

ALL = MeshTerms(vertices=5.0)
SHAPES = {
    "camera": (3,), "shape": (10,), "pose": (144,), "rotations": (24, 3, 3), "vertices": (7, 3),
    "joints": (24, 3), "keypoints_3d": (49, 3), "keypoints_2d": (49, 2),
}  # fmt: skip


def random_mesh(rng, N=3):
    return Mesh(**{name: rng.normal(size=(N, *shape)) for name, shape in SHAPES.items()})


def random_labels(rng):
    """Labels of three bodies; the second has no 3-D keypoints, the third no body."""
    true = random_mesh(rng)
    confidence = rng.integers(0, 2, (3, 49)) * (np.arange(49) >= 25)
    return MeshLabels(
        true.keypoints_2d, confidence, true.keypoints_3d[:, 25:], rng.uniform(size=(3, 24)),
        [True, False, True], true.rotations, true.shape, true.vertices, [True, True, False],
    )  # fmt: skip


def test_the_loss_is_the_weighted_sum_of_its_terms(rng):
    mesh, labels = random_mesh(rng), random_labels(rng)
    loss, terms, dmesh = mesh_loss(mesh, labels, ALL)
    expected = {
        "keypoints_2d": keypoint_2d_loss(mesh.keypoints_2d, *labels[:2]),
        "keypoints_3d": keypoint_3d_loss(mesh.keypoints_3d[:, 25:], *labels[2:5]),
        "rotations": parameter_loss(mesh.rotations, labels.rotations, labels.has_body),
        "shape": parameter_loss(mesh.shape, labels.shape, labels.has_body),
        "vertices": vertex_loss(mesh.vertices, labels.vertices, labels.has_body),
        "camera": camera_loss(mesh.camera),
    }
    weights = {"keypoints_2d": 300, "keypoints_3d": 300, "rotations": 60, "shape": 0.06,
               "vertices": 5, "camera": 1}  # fmt: skip
    for name, (value, gradient) in expected.items():
        assert getattr(terms, name) == pytest.approx(weights[name] * value, rel=1e-12)
        got = getattr(dmesh, name)[:, -gradient.shape[1] :]
        np.testing.assert_allclose(got, weights[name] * gradient, rtol=1e-12)
    assert not dmesh.keypoints_3d[:, :25].any() and dmesh.keypoints_3d.shape == (3, 49, 3)
    assert loss == pytest.approx(sum(terms)) and dmesh.pose is None and dmesh.joints is None


@pytest.mark.parametrize("field", MeshTerms._fields)
def test_the_gradient_is_the_slope(rng, assert_slope, field):
    mesh, labels = random_mesh(rng), random_labels(rng)

    def loss(array):
        value, _, dmesh = mesh_loss(mesh._replace(**{field: array}), labels, ALL)
        return value, getattr(dmesh, field)

    assert_slope(loss, getattr(mesh, field))


def test_terms_without_labels_or_weight_are_left_out(rng):
    mesh, labels = random_mesh(rng), random_labels(rng)
    loss, terms, dmesh = mesh_loss(mesh, MeshLabels())
    assert loss == terms.camera == camera_loss(mesh.camera)[0]
    assert [name for name, part in dmesh._asdict().items() if part is not None] == ["camera"]
    _, terms, dmesh = mesh_loss(mesh, labels)  # the published weights
    assert terms.vertices == 0 and dmesh.vertices is None and min(terms[:4]) > 0


def test_every_corrected_mesh_and_the_maps_have_a_loss(rng):
    meshes, labels = [random_mesh(rng) for _ in range(4)], random_labels(rng)
    iuv = IUV(*(rng.normal(size=(3, C, 2, 2)) for C in (25, 25, 25, 15)))
    iuv_labels = IUVLabels(rng.integers(0, 25, (3, 2, 2)), *np.zeros((2, 3, 2, 2)))
    loss, terms, gradient = pymaf_loss(Output(meshes, iuv), labels, iuv_labels)
    singles = [mesh_loss(mesh, labels) for mesh in meshes[1:]]
    maps, _, diuv = iuv_loss(iuv, iuv_labels)
    assert loss == pytest.approx(maps + sum(single[0] for single in singles))
    assert terms[:3] == [single[1] for single in singles] and len(terms) == 4
    assert gradient.meshes[0] is None and len(gradient.meshes) == 4
    np.testing.assert_array_equal(gradient.meshes[2].shape, singles[1][2].shape)
    np.testing.assert_array_equal(gradient.iuv.part, diuv.part)
    assert pymaf_loss(Output(meshes), labels)[2].iuv is None
    assert pymaf_loss(Output(meshes[:1]), labels) == (0, [], Output([None]))


def test_no_bodies_have_no_loss(rng):
    mesh = random_mesh(rng, 0)
    labels = MeshLabels(np.ones((0, 49, 2)), keypoints_3d=np.ones((0, 24, 3)),
                        rotations=np.ones((0, 24, 3, 3)), shape=np.ones((0, 10)))  # fmt: skip
    loss, _, dmesh = mesh_loss(mesh, labels)
    assert loss == 0 and dmesh.rotations.shape == (0, 24, 3, 3)


def test_a_small_pymaf_learns_two_bodies(rng):
    body = tube_body(rng)
    V = len(body.template)
    means, sampling = (rng.dirichlet(np.ones(V), count) for count in (9, 7))
    data = MeshData(body, rng.integers(0, V, 21), means, sampling)
    bend = rng.normal(0, 0.2, (2, 24, 3))
    bend[:, 0] = [np.pi, 0, 0]
    pose = matrix_to_six_d(axis_angle_to_matrix(bend)).reshape(2, 144)
    true = PosedBody(data).forward(np.tile([0.9, 0, 0], (2, 1)), rng.normal(size=(2, 10)), pose)
    labels = MeshLabels(true.keypoints_2d, keypoints_3d=true.keypoints_3d[:, 25:],
                        rotations=true.rotations, shape=true.shape)  # fmt: skip
    part = rng.integers(0, 25, (2, 2, 2)).repeat(8, axis=1).repeat(8, axis=2)  # maps of 16 x 16
    iuv_labels = IUVLabels(part, *np.full((2, *part.shape), 0.5))
    net = PyMAF(data, None, (2, 8, 16), (1, 1, 1, 1), rng=np.random.default_rng(1)).train()
    for regressor in net.regressor:
        regressor.drop1.p = regressor.drop2.p = 0.0
    optimizer, x = nn.Adam(net, 3e-3), rng.normal(size=(2, 3, 64, 64)).astype(np.float32)
    losses = []
    for _ in range(12):
        loss, terms, gradient = pymaf_loss(net(x), labels, iuv_labels)
        net.backward(gradient)
        optimizer.step()
        losses.append([loss, terms[2].rotations, terms[3].part])
    assert (np.array(losses[-1]) < (0.5, 0.5, 0.8) * np.array(losses[0])).all()


MESH = random_mesh(np.random.default_rng(0))


@pytest.mark.parametrize(("labels", "message"), [
    (MeshLabels(np.ones((3, 48, 2))), r"keypoints_2d: true_keypoints: expected shape \(3, 49, 2\)"),
    (MeshLabels(keypoints_3d=np.ones((3, 50, 3))), "keypoints_3d: true_points: expected shape"),
    (MeshLabels(keypoints_3d=np.ones(3)), "keypoints_3d: true_points: expected shape"),
    (MeshLabels(shape=np.ones((3, 9))), "shape: true_parameters: expected shape"),
    (MeshLabels(shape=np.ones((3, 10)), has_body=[1]), "shape: valid: expected shape"),
    ({"shape": np.ones((3, 10))}, "labels: expected MeshLabels, got dict"),
])
def test_bad_labels_are_named(labels, message):
    with pytest.raises(ValueError, match=message):
        mesh_loss(MESH, labels)


@pytest.mark.parametrize(("arguments", "message"), [
    ((MESH, MeshLabels(), (1, 2)), "weights: expected MeshTerms, got tuple"),
    ((MESH, MeshLabels(), MeshTerms(camera=-1)), "weights.camera: expected at least 0"),
    ((MESH[:3], MeshLabels()), "mesh: expected Mesh, got tuple"),
    ((Mesh(MESH.camera), MeshLabels(keypoints_3d=np.ones((3, 24, 3)))), "mesh.keypoints_3d: expec"),
    ((Mesh(MESH.camera), MeshLabels(shape=np.ones((3, 10)))), "shape: parameters: expected real"),
    ((MESH, MeshLabels(keypoints_3d=np.ones((3, 24, 3))), ALL, (2, 24)),
     "keypoints_3d: hips: expected less than 24"),
])
def test_bad_arguments_of_a_mesh_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        mesh_loss(*arguments)


def test_an_output_without_maps_is_named():
    labels = IUVLabels(*np.zeros((3, 3, 2, 2)))
    with pytest.raises(ValueError, match="output.iuv: expected maps, as PyMAF gives in training"):
        pymaf_loss(Output([MESH] * 2), MeshLabels(), labels)
    with pytest.raises(ValueError, match="output: expected Output, got list"):
        pymaf_loss([MESH], MeshLabels())
