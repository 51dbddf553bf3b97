"""Valid arguments of `npkpose.nn` and of functions that take layers.

A layer's are those of its constructor, and "x" for its forward.
"""

import inspect

import numpy as np

from npkpose import nn


def run(function, arguments):
    """Call a function, or build a layer and run it both ways on "x"."""
    if not (inspect.isclass(function) and issubclass(function, nn.Module)):
        return function(**arguments)
    arguments = dict(arguments)
    inputs = arguments.pop("x", ()), *([arguments.pop("points")] if "points" in arguments else [])
    return _both_ways(function(**arguments), inputs)


def _both_ways(layer, inputs):
    y = layer.forward(*inputs)
    dx = layer.backward(np.ones_like(y))
    return y, dx, dict(layer.named_gradients()), layer.state_dict()


def _sequential(function, arguments):
    layers = arguments["layers"]
    layers = layers if isinstance(layers, list) else [layers]
    return _both_ways(function(*layers), [arguments["x"]])


def _stepped(function, arguments):
    """An optimizer, after one step."""
    optimizer = function(**arguments)
    module = arguments["module"]
    module.backward(np.ones_like(module(np.ones((2, 3)))))
    optimizer.step()
    return module.params


def _entered(function, arguments):
    with function(**arguments):
        return None


WRAPPERS = {
    "Sequential": _sequential, "SGD": _stepped, "Adam": _stepped, "Muon": _stepped,
    "no_input_gradient": _entered,
}  # fmt: skip


def _linear(d):
    return nn.Linear(3, 2, rng=d.generator())


def _images(d, channels, low=3, high=6):
    return d.array((d.size(1, 2), channels, d.size(low, high), d.size(low, high)))


def _conv(d, **more):
    groups = d.choice(1, 2)
    window = {"kernel_size": d.size(1, 3), "stride": d.size(1, 2), "padding": d.size(0, 1)}
    channels = {"in_channels": 2, "out_channels": 4, "groups": groups, "dilation": 1}
    return {**channels, **window, "bias": d.chance(), "rng": d.generator(), **more}


def _unfold(d):
    window = {"kernel_size": d.size(1, 3), "dilation": 1, "padding": d.size(0, 1), "stride": 1}
    return {"x": _images(d, 2), **window, "fill": 0.0}


def _fold(d):
    k = d.size(1, 3)
    columns = d.array((1, 2 * k * k, (5 - k + 1) ** 2))
    return {"columns": columns, "output_size": 5, "kernel_size": k, "dilation": 1, "padding": 0,
            "stride": 1}  # fmt: skip


def _upsample(d):
    by = d.choice({"size": (5, 7)}, {"scale_factor": 2}, {"scale_factor": (1.5, 2)})
    return {**by, "mode": d.choice("nearest", "bilinear"), "x": _images(d, 2)}


def _loss(d):
    shape = d.choice((2, 3), (1, 2, 3, 3))
    weight = d.choice(None, d.array(shape, 0, 1))
    return {"prediction": d.array(shape), "target": d.array(shape), "weight": weight}


def _module(d, **more):
    return {"module": _linear(d), "lr": d.number(0.0625, 1), **more}


def _schedule(d, **more):
    return {"optimizer": nn.SGD(_linear(d), 0.5), **more}


def _sequential_lr(d):
    optimizer = nn.SGD(_linear(d), 0.5)
    parts = [nn.LinearLR(optimizer, 0.5, 1.0, d.size()), nn.CosineAnnealingLR(optimizer, d.size())]
    return {"optimizer": optimizer, "schedulers": parts, "milestones": [d.size()]}


def _branches(d):
    return {"layers": [nn.ReLU(), nn.GELU()], "inputs": [d.array((2, 3)), d.array((2, 3))]}


def _backward_branches(d):
    layers = [nn.ReLU(), nn.GELU()]
    nn.run_branches(layers, [d.array((2, 3)), d.array((2, 3))])
    return {"layers": layers, "dys": [d.array((2, 3)), d.array((2, 3))]}


def _mean_of_gradients(d):
    layer = _linear(d)
    layer.backward(np.ones_like(layer(d.array((2, 3)))))
    return {"module": layer, "max_norm": d.number()}


