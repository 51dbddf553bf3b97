"""A .tflite file: its tensors and operators, as the file has them.

The tables of TensorFlow Lite's schema.fbs (version 3) that are read, with their fields' numbers:

    Model           0 version, 1 operator_codes, 2 subgraphs, 3 description, 4 buffers
    OperatorCode    0 and 3 builtin_code (the larger one), 1 custom_code
    SubGraph        0 tensors, 1 inputs, 2 outputs, 3 operators
    Tensor          0 shape, 1 type, 2 buffer, 3 name, 6 sparsity, 7 shape_signature
    Operator        0 opcode_index, 1 inputs, 2 outputs, 4 builtin_options
    Buffer          0 data

A tensor with a buffer of its own is constant. Input -1 of an operator is one that is left out.
"""

import math
from dataclasses import dataclass

import numpy as np

from npkpose._check import plain, shown
from npkpose.tflite import sparse
from npkpose.tflite.flatbuffer import FlatBuffer
from npkpose.weights.files import read_numbers

IDENTIFIER = b"TFL3"  # at byte 4
MAX_RATIO = 64  # bytes of all constants in float32 for each byte of the file
KINDS = """float32 float16 int32 uint8 int64 string bool int16 complex64 int8 float64 complex128
uint64 resource variant uint32 uint16 int4 bfloat16""".split()
READ = {"float32", "float16", "int32", "uint8", "int64", "bool", "int8"}  # as constants
CUSTOM = 32
# The builtin operators by number, from 0.
BUILTIN = """ADD AVERAGE_POOL_2D CONCATENATION CONV_2D DEPTHWISE_CONV_2D DEPTH_TO_SPACE DEQUANTIZE
EMBEDDING_LOOKUP FLOOR FULLY_CONNECTED HASHTABLE_LOOKUP L2_NORMALIZATION L2_POOL_2D
LOCAL_RESPONSE_NORMALIZATION LOGISTIC LSH_PROJECTION LSTM MAX_POOL_2D MUL RELU RELU_N1_TO_1 RELU6
RESHAPE RESIZE_BILINEAR RNN SOFTMAX SPACE_TO_DEPTH SVDF TANH CONCAT_EMBEDDINGS SKIP_GRAM CALL CUSTOM
EMBEDDING_LOOKUP_SPARSE PAD UNIDIRECTIONAL_SEQUENCE_RNN GATHER BATCH_TO_SPACE_ND SPACE_TO_BATCH_ND
TRANSPOSE MEAN SUB DIV SQUEEZE UNIDIRECTIONAL_SEQUENCE_LSTM STRIDED_SLICE BIDIRECTIONAL_SEQUENCE_RNN
EXP TOPK_V2 SPLIT LOG_SOFTMAX DELEGATE BIDIRECTIONAL_SEQUENCE_LSTM CAST PRELU MAXIMUM ARG_MAX
MINIMUM LESS NEG PADV2 GREATER GREATER_EQUAL LESS_EQUAL SELECT SLICE SIN TRANSPOSE_CONV
SPARSE_TO_DENSE TILE EXPAND_DIMS EQUAL NOT_EQUAL LOG SUM SQRT RSQRT SHAPE POW ARG_MIN FAKE_QUANT
REDUCE_PROD REDUCE_MAX PACK LOGICAL_OR ONE_HOT LOGICAL_AND LOGICAL_NOT UNPACK REDUCE_MIN FLOOR_DIV
REDUCE_ANY SQUARE ZEROS_LIKE FILL FLOOR_MOD RANGE RESIZE_NEAREST_NEIGHBOR LEAKY_RELU
SQUARED_DIFFERENCE MIRROR_PAD ABS SPLIT_V UNIQUE CEIL REVERSE_V2 ADD_N GATHER_ND COS WHERE RANK ELU
REVERSE_SEQUENCE MATRIX_DIAG QUANTIZE MATRIX_SET_DIAG ROUND HARD_SWISH IF WHILE
NON_MAX_SUPPRESSION_V4 NON_MAX_SUPPRESSION_V5 SCATTER_ND SELECT_V2 DENSIFY""".split()


@dataclass
class Tensor:
    """``shape`` is the declared one; ``span`` (start, end) of its numbers, None if computed."""

    name: str
    kind: str
    shape: tuple
    span: tuple | None
    sparsity: object
    place: str


