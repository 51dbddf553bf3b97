"""TFLite's operators, each as one or two nodes of ONNX.

A function takes the `npkpose.tflite.lower.Lowering` and an operator, and writes nodes. Filters are
(O, H, W, I) for CONV_2D and (1, H, W, C m) for DEPTHWISE_CONV_2D, matrices (O, I) for
FULLY_CONNECTED. Fields of options have the numbers of schema.fbs, TensorFlow Lite.
"""

import numpy as np

from npkpose._check import shown

PADDING = {0: "SAME_UPPER", 1: "VALID"}
CHANNELS_FIRST = [0, 2, 3, 1]  # where an axis of (N, H, W, C) goes
FURTHEST = 2**31 - 1


def option(op, field, kind="i", default=0):
    """Return a number of the options."""
    return default if op.options is None else op.options.number(field, kind, default)


def tensors(op, least, most):
    """Return the operator's inputs; -1 for those that are left out at the end."""
    given = len(op.inputs)
    if not least <= given <= most or -1 in op.inputs[:least]:
        raise ValueError(f"{op.place}: expected {least} to {most} inputs, got {shown(op.inputs)}")
    return [*op.inputs, *[-1] * (most - given)]


def padding(op):
    """Return ONNX's auto_pad for the option of convolutions and pooling."""
    code = option(op, 0, "b")
    if code not in PADDING:
        raise ValueError(f"{op.place}: expected padding SAME (0) or VALID (1), got {code}")
    return PADDING[code]


def axis_of(op, axis, rank):
    """Return an axis where the value has it, channels first if it has four."""
    if not -rank <= axis < rank:
        raise ValueError(f"{op.place}: expected an axis of {rank}, got {axis}")
    return CHANNELS_FIRST[axis] if rank == 4 else axis % rank


def channels(g, op, i):
    """Return the number of channels of an image."""
    if g.rank(i) != 4 or g.shape(i)[3] < 1:
        raise ValueError(f"{op.place}: expected (N, H, W, C), got {list(g.shape(i))}")
    return g.shape(i)[3]


