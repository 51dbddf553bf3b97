"""Every compiled kernel has a twin in plain NumPy, and a test compares the two.

The engine's twins are the plain functions of `npkpose.nn`: tests/nn/test_faster.py. Elsewhere the
twin of npkpose/a/b.py is npkpose/reference/a/b.py, and this is the rule, checked in the source:

* A kernel is called, perhaps through private functions, by a public function. That function has a
  twin of the same name.
* A file with kernels has a twin file. If only other files call its kernels, its public kernels have
  twins of their names there.
* A test uses the function and its twin.
"""

import ast
import functools
import pathlib

import npkpose

PACKAGE = pathlib.Path(npkpose.__file__).parent
TESTS = pathlib.Path(__file__).parent
DECORATORS = {
    "kernel", "summing_kernel", "inner_kernel", "helper", "inner_helper",
    "njit", "jit", "vectorize", "guvectorize",
}  # fmt: skip
TWINS = "npkpose.reference"


class Module:
    """The definitions of a source file, and what each of them uses of the package.

    ``uses`` is {name: set of (module, name)}, of functions, classes and constants; ``kernels`` are
    the names of compiled functions.
    """

    def __init__(self, name, source):
        tree = ast.parse(source)
        self.imported = _imported_names(tree)
        self.kernels = {node.name for node in tree.body if _is_kernel(node)}
        defined = {name: node for node in tree.body for name in _defined_names(node)}
        local = {other: (name, other) for other in defined}
        self.uses = {other: self._used(node, local) for other, node in defined.items()}

    def _used(self, node, local):
        known, found = self.imported | local, set()
        for part in ast.walk(node):
            if isinstance(part, ast.Name) and part.id in known:
                found.add(known[part.id])
            elif isinstance(part, ast.Attribute) and isinstance(part.value, ast.Name):
                module = ".".join(known.get(part.value.id, ()))
                found.add((module, part.attr))
        return found


def _imported_names(tree):
    """Return {local name: (module, name)} of all ``from npkpose... import ...``."""
    return {
        alias.asname or alias.name: (node.module, alias.name)
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module.startswith("npkpose")
        for alias in node.names
    }


def _is_kernel(node):
    decorators = [ast.unparse(each) for each in getattr(node, "decorator_list", [])]
    return any(name.partition("(")[0].rpartition(".")[2] in DECORATORS for name in decorators)


def _defined_names(node):
    if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
        return [node.name]
    targets = node.targets if isinstance(node, ast.Assign) else []
    return [target.id for target in targets if isinstance(target, ast.Name)]


@functools.cache
def modules():
    """Return {module name: `Module`} of the package, without the engine."""
    found = {}
    for path in PACKAGE.rglob("*.py"):
        name = ".".join(("npkpose", *path.relative_to(PACKAGE).with_suffix("").parts))
        if not name.startswith("npkpose.engine"):
            found[name.removesuffix(".__init__")] = Module(name, path.read_text(encoding="utf-8"))
    return found


def public_callers(kernel):
    """Return the public functions, (module, name), that reach a kernel through private ones."""
    callers, todo, seen = set(), [kernel], {kernel}
    while todo:
        called = todo.pop()
        for name, module in modules().items():
            for caller in {(name, other) for other, used in module.uses.items() if called in used}:
                if caller not in seen:
                    seen.add(caller)
                    private = caller[1].startswith("_") or caller[1] in module.kernels
                    (todo.append if private else callers.add)(caller)
    return callers


@functools.cache
def callers_of_kernels():
    """Return {(module, kernel): its public callers}."""
    return {
        (name, kernel): public_callers((name, kernel))
        for name, module in modules().items()
        for kernel in sorted(module.kernels)
    }


def functions_with_twins():
    """Return all (module, name) that the rule asks a twin of."""
    wanted = set().union(*callers_of_kernels().values())
    here = {module for module, _ in wanted}
    kernels = callers_of_kernels().keys()
    return wanted | {k for k in kernels if k[0] not in here and not k[1].startswith("_")}


def twin_of(function):
    module, name = function
    return TWINS + module.removeprefix("npkpose"), name


@functools.cache
def compared():
    """Return the twins, (module, name), that a test uses together with the function itself."""
    found = set()
    for path in TESTS.rglob("test_*.py"):
        source = path.read_text(encoding="utf-8")
        if TWINS in source:
            found |= _compared_in(Module(path.stem, source), path.stem)
    return found


def _compared_in(module, stem):
    found = set()
    for name in module.uses:
        if name.startswith("test_"):
            used = _closure(module.uses, name, stem)
            twins = {use for use in used if use[0].startswith(TWINS)}
            others = {other for where, other in used - twins if where.startswith("npkpose")}
            found |= {twin for twin in twins if twin[1] in others}
    return found


def _closure(uses, name, stem):
    """Return what a test uses, itself or through the helpers of its file."""
    used, todo = set(), [name]
    while todo:
        new = uses[todo.pop()] - used
        used |= new
        todo += [other for where, other in new if where == stem]
    return used


def test_every_kernel_is_called_by_a_public_function():
    assert len(callers_of_kernels()) >= 110
    assert [kernel for kernel, callers in callers_of_kernels().items() if not callers] == []


def test_every_file_with_kernels_has_its_twin():
    files = {module for module, _ in callers_of_kernels()}
    assert len(files) >= 24
    assert {twin_of((module, ""))[0] for module in files} - modules().keys() == set()
    with_twins = {module for module, _ in functions_with_twins()}
    assert files <= with_twins


def test_every_function_over_a_kernel_has_its_twin():
    functions = functions_with_twins()
    assert len(functions) >= 28
    assert ("npkpose.codec.heatmap.decode", "decode_heatmaps") in functions
    assert ("npkpose.codec.heatmap.hidden_peaks", "add_hidden_peaks") in functions
    missing = []
    for function in functions:
        module, name = twin_of(function)
        if module not in modules() or name not in modules()[module].uses:
            missing.append(function)
    assert missing == []


def test_every_twin_is_compared_by_a_test():
    twins = {twin_of(function) for function in functions_with_twins()}
    assert twins - compared() == set()
    assert len(twins & compared()) >= 28
