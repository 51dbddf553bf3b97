"""TFLite's operators, each as one or two nodes of ONNX.

A function takes the `npkpose.tflite.lower.Lowering`, an operator and the indices of its inputs, -1
for those that are left out at the end; it writes nodes. Filters are (O, H, W, I) for CONV_2D and
(1, H, W, C m) for DEPTHWISE_CONV_2D, matrices (O, I) for FULLY_CONNECTED. Fields of options have
the numbers of schema.fbs, TensorFlow Lite.
"""

import numpy as np

PADDING = {0: "SAME_UPPER", 1: "VALID"}
CHANNELS_FIRST = [0, 2, 3, 1]  # where an axis of (N, H, W, C) goes
FURTHEST = 2**31 - 1


def padding(op):
    """Return ONNX's auto_pad for the option of convolutions and pooling."""
    code = op.option(0, "b")
    if code not in PADDING:
        raise ValueError(f"{op.place}: expected padding SAME (0) or VALID (1), got {code}")
    return PADDING[code]


def axis_of(op, axis, rank):
    """Return an axis where the value has it, channels first if it has four."""
    if not -rank <= axis < rank:
        raise ValueError(f"{op.place}: expected an axis of {rank}, got {axis}")
    return CHANNELS_FIRST[axis] if rank == 4 else axis % rank


