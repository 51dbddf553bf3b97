"""PyMAF in plain PyTorch, with the authors' names: an oracle for outputs and gradients.

Written from the paper and the equations in `npkpose.models.mesh.pymaf`, without dropout. Meshes
are dictionaries with the names of `npkpose.models.mesh.pymaf_body.Mesh`.
"""

import torch
from torch import nn
from torch.nn import functional as F

from benchmarks.torch_smpl import SMPL


class PyMAF(nn.Module):
    def __init__(self, data, start, widths=(64, 256, 1024), blocks=(3, 4, 6, 3)):
        super().__init__()
        width, C, hidden = widths
        self._body = Body(data)
        self._start = [torch.tensor(part) for part in start]
        self._sampling = torch.tensor(data.sampling)
        self.feature_extractor = ResNet(blocks, width)
        layers = []
        for inputs in (32 * width, C, C):
            conv = nn.ConvTranspose2d(inputs, C, 4, 2, 1, bias=False)
            layers += [conv, nn.BatchNorm2d(C), nn.ReLU()]
        self.deconv_layers = nn.Sequential(*layers)
        counts = (441, *[len(data.sampling)] * 2)
        self.maf_extractor = nn.ModuleList(Points(C) for _ in counts)
        sizes = [len(part) for part in start]
        self.regressor = nn.ModuleList(Regressor(5 * P, sizes, hidden) for P in counts)
        self.dp_head = nn.Module()
        for name, count in (("u", 25), ("v", 25), ("uv_index", 25), ("ann_index", 15)):
            setattr(self.dp_head, f"predict_{name}", nn.Conv2d(C, count, 3, 1, 1))

    def forward(self, x):
        """Return four meshes and the four score maps."""
        N, dtype = len(x), x.dtype
        x = self.feature_extractor(x)
        mesh = self._body(*(part.to(dtype).repeat(N, 1) for part in self._start))
        meshes = [mesh]
        side = torch.linspace(-1, 1, 21, dtype=dtype)
        points = torch.stack(torch.meshgrid(side, side, indexing="ij"), dim=-1).reshape(1, 441, 2)
        points = points.repeat(N, 1, 1)
        for i in range(3):
            x = self.deconv_layers[3 * i : 3 * i + 3](x)
            before = [mesh[name].detach() for name in ("camera", "shape", "pose")]
            if i:
                vertices = self._sampling.to(dtype) @ mesh["vertices"].detach()
                points = project(vertices, before[0])
            features = self.maf_extractor[i](x, points)
            mesh = self._body(*self.regressor[i](features, before))
            meshes.append(mesh)
        return meshes, [head(x) for head in self.dp_head.children()]


class ResNet(nn.Module):
    def __init__(self, blocks, width):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(3, width, 7, 2, 3, bias=False), nn.BatchNorm2d(width)
        inputs = width
        for i, count in enumerate(blocks):
            inner = width << i
            layer = [Bottleneck(inputs, inner, 1 + (i > 0))]
            layer += [Bottleneck(4 * inner, inner) for _ in range(count - 1)]
            setattr(self, f"layer{i + 1}", nn.Sequential(*layer))
            inputs = 4 * inner

    def forward(self, x):
        x = F.max_pool2d(self.bn1(self.conv1(x)).relu(), 3, 2, 1)
        return self.layer4(self.layer3(self.layer2(self.layer1(x))))


class Bottleneck(nn.Module):
    def __init__(self, inputs, inner, stride=1):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, inner, 1, bias=False)
        self.conv2 = nn.Conv2d(inner, inner, 3, stride, 1, bias=False)
        self.conv3 = nn.Conv2d(inner, 4 * inner, 1, bias=False)
        self.bn1, self.bn2 = nn.BatchNorm2d(inner), nn.BatchNorm2d(inner)
        self.bn3 = nn.BatchNorm2d(4 * inner)
        self.downsample = nn.Identity()
        if stride > 1 or inputs != 4 * inner:
            conv = nn.Conv2d(inputs, 4 * inner, 1, stride, bias=False)
            self.downsample = nn.Sequential(conv, nn.BatchNorm2d(4 * inner))

    def forward(self, x):
        y = self.bn1(self.conv1(x)).relu()
        y = self.bn2(self.conv2(y)).relu()
        return (self.bn3(self.conv3(y)) + self.downsample(x)).relu()


class Points(nn.Module):
    def __init__(self, C):
        super().__init__()
        self.conv0, self.conv1 = nn.Conv1d(C, C // 2, 1), nn.Conv1d(C // 2 + C, C // 4, 1)
        self.conv2 = nn.Conv1d(C // 4 + C, 5, 1)

    def forward(self, x, points):
        values = F.grid_sample(x, points[:, :, None], align_corners=True)[..., 0]
        y = F.leaky_relu(self.conv0(values))
        y = F.leaky_relu(self.conv1(torch.cat([y, values], dim=1)))
        return self.conv2(torch.cat([y, values], dim=1)).relu().flatten(1)


class Regressor(nn.Module):
    def __init__(self, features, sizes, hidden):
        super().__init__()
        self.fc1, self.fc2 = nn.Linear(features + sum(sizes), hidden), nn.Linear(hidden, hidden)
        self.deccam, self.decshape, self.decpose = (nn.Linear(hidden, n) for n in sizes)

    def forward(self, features, before):
        y = self.fc2(self.fc1(torch.cat([features, *reversed(before)], dim=1)))
        steps = self.deccam(y), self.decshape(y), self.decpose(y)
        return [part + step for part, step in zip(before, steps)]


class Body:
    """Camera, shape and pose to a mesh."""

    def __init__(self, data):
        self.data, self.smpl = data, SMPL(data.body, torch.float64)

    def __call__(self, camera, shape, pose):
        a1, a2 = pose.view(len(pose), -1, 3, 2).unbind(-1)
        b1 = F.normalize(a1, dim=-1)
        b2 = F.normalize(a2 - (b1 * a2).sum(-1, keepdim=True) * b1, dim=-1)
        rotations = torch.stack([b1, b2, torch.linalg.cross(b1, b2)], dim=-1)
        vertices, joints = self.smpl.to(pose.dtype)(rotations, shape)
        means = torch.tensor(self.data.means, dtype=pose.dtype) @ vertices
        every = torch.cat([joints, vertices[:, self.data.picked], means], dim=1)
        points = every[:, list(self.data.keypoints)]
        return {
            "camera": camera, "shape": shape, "pose": pose, "rotations": rotations,
            "vertices": vertices, "joints": joints, "keypoints_3d": points,
            "keypoints_2d": project(points, camera),
        }  # fmt: skip


def project(points, camera):
    """As published: a camera with a focal length of 5,000 pixels and an image of 224 pixels."""
    s, tx, ty = camera.unbind(1)
    points = points + torch.stack([tx, ty, 2 * 5000 / (224 * s + 1e-9)], dim=1)[:, None]
    return 5000 * points[..., :2] / points[..., 2:] / 112
