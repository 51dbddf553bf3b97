"""SMPL in plain PyTorch, with the names of the paper: the peer in `benchmarks.smpl`.

Written from the equations in `npkpose.space.smpl`; gradients are PyTorch's own.
"""

import torch
from torch import nn


class SMPL(nn.Module):
    """``data`` is a `BodyData`; arrays become buffers of ``dtype``."""

    def __init__(self, data, dtype=torch.float32):
        super().__init__()
        V, J = data.weights.shape
        arrays = {
            "template": data.template,
            "shape_directions": data.shape_directions.reshape(3 * V, -1).T,
            "pose_directions": data.pose_directions.reshape(3 * V, 9 * (J - 1)).T,
            "joint_regressor": data.joint_regressor,
            "weights": data.weights,
        }
        for name, array in arrays.items():
            self.register_buffer(name, torch.tensor(array, dtype=dtype).contiguous())
        self.parents = [int(p) for p in data.parents]

    def forward(self, R, shapes):
        """Return vertices (N, V, 3) and joints (N, J, 3) for rotations (N, J, 3, 3)."""
        N, J = R.shape[:2]
        rest = self.template + (shapes @ self.shape_directions).view(N, -1, 3)
        joints = self.joint_regressor @ rest
        bend = (R[:, 1:] - torch.eye(3, dtype=R.dtype)).reshape(N, 9 * (J - 1))
        posed = rest + (bend @ self.pose_directions).view(N, -1, 3)
        rotation, position = [R[:, 0]], [joints[:, 0]]
        for k, p in list(enumerate(self.parents))[1:]:
            rotation.append(rotation[p] @ R[:, k])
            bone = (joints[:, k] - joints[:, p])[..., None]
            position.append(position[p] + (rotation[p] @ bone)[..., 0])
        rotation, position = torch.stack(rotation, dim=1), torch.stack(position, dim=1)
        shift = position[..., None] - rotation @ joints[..., None]
        motions = torch.cat([rotation, shift], dim=-1).view(N, J, 12)
        blended = (self.weights @ motions).view(N, -1, 3, 4)
        vertices = (blended[..., :3] @ posed[..., None])[..., 0] + blended[..., 3]
        return vertices, position