@dataclass
class Operator:
    """A builtin operator by name, the indices of its tensors, and the table of its options."""

    name: str
    inputs: list
    outputs: list
    options: object
    place: str

    def option(self, field, kind="i", default=0):
        """Return a number of the options."""
        return default if self.options is None else self.options.number(field, kind, default)

    def given(self, least, most):
        """Return the inputs; -1 for those that are left out at the end."""
        given = len(self.inputs)
        if not least <= given <= most or -1 in self.inputs[:least]:
            got = shown(self.inputs)
            raise ValueError(f"{self.place}: expected {least} to {most} inputs, got {got}")
        return [*self.inputs, *[-1] * (most - given)]


class File:
    """``tensors``, ``operators``, the indices of ``inputs`` and ``outputs``, ``description``."""

    def __init__(self, data):
        if bytes(data[4:8]) != IDENTIFIER:
            raise ValueError(f"byte 4: expected {IDENTIFIER} of a TFLite file")
        self.data, self.bytes = data, 0
        root = FlatBuffer(data).root()
        self.version, self.description = root.number(0, "I"), plain(root.text(3))
        graphs = root.tables(2)
        if self.version != 3 or len(graphs) != 1:
            raise ValueError(
                f"byte {root.at}: expected version 3 and one subgraph, got version {self.version} "
                f"and {len(graphs)}"
            )
        codes = [_operator_name(table) for table in root.tables(1)]
        buffers = [table.span(0) for table in root.tables(4)]
        self.tensors = [_tensor(t, i, buffers) for i, t in enumerate(graphs[0].tables(0))]
        self.operators = [self.operator(t, i, codes) for i, t in enumerate(graphs[0].tables(3))]
        self.inputs, self.outputs = (
            self.indices(graphs[0], field, 0, f"subgraph at byte {graphs[0].at}")
            for field in (1, 2)
        )

    def operator(self, table, index, codes):
        """Return the `Operator` of a table."""
        place, code = f"operator {index} at byte {table.at}", table.number(0, "I")
        if code >= len(codes):
            raise ValueError(f"{place}: expected one of {len(codes)} kinds, got number {code}")
        inputs = self.indices(table, 1, -1, f"{place}, inputs")
        outputs = self.indices(table, 2, 0, f"{place}, outputs")
        return Operator(codes[code], inputs, outputs, table.table(4), place)

    def indices(self, table, field, least, place):
        """Return a vector of indices of tensors."""
        found = table.integers(field)
        for index in found:
            if not least <= index < len(self.tensors):
                raise ValueError(
                    f"{place}: expected indices of {len(self.tensors)} tensors, got {index}"
                )
        return found

    def numbers(self, tensor):
        """Return the array of a constant; a sparse one is as in the file, (n,)."""
        if tensor.kind not in READ:
            raise ValueError(f"{tensor.place}: expected numbers, got {tensor.kind}")
        dtype = np.dtype(tensor.kind).newbyteorder("<")
        got, wanted = tensor.span[1] - tensor.span[0], math.prod(tensor.shape) * dtype.itemsize
        if got % dtype.itemsize if tensor.sparsity else got != wanted:
            raise ValueError(
                f"{tensor.place}: expected {wanted} bytes for {tensor.kind} of shape "
                f"{list(tensor.shape)}, got {got}"
            )
        found = read_numbers(self.data, tensor.span, dtype)
        return found if tensor.sparsity else found.reshape(tensor.shape)

    def dense(self, tensor):
        """Return the whole array of a sparse constant."""
        self.count(tensor, math.prod(tensor.shape))
        return sparse.fill(self.numbers(tensor), tensor.sparsity, tensor.shape, tensor.place)

    def count(self, tensor, numbers):
        """Raise ValueError if constants take more than a file of its size may have."""
        self.bytes += 4 * numbers
        if self.bytes > MAX_RATIO * len(self.data):
            raise ValueError(f"{tensor.place}: expected smaller constants in all, got {self.bytes}")


def _operator_name(table):
    code = max(table.number(0, "b"), table.number(3, "i"))
    if code == CUSTOM:
        return f"CUSTOM {plain(table.text(1))}"
    return BUILTIN[code] if 0 <= code < len(BUILTIN) else f"builtin operator {code}"


def _tensor(table, index, buffers):
    name, shape, buffer = table.text(3), table.integers(0), table.number(2, "I")
    kind = table.number(1, "b")
    place = f"tensor {index} {plain(name)!r} at byte {table.at}"
    if buffer >= len(buffers):
        raise ValueError(f"{place}: expected one of {len(buffers)} buffers, got {buffer}")
    if min(shape, default=0) < 0 or len(shape) > 8:
        raise ValueError(f"{place}: expected at most 8 lengths of at least 0, got {shape}")
    kind = KINDS[kind] if 0 <= kind < len(KINDS) else f"type {kind}"
    return Tensor(name, kind, tuple(shape), buffers[buffer], table.table(6), place)