def conv_2d(g, op):
    """CONV_2D: filters see all channels, or those of a group."""
    x, w, bias = tensors(op, 2, 3)
    weight = g.weights(w, 4).transpose(0, 3, 1, 2)
    _convolve(g, op, x, weight, bias, channels(g, op, x) // max(weight.shape[1], 1), 3)


def depthwise_conv_2d(g, op):
    """DEPTHWISE_CONV_2D: each channel has m filters of its own."""
    x, w, bias = tensors(op, 2, 3)
    _convolve(g, op, x, g.weights(w, 4).transpose(3, 0, 1, 2), bias, channels(g, op, x), 4)


def _convolve(g, op, x, weight, bias, group, field):
    """Write a convolution; its options from ``field`` on are activation and dilations."""
    inputs = [g.read(x), g.keep(weight)]
    if bias >= 0:
        inputs.append(g.keep(g.weights(bias, 1)))
    dilations = [option(op, field + k, default=1) for k in (2, 1)]
    g.write(
        "Conv", inputs, option(op, field, "b"), auto_pad=padding(op), group=group,
        strides=[option(op, 2), option(op, 1)], dilations=dilations,
    )  # fmt: skip


def pool_2d(kind):
    """Return the function of the largest, or the mean, of each window's pixels in the image."""

    def write(g, op):
        (x,) = tensors(op, 1, 1)
        g.write(
            kind, [g.read(x, 4)], option(op, 5, "b"), auto_pad=padding(op),
            kernel_shape=[option(op, 4), option(op, 3)], strides=[option(op, 2), option(op, 1)],
        )  # fmt: skip

    return write


def fully_connected(g, op):
    """FULLY_CONNECTED: a matrix product over all that is in an image."""
    x, w, bias = tensors(op, 2, 3)
    weight, (out,) = g.weights(w, 2), op.outputs[:1] or [-1]
    rows = g.part("Reshape", x, g.keep(np.array([-1, weight.shape[1]])))
    inputs = [rows, g.keep(weight)] + ([g.keep(g.weights(bias, 1))] if bias >= 0 else [])
    if out < 0 or g.rank(out) != 2:
        raise ValueError(f"{op.place}: expected a matrix as output")
    g.write("Gemm", inputs, option(op, 0, "b"), transB=1)


def binary(kind):
    """Return the function of an operator on pairs of numbers, broadcast."""

    def write(g, op):
        a, b = tensors(op, 2, 2)
        rank = max(g.rank(a), g.rank(b))
        g.write(kind, [g.read(a, rank), g.read(b, rank)], option(op, 0, "b"))

    return write


def prelu(g, op):
    """PRELU: x, or slope x below zero."""
    x, slope = tensors(op, 2, 2)
    g.write("PRelu", [g.read(x), g.read(slope, g.rank(x))])


def unary(kind, *limits):
    """Return the function of an operator on each number alone."""

    def write(g, op):
        g.write(kind, [g.read(*tensors(op, 1, 1)), *(g.keep(np.float32(n)) for n in limits)])

    return write


def pad(g, op):
    """PAD: zeros around each axis; paddings are rows (before, after)."""
    x, widths = tensors(op, 2, 2)
    rank, widths = g.rank(x), g.integers(widths)
    if len(widths) != 2 * rank:
        raise ValueError(f"{op.place}: expected {2 * rank} paddings, got {len(widths)}")
    pads = [0] * (2 * rank)
    for k, width in enumerate(widths):
        pads[axis_of(op, k // 2, rank) + rank * (k % 2)] = width
    g.write("Pad", [g.read(x), g.keep(np.array(pads))])


def mean(g, op):
    """MEAN: over some axes, which are kept with length 1 or go."""
    x, axes = tensors(op, 2, 2)
    axes, kept = g.integers(axes), option(op, 0, "?")
    if kept:
        axes = [axis_of(op, axis, g.rank(x)) for axis in axes]
    source = g.read(x) if kept else g.read_last(x)
    g.write("ReduceMean", [source, g.keep(np.array(axes))], in_order=not kept, keepdims=int(kept))


def reshape(g, op):
    """RESHAPE: to a shape from an input or an option; a first length that stays may be any."""
    x, wanted = tensors(op, 1, 2)
    if wanted >= 0:
        shape = g.integers(wanted)
    else:
        shape = op.options.integers(0) if op.options else []
    if shape and g.shape(x)[:1] == (shape[0],):
        shape = [0, *shape[1:]]  # of any number of images
    g.write("Reshape", [g.read_last(x), g.keep(np.array(shape, np.int64))], in_order=True)


def concatenation(g, op):
    """CONCATENATION: along an axis."""
    rank = max((g.rank(i) for i in tensors(op, 1, 64)[: len(op.inputs)]), default=0)
    axis = axis_of(op, option(op, 0), rank)
    g.write("Concat", [g.read(i, rank) for i in op.inputs], option(op, 1, "b"), axis=axis)


def resize_bilinear(g, op):
    """RESIZE_BILINEAR: to (H, W), linear between pixels."""
    x, size = tensors(op, 2, 2)
    corners, centres = option(op, 2, "?"), option(op, 3, "?")
    mode = "align_corners" if corners else "half_pixel" if centres else "asymmetric"
    sizes = g.keep(np.array(g.integers(size)))
    g.write(
        "Resize", [g.read(x, 4), "", "", sizes], axes=[2, 3], mode="linear",
        coordinate_transformation_mode=mode,
    )  # fmt: skip


def depth_to_space(g, op):
    """DEPTH_TO_SPACE: blocks of channels become blocks of pixels."""
    (x,) = tensors(op, 1, 1)
    g.write("DepthToSpace", [g.read(x, 4)], blocksize=option(op, 0))


def dequantize(g, op):
    """DEQUANTIZE: float16 becomes float32."""
    (x,) = tensors(op, 1, 1)
    found, kind = g.constant(x), g.file.tensors[x].kind
    if "float16" not in (kind, str(getattr(found, "dtype", ""))) or len(op.outputs) != 1:
        raise ValueError(f"{op.place}: expected float16, got {kind}")
    if found is None:
        g.write("Identity", [g.read(x)])
    else:
        g.known[op.outputs[0]] = found


def densify(g, op):
    """DENSIFY: sparse weights become whole."""
    (x,) = tensors(op, 1, 1)
    tensor = g.file.tensors[x]
    if tensor.sparsity is None or tensor.span is None or len(op.outputs) != 1:
        raise ValueError(f"{op.place}: expected sparse weights")
    g.known[op.outputs[0]] = g.file.dense(tensor)


def strided_slice(g, op):
    """STRIDED_SLICE: x[begin:end:step] of each axis; masks leave out a begin, an end or an axis."""
    x, *bounds = tensors(op, 4, 4)
    begins, ends, steps = (g.integers(i) for i in bounds)
    begin_mask, end_mask, ellipsis, new, shrink = (option(op, k) for k in range(5))
    if ellipsis or new or not len(begins) == len(ends) == len(steps):
        raise ValueError(f"{op.place}: expected begin, end and step of each axis")
    for k, step in enumerate(steps):
        if begin_mask >> k & 1:
            begins[k] = 0 if step > 0 else FURTHEST
        if end_mask >> k & 1:
            ends[k] = FURTHEST if step > 0 else -FURTHEST
        if shrink >> k & 1:
            ends[k] = begins[k] + 1 if begins[k] != -1 else FURTHEST
    gone = [k for k in range(len(steps)) if shrink >> k & 1]
    axes = np.arange(len(steps))
    inputs = [g.keep(np.array(each)) for each in (begins, ends, axes, steps)]
    if not gone:
        return g.write("Slice", [g.read_last(x), *inputs], in_order=True)
    sliced = g.part("Slice", x, *inputs)
    g.write("Squeeze", [sliced, g.keep(np.array(gone))], in_order=True)


OPERATORS = {
    "CONV_2D": conv_2d, "DEPTHWISE_CONV_2D": depthwise_conv_2d, "PAD": pad, "PRELU": prelu,
    "MAX_POOL_2D": pool_2d("MaxPool"), "AVERAGE_POOL_2D": pool_2d("AveragePool"), "MEAN": mean,
    "RESHAPE": reshape, "CONCATENATION": concatenation, "RESIZE_BILINEAR": resize_bilinear,
    "DEPTH_TO_SPACE": depth_to_space, "FULLY_CONNECTED": fully_connected, "DEQUANTIZE": dequantize,
    "DENSIFY": densify, "STRIDED_SLICE": strided_slice, "ADD": binary("Add"),
    "SUB": binary("Sub"), "MUL": binary("Mul"), "DIV": binary("Div"), "MAXIMUM": binary("Max"),
    "MINIMUM": binary("Min"), "RELU": unary("Relu"), "RELU6": unary("Clip", 0, 6),
    "LOGISTIC": unary("Sigmoid"), "HARD_SWISH": unary("HardSwish"), "TANH": unary("Tanh"),
    "ABS": unary("Abs"), "EXP": unary("Exp"), "NEG": unary("Neg"), "SQRT": unary("Sqrt"),
}  # fmt: skip
