"""Load a lifting network; names and shapes of a file's arrays say which network it is.

    VideoPose3D      widths, channels and joints from its convolutions; "dense" if each kernel is
                     as wide as the span of the dilated one
    MHFormer         frames, joints and widths from its position tables and mlp layers
    simple baseline  joints, features and stages from its linear maps

mmpose's files have names of their own, which are translated first (`weights.names`). Only one
setting is not in the weights: whether a VideoPose3D is causal.
"""

from npkpose import weights
from npkpose.models.lifting.mhformer import MHFormer
from npkpose.models.lifting.simple_baseline_3d import Simple3D
from npkpose.models.lifting.videopose3d import VideoPose3D
from npkpose.weights.names import (
    is_tcn,
    is_tcn_of_one_frame,
    rename_tcn,
    rename_tcn_of_one_frame,
)


def load_lifter(path, causal=False):
    """Return the network of a weight file in evaluation mode; it has the method ``lift``.

    Parameters
    ----------
    path : path_like
        In a format of `npkpose.weights.load`, with the published names.
    causal : bool
        Whether a VideoPose3D is causal.

    Raises
    ------
    ValueError
        None of these networks, or arrays that do not fit together; the message names the file.
    """
    state = _rename(weights.load(path))
    for mark, build in _BUILDERS.items():
        prefix = next((name[: -len(mark)] for name in state if name.endswith(mark)), None)
        if prefix is not None:
            shapes = {name.removeprefix(prefix): array.shape for name, array in state.items()}
            return _load(path, state, lambda: build(shapes, causal))
    raise ValueError(
        f"{path}: expected weights of VideoPose3D, MHFormer or the simple baseline, "
        f"got {', '.join(list(state)[:3])} and so on"
    )


def _rename(state):
    """Return mmpose's weights under the names of the networks here; others as they are."""
    if is_tcn_of_one_frame(state):
        return rename_tcn_of_one_frame(state)
    return rename_tcn(state) if is_tcn(state) else state


def _load(path, state, build):
    """Return the network of ``build()`` with the weights ``state``; errors name the file."""
    try:
        model = build()
        model.load_state_dict(state)
    except KeyError as error:
        raise ValueError(f"{path}: expected an array {error.args[0]}, got none") from None
    except (ValueError, IndexError) as error:
        raise ValueError(f"{path}: {error}") from None
    return model.eval()


def _videopose3d(shapes, causal):
    channels, inputs, width = shapes["expand_conv.weight"]
    widths = [width, *_numbered(shapes, "layers_conv.{}.weight", 2, axis=2)]
    dense = [(width - 1) * width**i + 1 for i in range(len(widths))]
    form = "dense" if len(widths) > 1 and widths == dense != [1] * len(widths) else "dilated"
    if form == "dense":
        widths = [width] * len(widths)
    for i, _ in enumerate(widths[1:]):
        _expect(shapes, f"layers_conv.{2 * i}.weight", (channels, channels))
    joints = inputs // 2, shapes["shrink.weight"][0] // 3
    return VideoPose3D(widths, channels, joints, form, causal)


def _mhformer(shapes, _):
    _, frames, channels = shapes["Transformer_hypothesis.pos_embed_1"]
    joints = shapes["Transformer_encoder_1.pos_embed"][1] // 2
    inner = shapes["Transformer_hypothesis.CHI_blocks.0.mlp.fc1.weight"][0]
    refine = _numbered(shapes, "Transformer_hypothesis.SHR_blocks.{}.mlp.fc1.weight", 1, axis=0)
    _expect(shapes, "Transformer_hypothesis.CHI_blocks.0.attn_1.linear_q.weight", (channels,) * 2)
    _expect(shapes, "Transformer_encoder_1.blocks.0.attn.proj.weight", (frames, frames))
    depth = len(_numbered(shapes, "Transformer_encoder_1.blocks.{}.mlp.fc1.weight", 1, axis=0))
    return MHFormer(frames, joints, len(refine) + 1, (channels, inner), depth=depth)


def _simple3d(shapes, _):
    features, inputs = shapes["w1.weight"]
    _expect(shapes, "linear_stages.0.w1.weight", (features, features))
    stages = _numbered(shapes, "linear_stages.{}.w1.weight", 1, axis=0)
    return Simple3D((inputs // 2, shapes["w2.weight"][0] // 3), features, len(stages))


def _numbered(shapes, name, step, axis):
    """Return the length of ``axis`` of each array 0, ``step``, 2 ``step``, ... that exists."""
    lengths = []
    while (key := name.format(step * len(lengths))) in shapes:
        lengths.append(shapes[key][axis])
    return lengths


def _expect(shapes, name, shape):
    """Raise ValueError unless the array's shape begins with ``shape``.

    So a small file cannot ask for a large network.
    """
    if shapes[name][: len(shape)] != shape:
        raise ValueError(f"{name}: expected a shape that begins with {shape}, got {shapes[name]}")


_BUILDERS = {
    "expand_conv.weight": _videopose3d,
    "Transformer_hypothesis.pos_embed_1": _mhformer,
    "linear_stages.0.w1.weight": _simple3d,
}