def conv_2d(g, op, x, filters, bias):
    """CONV_2D: filters see all channels, or those of a group."""
    weight = g.weights(filters, 4).transpose(0, 3, 1, 2)
    _convolve(g, op, x, weight, bias, _channels(g, op, x) // max(weight.shape[1], 1), 3)


def depthwise_conv_2d(g, op, x, filters, bias):
    """DEPTHWISE_CONV_2D: each channel has m filters of its own."""
    weight = g.weights(filters, 4).transpose(3, 0, 1, 2)
    _convolve(g, op, x, weight, bias, _channels(g, op, x), 4)


def _channels(g, op, i):
    """Return the number of channels of an image."""
    if g.rank(i) != 4 or g.shape(i)[3] < 1:
        raise ValueError(f"{op.place}: expected (N, H, W, C), got {list(g.shape(i))}")
    return g.shape(i)[3]


def _convolve(g, op, x, weight, bias, group, field):
    """Write a convolution; its options from ``field`` on are activation and dilations."""
    dilations = [op.option(field + k, default=1) for k in (2, 1)]
    g.write(
        "Conv", [g.read(x), weight, *_bias(g, bias)], op.option(field, "b"), auto_pad=padding(op),
        group=group, strides=[op.option(2), op.option(1)], dilations=dilations,
    )  # fmt: skip


def _bias(g, i):
    return [] if i < 0 else [g.weights(i, 1)]


def pool_2d(kind):
    """Return the function of the largest, or the mean, of each window's pixels in the image."""
    return lambda g, op, x: g.write(
        kind, [g.read(x, 4)], op.option(5, "b"), auto_pad=padding(op),
        kernel_shape=[op.option(4), op.option(3)], strides=[op.option(2), op.option(1)],
    )  # fmt: skip


def fully_connected(g, op, x, weight, bias):
    """FULLY_CONNECTED: a matrix product over all that is in an image."""
    weight, (out,) = g.weights(weight, 2), op.outputs[:1] or [-1]
    rows = g.part("Reshape", x, [-1, weight.shape[1]])
    inputs = [rows, weight, *_bias(g, bias)]
    if out < 0 or g.rank(out) != 2:
        raise ValueError(f"{op.place}: expected a matrix as output")
    g.write("Gemm", inputs, op.option(0, "b"), transB=1)


def binary(kind):
    """Return the function of an operator on pairs of numbers, broadcast."""

    def write(g, op, a, b):
        rank = max(g.rank(a), g.rank(b))
        g.write(kind, [g.read(a, rank), g.read(b, rank)], op.option(0, "b"))

    return write


def unary(kind, *limits):
    """Return the function of an operator on each number alone."""
    return lambda g, op, x: g.write(kind, [g.read(x), *map(np.float32, limits)])


def prelu(g, op, x, slope):
    """PRELU: x, or slope x below zero."""
    g.write("PRelu", [g.read(x), g.read(slope, g.rank(x))])


def pad(g, op, x, paddings):
    """PAD: zeros around each axis; paddings are rows (before, after)."""
    rank, widths = g.rank(x), g.integers(paddings)
    if len(widths) != 2 * rank:
        raise ValueError(f"{op.place}: expected {2 * rank} paddings, got {len(widths)}")
    pads = [0] * (2 * rank)
    for k, width in enumerate(widths):
        pads[axis_of(op, k // 2, rank) + rank * (k % 2)] = width
    g.write("Pad", [g.read(x), pads])


def mean(g, op, x, axes):
    """MEAN: over some axes, which are kept with length 1 or go."""
    axes, kept = g.integers(axes), op.option(0, "?")
    if kept:
        axes = [axis_of(op, axis, g.rank(x)) for axis in axes]
    source = g.read(x) if kept else g.read_last(x)
    g.write("ReduceMean", [source, axes], in_order=not kept, keepdims=int(kept))


def reshape(g, op, x, shape):
    """RESHAPE: to a shape from an input or an option; a first length that stays may be any."""
    options = op.options.integers(0) if op.options else []
    shape = g.integers(shape) if shape >= 0 else options
    if shape and g.shape(x)[:1] == (shape[0],):
        shape = [0, *shape[1:]]  # of any number of images
    g.write("Reshape", [g.read_last(x), np.array(shape, np.int64)], in_order=True)


def concatenation(g, op, *inputs):
    """CONCATENATION: along an axis."""
    inputs = inputs[: len(op.inputs)]
    rank = max((g.rank(i) for i in inputs), default=0)
    axis = axis_of(op, op.option(0), rank)
    g.write("Concat", [g.read(i, rank) for i in inputs], op.option(1, "b"), axis=axis)


def resize_bilinear(g, op, x, size):
    """RESIZE_BILINEAR: to (H, W), linear between pixels."""
    corners, centres = op.option(2, "?"), op.option(3, "?")
    mode = "align_corners" if corners else "half_pixel" if centres else "asymmetric"
    g.write(
        "Resize", [g.read(x, 4), "", "", g.integers(size)], axes=[2, 3], mode="linear",
        coordinate_transformation_mode=mode,
    )  # fmt: skip


def depth_to_space(g, op, x):
    """DEPTH_TO_SPACE: blocks of channels become blocks of pixels."""
    g.write("DepthToSpace", [g.read(x, 4)], blocksize=op.option(0))


def dequantize(g, op, x):
    """DEQUANTIZE: float16 becomes float32."""
    found, kind = g.constant(x), g.file.tensors[x].kind
    if "float16" not in (kind, str(getattr(found, "dtype", ""))) or len(op.outputs) != 1:
        raise ValueError(f"{op.place}: expected float16, got {kind}")
    if found is None:
        g.write("Identity", [g.read(x)])
    else:
        g.known[op.outputs[0]] = found


def densify(g, op, x):
    """DENSIFY: sparse weights become whole."""
    tensor = g.file.tensors[x]
    if tensor.sparsity is None or tensor.span is None or len(op.outputs) != 1:
        raise ValueError(f"{op.place}: expected sparse weights")
    g.known[op.outputs[0]] = g.file.dense(tensor)


def strided_slice(g, op, x, *bounds):
    """STRIDED_SLICE: x[begin:end:step] of each axis; masks leave out a begin, an end or an axis."""
    begins, ends, steps = (g.integers(i) for i in bounds)
    begin_mask, end_mask, ellipsis, new, shrink = (op.option(k) for k in range(5))
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
    bounds = begins, ends, range(len(steps)), steps
    if gone:
        g.write("Squeeze", [g.part("Slice", x, *bounds), gone], in_order=True)
    else:
        g.write("Slice", [g.read_last(x), *bounds], in_order=True)


# {operator: (function, its least and largest number of inputs)}
OPERATORS = {
    "CONV_2D": (conv_2d, 2, 3), "DEPTHWISE_CONV_2D": (depthwise_conv_2d, 2, 3), "PAD": (pad, 2, 2),
    "PRELU": (prelu, 2, 2), "MAX_POOL_2D": (pool_2d("MaxPool"), 1, 1),
    "AVERAGE_POOL_2D": (pool_2d("AveragePool"), 1, 1), "MEAN": (mean, 2, 2),
    "RESHAPE": (reshape, 1, 2), "CONCATENATION": (concatenation, 1, 64),
    "RESIZE_BILINEAR": (resize_bilinear, 2, 2), "DEPTH_TO_SPACE": (depth_to_space, 1, 1),
    "FULLY_CONNECTED": (fully_connected, 2, 3), "DEQUANTIZE": (dequantize, 1, 1),
    "DENSIFY": (densify, 1, 1), "STRIDED_SLICE": (strided_slice, 4, 4),
    "ADD": (binary("Add"), 2, 2), "SUB": (binary("Sub"), 2, 2), "MUL": (binary("Mul"), 2, 2),
    "DIV": (binary("Div"), 2, 2), "MAXIMUM": (binary("Max"), 2, 2),
    "MINIMUM": (binary("Min"), 2, 2), "RELU": (unary("Relu"), 1, 1),
    "RELU6": (unary("Clip", 0, 6), 1, 1), "LOGISTIC": (unary("Sigmoid"), 1, 1),
    "HARD_SWISH": (unary("HardSwish"), 1, 1), "TANH": (unary("Tanh"), 1, 1),
    "ABS": (unary("Abs"), 1, 1), "EXP": (unary("Exp"), 1, 1), "NEG": (unary("Neg"), 1, 1),
    "SQRT": (unary("Sqrt"), 1, 1),
}  # fmt: skip
