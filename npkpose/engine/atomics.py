"""Instructions that Numba has no name for: atomic ones, a pause, and a call by address.

They are those of LLVM (https://llvm.org/docs/LangRef.html#atomic-memory-ordering-constraints), all
sequentially consistent. ``state`` is an array of int64.
"""

import os
import platform

from npkpose._numba import cgutils, from_dtype, intrinsic, ir, types

_INDEX = types.intp


def _on_number(result, count, generate):
    """Return an intrinsic of (state, i, ...) that gets the address of ``state[i]``."""

    def pointer(context, builder, signature, arguments):
        data = context.make_array(signature.args[0])(context, builder, arguments[0]).data
        return builder.gep(data, [arguments[1]])

    def code(context, builder, signature, arguments):
        return generate(builder, pointer(context, builder, signature, arguments), *arguments[2:])

    return lambda state: (result(state, _INDEX, *[types.int64] * count), code)


@intrinsic
def load(_, state, i):
    """Return ``state[i]``, read now."""
    return _on_number(types.int64, 0, lambda b, at: b.load_atomic(at, "seq_cst", 8))(state)


@intrinsic
def fetch_add(_, state, i, value):
    """Add to ``state[i]``; return what it was before."""
    add = _on_number(types.int64, 1, lambda b, at, value: b.atomic_rmw("add", at, value, "seq_cst"))
    return add(state)


@intrinsic
def exchange(_, state, i, value):
    """Set ``state[i]``; return what it was before."""
    put = _on_number(
        types.int64, 1, lambda b, at, value: b.atomic_rmw("xchg", at, value, "seq_cst")
    )
    return put(state)


@intrinsic
def compare_exchange(_, state, i, expected, value):
    """Set ``state[i]`` if it is ``expected``; return whether it was."""

    def generate(b, at, expected, value):
        return b.extract_value(b.cmpxchg(at, expected, value, "seq_cst", "seq_cst"), 1)

    return _on_number(types.boolean, 2, generate)(state)


@intrinsic
def pause(_):
    """Tell the processor that this is a loop that waits."""

    def code(context, builder, signature, arguments):
        void, i32 = ir.VoidType(), ir.IntType(32)
        machine, function, arguments = platform.machine().lower(), None, []
        if machine in ("x86_64", "amd64", "i686"):
            function = "llvm.x86.sse2.pause", ir.FunctionType(void, [])
        elif machine in ("aarch64", "arm64"):
            function = "llvm.aarch64.hint", ir.FunctionType(void, [i32])
            arguments = [ir.Constant(i32, 1)]  # its instruction "yield"
        if function:
            name, kind = function
            builder.call(cgutils.get_or_insert_function(builder.module, kind, name), arguments)
        return context.get_dummy_value()

    return types.void(), code


@intrinsic
def give_way(_):
    """Let another thread of the machine run on this core (sched_yield, POSIX)."""

    def code(context, builder, signature, arguments):
        if os.name == "posix":
            kind = ir.FunctionType(ir.IntType(32), [])
            builder.call(cgutils.get_or_insert_function(builder.module, kind, "sched_yield"), [])
        return context.get_dummy_value()

    return types.void(), code


@intrinsic
def call(_, address, record, thread):
    """Call the function at an address with (record, thread), both numbers."""

    def code(context, builder, signature, arguments):
        i64 = ir.IntType(64)
        kind = ir.FunctionType(ir.VoidType(), [i64, i64])
        builder.call(builder.inttoptr(arguments[0], kind.as_pointer()), arguments[1:])
        return context.get_dummy_value()

    return types.void(types.int64, types.int64, types.int64), code


@intrinsic
def numbers_at(_, address, like):
    """Return a pointer to numbers of the type of ``like`` at an address, for `numba.carray`."""
    result = types.CPointer(like)

    def code(context, builder, signature, arguments):
        return builder.inttoptr(arguments[0], context.get_value_type(result))

    return result(types.int64, like), code


def record_at(dtype):
    """Return an intrinsic that takes an address, and returns the record of that dtype there."""
    record = from_dtype(dtype)

    @intrinsic
    def at(_, address):
        def code(context, builder, signature, arguments):
            return builder.inttoptr(arguments[0], context.get_value_type(record))

        return record(types.int64), code

    return at