CALLS = {
    "Adam": lambda d: _module(d, betas=(0.5, 0.75), eps=0.0625, weight_decay=d.number(0, 1)),
    "BatchNorm2d": lambda d: {
        "num_features": 2, "eps": 0.0625, "momentum": d.choice(0.5, 0.25),
        "affine": d.chance(), "track_running_stats": d.chance(), "x": _images(d, 2),
    },
    "Conv1d": lambda d: _conv(d, x=d.array((d.size(1, 2), 2, d.size(3, 6)))),
    "Conv2d": lambda d: _conv(d, x=_images(d, 2)),
    "ConvTranspose2d": lambda d: _conv(d, padding=0, output_padding=0, x=_images(d, 2)),
    "CosineAnnealingLR": lambda d: _schedule(d, T_max=d.size(), eta_min=d.number(0, 1)),
    "DropPath": lambda d: {"p": d.number(0, 0.9), "rng": d.generator(), "x": d.array((3, 4))},
    "Dropout": lambda d: {"p": d.number(0, 0.9), "rng": d.generator(), "x": d.array((3, 4))},
    "ELU": lambda d: {"alpha": d.number(), "x": d.array((3, 4))},
    "GELU": lambda d: {"x": d.array((3, 4))},
    "GridSample": lambda d: {"x": d.array((2, 3, 4, 5)), "points": d.array((2, 3, 2), 0, 4)},
    "LayerNorm": lambda d: {
        "normalized_shape": d.choice(4, (3, 4)), "eps": 0.0625, "elementwise_affine": d.chance(),
        "x": d.array((2, 3, 4)),
    },
    "LeakyReLU": lambda d: {"negative_slope": d.number(0, 1), "x": d.array((3, 4))},
    "Linear": lambda d: {
        "in_features": 4, "out_features": d.size(), "bias": d.chance(), "rng": d.generator(),
        "x": d.array((*d.choice((), (2,)), 3, 4)),
    },
    "LinearLR": lambda d: _schedule(d, start_factor=0.5, end_factor=1.0, total_iters=d.size()),
    "MaxPool2d": lambda d: {
        "kernel_size": d.choice(2, (2, 3)), "stride": d.choice(None, 1), "padding": d.choice(0, 1),
        "x": _images(d, 2),
    },
    "Mlp": lambda d: {
        "dim": 4, "hidden_dim": d.size(), "rng": d.generator(), "x": d.array((2, 3, 4)),
    },
    "MultiHeadAttention": lambda d: {
        "dim": 4, "num_heads": d.choice(1, 2), "qkv_bias": d.chance(), "rng": d.generator(),
        "x": d.array((2, 3, 4)),
    },
    "MultiStepLR": lambda d: _schedule(d, milestones=[1, 3], gamma=d.number()),
    "Muon": lambda d: _module(d, momentum=0.5, betas=(0.5, 0.75), eps=0.0625, weight_decay=0.0),
    "PReLU": lambda d: {"num_parameters": d.choice(1, 2), "init": d.number(), "x": _images(d, 2)},
    "ReLU": lambda d: {"x": d.array((3, 4))},
    "ReLU6": lambda d: {"x": d.array((3, 4))},
    "SGD": lambda d: _module(d, momentum=0.5, weight_decay=d.number(0, 1), nesterov=d.chance()),
    "Sequential": lambda d: {"layers": [_linear(d), nn.ReLU()], "x": d.array((2, 3))},
    "SequentialLR": _sequential_lr,
    "Softmax": lambda d: {"dim": d.choice(-1, 0, 1), "x": d.array((3, 4))},
    "Upsample": _upsample,
    "ZeroPad2d": lambda d: {"padding": d.choice(1, (0, 1, 2, 0)), "x": _images(d, 2)},
    "backward_branches": _backward_branches,
    "check_layer": lambda d: {"layer": nn.GELU(), "x": d.array((2, 3)), "rng": d.generator()},
    "clip_gradients": _mean_of_gradients,
    "cross_entropy_loss": lambda d: {
        "scores": d.array((2, 3, 4)), "classes": d.integers((2, 4), -1, 2),
    },
    "current_engine": lambda d: {},
    "focal_loss": lambda d: {
        "scores": d.array((2, 3)), "target": d.array((2, 3), 0, 1),
        "weight": d.choice(None, d.array((2, 3), 0, 1)), "alpha": d.number(1, 3),
        "beta": d.number(0, 4),
    },
    "fold": _fold,
    "freeze_statistics": lambda d: {"module": nn.BatchNorm2d(2), "frozen": d.chance()},
    "kaiming_normal": lambda d: {
        "shape": (d.size(), 3), "fan_in": d.size(), "rng": d.generator(),
    },
    "mse_loss": _loss,
    "no_input_gradient": lambda d: {"network": nn.Sequential(_linear(d))},
    "run_branches": _branches,
    "smooth_l1_loss": _loss,
    "unfold": _unfold,
}  # fmt: skip
