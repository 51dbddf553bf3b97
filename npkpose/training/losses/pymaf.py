"""PyMAF's loss: every corrected mesh is compared with the labels, and the last maps with the body.

    L = sum over i = 1, 2, 3 of
          300 (2-D keypoints) + 300 (3-D keypoints) + 60 (rotations) + 0.06 (shape) + camera
      + IUV

with the terms of `mesh` and `iuv`. An image may have some of the labels only: keypoints from COCO,
say. Zhang et al., "PyMAF", ICCV 2021, arXiv:2103.16507; the weights are those of the authors'
configuration, in which the vertices have none. The start, M_0, has no loss.
"""

from typing import NamedTuple

import numpy as np

from npkpose._check import check_number, real_array
from npkpose.models.mesh.pymaf import Output
from npkpose.models.mesh.pymaf_body import Mesh
from npkpose.training.losses.iuv import iuv_loss
from npkpose.training.losses.labels import check_points, check_type
from npkpose.training.losses.mesh import (
    HIPS,
    camera_loss,
    keypoint_2d_loss,
    keypoint_3d_loss,
    parameter_loss,
    vertex_loss,
)


class MeshLabels(NamedTuple):
    """The labels of N bodies; None is a term that is left out."""

    keypoints_2d: np.ndarray = None  # (N, K, 2) in [-1, 1] inside the image
    confidence_2d: np.ndarray = None  # (N, K); default 1; PyMAF trains with 0 for OpenPose's 25
    keypoints_3d: np.ndarray = None  # (N, K', 3) metres: the last K' of K; PyMAF's 24 annotated
    confidence_3d: np.ndarray = None  # (N, K'); default 1
    has_3d: np.ndarray = None  # (N,) whether a body has 3-D keypoints; default all
    rotations: np.ndarray = None  # (N, J, 3, 3)
    shape: np.ndarray = None  # (N, S)
    vertices: np.ndarray = None  # (N, V, 3) metres
    has_body: np.ndarray = None  # (N,) whether rotations, shape and vertices are known; default all


class MeshTerms(NamedTuple):
    """One number for each term: its weight, by default the published one, or its loss."""

    keypoints_2d: float = 300.0
    keypoints_3d: float = 300.0
    rotations: float = 60.0
    shape: float = 0.06
    vertices: float = 0.0
    camera: float = 1.0


def mesh_loss(mesh, labels, weights=MeshTerms(), hips=HIPS):
    """Return ``loss, terms, dmesh``: the weighted sum of one mesh.

    Parameters
    ----------
    mesh : Mesh
    labels : MeshLabels
    weights : MeshTerms
        A term of weight 0 is not computed.
    hips : (int, int)
        Of the K' keypoints, those whose middle is 0.

    Returns
    -------
    loss : float
    terms : MeshTerms
        Already weighted; 0 where left out.
    dmesh : Mesh
        The gradient; None where zero.

    Raises
    ------
    ValueError
        As the functions of `mesh`; the message begins with the field's name.
    """
    check_type("mesh", mesh, Mesh)
    check_type("weights", weights, MeshTerms)
    terms, gradients = {}, {}
    labels = check_type("labels", labels, MeshLabels)
    for name, function, *arguments in _labelled(mesh, labels, hips):
        weight = check_number(f"weights.{name}", getattr(weights, name), at_least=0)
        if weight:
            loss, gradient = _named(name, function, *arguments)
            terms[name], gradients[name] = weight * loss, gradient * gradient.dtype.type(weight)
    terms = MeshTerms(**{name: terms.get(name, 0.0) for name in MeshTerms._fields})
    return sum(terms), terms, Mesh(**_padded(gradients, mesh))


def pymaf_loss(output, labels, iuv_labels=None, weights=MeshTerms(), hips=HIPS):
    """Return ``loss, terms, gradient`` of PyMAF's output in training mode.

    Parameters
    ----------
    output : Output
        Of `npkpose.models.PyMAF`.
    labels : MeshLabels
    iuv_labels : IUVLabels, optional
        Default: the maps have no loss.
    weights, hips
        As in `mesh_loss`.

    Returns
    -------
    loss : float
    terms : list
        A `MeshTerms` for each corrected mesh; then the `IUVTerms`, if there are labels.
    gradient : Output
        To call `PyMAF.backward` with.
    """
    check_type("output", output, Output)
    results = [mesh_loss(mesh, labels, weights, hips) for mesh in output.meshes[1:]]
    losses, terms, dmeshes = ([result[i] for result in results] for i in range(3))
    diuv = None
    if iuv_labels is not None:
        if output.iuv is None:
            raise ValueError("output.iuv: expected maps, as PyMAF gives in training mode, got None")
        loss, iuv_terms, diuv = iuv_loss(output.iuv, iuv_labels)
        losses.append(loss)
        terms.append(iuv_terms)
    return sum(losses), terms, Output([None, *dmeshes], diuv)


def _labelled(mesh, labels, hips):
    """Yield (field, function, its arguments) for each term that has labels."""
    yield "camera", camera_loss, mesh.camera
    if labels.keypoints_2d is not None:
        two = mesh.keypoints_2d, labels.keypoints_2d, labels.confidence_2d
        yield "keypoints_2d", keypoint_2d_loss, *two
    if labels.keypoints_3d is not None:
        three = labels.keypoints_3d, labels.confidence_3d, labels.has_3d
        yield "keypoints_3d", keypoint_3d_loss, _last_keypoints(mesh, labels), *three, hips
    if labels.vertices is not None:
        yield "vertices", vertex_loss, mesh.vertices, labels.vertices, labels.has_body
    for name in ("rotations", "shape"):
        if getattr(labels, name) is not None:
            pair = getattr(mesh, name), getattr(labels, name)
            yield name, parameter_loss, *pair, labels.has_body


def _last_keypoints(mesh, labels):
    """Return the keypoints of the mesh that have 3-D labels, the last ones."""
    points = check_points("mesh.keypoints_3d", mesh.keypoints_3d, ("N", "K", 3))
    true_points = real_array("labels.keypoints_3d", labels.keypoints_3d)
    labelled = true_points.shape[1] if true_points.ndim == 3 else points.shape[1]
    return points[:, max(points.shape[1] - labelled, 0) :]


def _named(name, function, *arguments):
    """Call ``function``; an error of it names the field of the mesh and of the labels."""
    try:
        return function(*arguments)
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from None


def _padded(gradients, mesh):
    """Return ``gradients`` with zeros for the keypoints without 3-D labels, the first ones."""
    if "keypoints_3d" in gradients:
        last = gradients["keypoints_3d"]
        first = np.zeros_like(mesh.keypoints_3d[:, last.shape[1] :], last.dtype)
        gradients["keypoints_3d"] = np.concatenate([first, last], axis=1)
    return gradients
