import numpy as np
import pytest

from npkpose import nn
from npkpose.exercises import mesh_alignment as loop
from npkpose.models.mesh.pymaf_body import Mesh, PosedBody

DATA = loop.tube_mesh(np.random.default_rng(0))
PARENTS = DATA.body.parents


@pytest.fixture
def truth(rng):
    return loop.random_bodies(PosedBody(DATA), 6, rng)


def test_a_body_is_painted_where_its_camera_sees_it(truth):
    images = loop.paint(truth, PARENTS)
    assert images.shape == (6, 64, 64, 3) and images.dtype == np.float32
    x, y = loop.to_pixels(truth.joints, truth.camera).round().astype(int).transpose(2, 0, 1)
    on_joints = images[np.arange(6)[:, None], y.clip(0, 63), x.clip(0, 63)]
    seen = (x >= 0) & (x < 64) & (y >= 0) & (y < 64)
    assert (abs(on_joints - loop.GREY).max(axis=-1) > 0.1)[seen].mean() > 0.98
    covered = (abs(images - loop.GREY).max(axis=-1) > 0.1).mean()
    assert 0.02 < covered < 0.2
    head, foot = y[:, 15], y[:, 10]
    assert (head < foot).all()


def test_fixed_maps_are_colours_and_their_derivatives():
    images = np.full((2, 64, 64, 3), 0.5, np.float32)
    images[..., 0] += np.arange(64, dtype=np.float32) / 64  # red grows along x
    for maps, size in zip(loop.fixed_maps(images), (16, 32, 64)):
        assert maps.shape == (2, 9, size, size) and maps.dtype == np.float32
        np.testing.assert_allclose(maps[:, 6], 2 / size, atol=1e-6)
        others = np.delete(maps, (0, 6), axis=1)
        np.testing.assert_allclose(others, 0, atol=1e-6)
        np.testing.assert_allclose(maps[:, 0].mean(), 31.5 / 64, atol=1e-6)


def test_errors_are_millimetres_and_pixels(truth):
    camera = truth.camera.copy()
    camera[:, 1] += 2 / 63 / camera[:, 0]  # a pixel to the right, at the body's depth
    aside = truth._replace(camera=camera)
    deep = truth._replace(vertices=truth.vertices + (0, 0, 0.1))
    (mm, px), (mm_deep, px_deep) = loop.errors([aside, deep], truth)
    assert mm == 0 and abs(px - 1) < 0.05
    assert abs(mm_deep - 100) < 1e-3 and px_deep < 0.1


def test_the_gradient_is_that_of_the_loss(truth):
    mesh, step, eps = truth._replace(camera=truth.camera + 0.1), 1.0, 1e-3

    def value(mesh):
        away = {name: getattr(mesh, name) - getattr(truth, name) for name in loop.LOSS}
        return sum(w / 2 * (away[k] ** 2).sum(-1).mean() for k, w in loop.LOSS.items())

    above, below = (value(mesh._replace(camera=mesh.camera + s * step)) for s in (eps, -eps))
    exact = (loop.loss_gradient(mesh, truth).camera * step).sum()
    np.testing.assert_allclose(exact, (above - below) / (2 * eps), rtol=1e-3)


@pytest.mark.parametrize("aligned", [True, False])
def test_a_correction_learns_from_its_own_loss_only(aligned, truth, rng):
    net = loop.FeedbackLoop(DATA, aligned, 8, rng=rng).train()
    maps = loop.fixed_maps(loop.paint(truth, PARENTS))
    meshes = net(maps)
    assert len(meshes) == 4 and meshes[3].vertices.shape == truth.vertices.shape
    net.backward([Mesh(), loop.loss_gradient(meshes[2], truth), Mesh()])
    moved = {name.split(".")[1] for name, g in net.named_gradients() if g.any()}
    assert moved == {"1"}


def test_a_few_bodies_are_overfitted(rng):
    truth = loop.random_bodies(PosedBody(DATA), 8, rng)
    maps = loop.fixed_maps(loop.paint(truth, PARENTS))
    net = loop.FeedbackLoop(DATA, True, 32, rng=rng).train()
    optimizer = nn.Adam(net, 3e-3)
    for _ in range(50):
        meshes = net(maps)
        net.backward([loop.loss_gradient(mesh, truth) for mesh in meshes[1:]])
        optimizer.step()
    found = loop.errors(meshes, truth)
    assert (found[1:] < 0.4 * found[0]).all()
