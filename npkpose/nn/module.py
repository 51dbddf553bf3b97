"""The base of every layer and network: named arrays, children, and two modes.

A module computes y = f(x; params) in ``forward`` and, given dL/dy, the chain rule
in ``backward``:

    dL/dx = (df/dx)^T dL/dy,    grads[name] = (df/dparams[name])^T dL/dy

There is no tape. A network calls its layers' ``backward`` in the reverse order of
their ``forward``, adds the gradients where one array fed two layers, and uses each
layer once per pass. Names and state-dict keys are PyTorch's.

Departure from PyTorch: ``backward`` overwrites gradients instead of adding to them,
so there is no ``zero_grad``. Arrays must not be changed between ``forward`` and
``backward``: a layer may keep its input itself rather than a copy.
"""

import numpy as np

from npkpose._check import check_flag, shown
from npkpose.nn._state import check_names, copy_state, strip_wrappers


class Module:
    """A layer, or a network of layers held as attributes.

    ``params`` and ``grads`` hold learnable arrays and their gradients under the same
    keys, ``buffers`` arrays that are saved but not learned. Attributes that are
    modules, or (nested) lists of modules, are children, in the order they were first
    set; names that start with an underscore are not looked at.
    """

    def __init__(self):
        self.params = {}
        self.grads = {}
        self.buffers = {}
        self.training = True
        self._saved = None

    def __call__(self, x):
        """Return ``forward(x)``."""
        return self.forward(x)

    def forward(self, x):
        """Return the output for ``x``, keeping what `backward` needs while training."""
        raise NotImplementedError(f"{type(self).__name__}.forward is not written")

    def backward(self, dy):
        """Given dL/dy, fill ``grads`` and return dL/dx."""
        raise NotImplementedError(f"{type(self).__name__}.backward is not written")

    def save_for_backward(self, *values):
        """Store ``values`` for `backward`; in evaluation mode store nothing."""
        self._saved = values if self.training else None

    def saved(self):
        """Return the values that `forward` stored, or raise RuntimeError."""
        if self._saved is None:
            raise RuntimeError(
                f"{type(self).__name__}.backward: expected a forward pass in training "
                "mode first (evaluation mode keeps no activations)"
            )
        return self._saved

    def weight_and_bias(self, dtype):
        """Return ``params["weight"]`` and ``params["bias"]``, or None for a bias that is missing.

        Both are of that dtype, the input's; no copy is made where they are already.
        """
        bias = self.params.get("bias")
        weight = self.params["weight"].astype(dtype, copy=False)
        return weight, None if bias is None else bias.astype(dtype, copy=False)

    def train(self, mode=True):
        """Switch this module and its children to training (or evaluation); return self."""
        check_flag("mode", mode)
        for _, module in self.named_modules():
            module.training = bool(mode)
            if not mode:
                module._saved = None
        return self

    def eval(self):
        """Switch to evaluation mode, dropping stored activations; return self."""
        return self.train(False)

    def named_children(self):
        """Yield ``(name, module)`` for each direct child."""
        for name, value in vars(self).items():
            if isinstance(value, (Module, list, tuple)) and not name.startswith("_"):
                yield from _modules_in(name, value)

    def named_modules(self, prefix=""):
        """Yield ``(dotted name, module)``: this module as ``""``, then each below it."""
        yield prefix, self
        for name, child in self.named_children():
            yield from child.named_modules(_join(prefix, name))

    def named_parameters(self):
        """Yield ``(dotted name, array)`` for each learnable array."""
        return self._named("params")

    def named_gradients(self):
        """Yield ``(dotted name, gradient)`` for each parameter that has one."""
        return ((name, gradient) for name, _, gradient in self.named_updates())

    def named_updates(self):
        """Yield ``(dotted name, array, gradient)`` for each parameter that has a gradient."""
        for prefix, module in self.named_modules():
            for name, array in module.params.items():
                if name in module.grads:
                    yield _join(prefix, name), array, module.grads[name]

    def num_parameters(self):
        """Return the number of learnable numbers."""
        return sum(array.size for _, array in self.named_parameters())

    def astype(self, dtype):
        """Convert every real array to ``dtype`` in place; return self."""
        dtype = _float_dtype(dtype)
        for _, module in self.named_modules():
            for arrays in (module.params, module.grads, module.buffers):
                for name, array in arrays.items():
                    if array.dtype.kind == "f":
                        arrays[name] = array.astype(dtype)
        return self

    def state_dict(self):
        """Return copies of all parameters and buffers as ``{dotted name: array}``."""
        return {name: array.copy() for name, array in self._named("params", "buffers")}

    def rename_keys(self, state):
        """Return ``state`` under this module's own names, for `load_state_dict`.

        Here only what wrappers put in front of every name is dropped, "module." say. A
        network that was published under several namings overrides this: see
        `npkpose.weights.names`.
        """
        return strip_wrappers(state, [name for name, _ in self._named("params", "buffers")])

    def load_state_dict(self, state, strict=True):
        """Copy the arrays of ``state`` into this module, all of them or none.

        Parameters
        ----------
        state : mapping of str to array_like
            As `state_dict` returns, or PyTorch's own, or under any names `rename_keys`
            knows. Converted to the dtypes in use. ``num_batches_tracked`` may be missing.
        strict : bool
            Refuse missing and unexpected names. Otherwise they are left alone.

        Returns
        -------
        missing, unexpected : lists of str
            After renaming.

        Raises
        ------
        ValueError
            Names or shapes that do not match, or values that are not real numbers.
            The message gives the first of each kind and counts the others; the module is
            unchanged.
        """
        check_names(state)
        targets = dict(self._named("params", "buffers"))
        return copy_state(targets, self.rename_keys(state), strict)

    def _named(self, *kinds):
        for prefix, module in self.named_modules():
            for kind in kinds:
                for name, array in getattr(module, kind).items():
                    yield _join(prefix, name), array


def _modules_in(name, value):
    if isinstance(value, Module):
        yield name, value
    elif isinstance(value, (list, tuple)):
        for i, item in enumerate(value):
            yield from _modules_in(f"{name}.{i}", item)


def _float_dtype(value):
    try:
        dtype = np.dtype(value)
    except Exception:  # whatever is no dtype
        dtype = None
    if dtype is None or dtype.kind != "f":
        raise ValueError(f"dtype: expected a floating-point type, got {shown(value)}")
    return dtype


def _join(prefix, name):
    return f"{prefix}.{name}" if prefix else name
