import numpy as np
import pytest

from npkpose import nn


class Block(nn.Module):
    """A residual block with every kind of child: attribute, list, nested list, hidden."""

    def __init__(self):
        super().__init__()
        rng = np.random.default_rng(1)
        self.conv1 = nn.Conv2d(2, 2, 3, padding=1, rng=rng)
        self.bn = nn.BatchNorm2d(2)
        self.branches = [nn.ReLU(), None, [nn.Conv2d(2, 2, 1, bias=False, rng=rng)]]
        self._hidden = nn.Conv2d(1, 1, 1)
        self.tail = nn.Sequential(nn.ReLU(), nn.Conv2d(2, 3, 1, rng=rng))

    def forward(self, x):
        inner = self.bn(self.conv1(x))
        return self.tail(self.branches[2][0](self.branches[0](inner)) + x)

    def backward(self, dy):
        dy = self.tail.backward(dy)
        inner = self.branches[0].backward(self.branches[2][0].backward(dy))
        return dy + self.conv1.backward(self.bn.backward(inner))


KEYS = [
    "conv1.weight", "conv1.bias", "bn.weight", "bn.bias", "bn.running_mean", "bn.running_var",
    "bn.num_batches_tracked", "branches.2.0.weight", "tail.1.weight", "tail.1.bias",
]


def test_keys_follow_the_attributes_in_the_order_they_were_set():
    block = Block()
    assert list(block.state_dict()) == KEYS
    assert [name for name, _ in block.named_parameters()] == [
        key for key in KEYS if "running" not in key and "num" not in key
    ]
    assert [name for name, _ in block.named_modules()] == [
        "", "conv1", "bn", "branches.0", "branches.2.0", "tail", "tail.0", "tail.1"
    ]
    assert block.num_parameters() == (36 + 2) + 4 + 4 + (6 + 3)


def test_sequential_counts_its_layers_and_gives_them_out():
    relu = nn.ReLU()
    net = nn.Sequential(nn.Conv2d(1, 1, 1), relu)
    assert len(net) == 2 and net[1] is relu and list(net)[1] is relu
    assert list(net.state_dict()) == ["0.weight", "0.bias"]


def test_an_empty_sequential_is_the_identity():
    x = np.ones((1, 2))
    net = nn.Sequential()
    assert net(x) is x and net.backward(x) is x


def test_gradients_of_a_network_agree_with_central_differences(rng):
    nn.check_layer(Block(), rng.normal(size=(3, 2, 4, 5)), rng)


def test_gradients_are_named_like_parameters_and_overwritten(rng):
    block, x = Block(), rng.normal(size=(2, 2, 4, 4))
    assert dict(block.named_gradients()) == {}
    passes = []
    for _ in range(2):
        block.backward(np.ones_like(block(x)))
        passes.append({name: g.copy() for name, g in block.named_gradients()})
    assert list(passes[0]) == [name for name, _ in block.named_parameters()]
    for name, gradient in passes[0].items():
        np.testing.assert_array_equal(gradient, passes[1][name])


def test_state_round_trips_through_copies(rng):
    first, second = Block(), Block()
    first(rng.normal(size=(2, 2, 4, 4)).astype(np.float32))  # moves the running statistics
    state = first.state_dict()
    second.load_state_dict(state)
    for name, array in second.state_dict().items():
        np.testing.assert_array_equal(array, state[name])
        array += 1  # neither this
        state[name] += 1  # nor this reaches the module
    for name, array in second.state_dict().items():
        np.testing.assert_array_equal(array, first.state_dict()[name])


def test_torch_loads_our_state_and_we_load_torchs():
    torch = pytest.importorskip("torch")
    twin = torch.nn.Sequential(torch.nn.Conv2d(2, 3, 3), torch.nn.BatchNorm2d(3))
    net = nn.Sequential(nn.Conv2d(2, 3, 3), nn.BatchNorm2d(3))
    assert list(net.state_dict()) == list(twin.state_dict())
    net.load_state_dict(twin.state_dict())
    for name, array in net.state_dict().items():
        np.testing.assert_array_equal(array, twin.state_dict()[name].numpy())
        array += 1
        twin.load_state_dict({**twin.state_dict(), name: torch.from_numpy(array)})
        np.testing.assert_array_equal(twin.state_dict()[name].numpy(), array)


def test_a_mismatch_lists_every_offender_and_changes_nothing():
    block = Block()
    before, state = block.state_dict(), Block().state_dict()
    del state["conv1.bias"], state["bn.num_batches_tracked"]
    state["conv9.weight"] = np.ones(1)
    state["bn.bias"] = np.ones(5)
    state["conv1.weight"] += 1
    with pytest.raises(ValueError) as error:
        block.load_state_dict(state)
    assert "missing: conv1.bias; unexpected: conv9.weight" in str(error.value)
    assert "bn.bias (expected (2,), got (5,))" in str(error.value)
    assert "num_batches_tracked" not in str(error.value)
    for name, array in block.state_dict().items():
        np.testing.assert_array_equal(array, before[name])


def test_a_lenient_load_reports_missing_and_unexpected_names():
    net = nn.Sequential(nn.Conv2d(1, 1, 1))
    found = net.load_state_dict({"0.bias": [2.0], "other": [1.0]}, strict=False)
    assert found == (["0.weight"], ["other"])
    assert net[0].params["bias"] == 2.0
    with pytest.raises(ValueError, match="wrongly shaped: 0.bias"):
        net.load_state_dict({"0.bias": [2.0, 1.0]}, strict=False)


def test_astype_converts_real_arrays_and_loading_keeps_the_type():
    block = Block().astype(np.float64)
    block.load_state_dict(Block().state_dict())
    dtypes = {name: array.dtype for name, array in block.state_dict().items()}
    assert dtypes.pop("bn.num_batches_tracked") == np.int64
    assert set(dtypes.values()) == {np.dtype(np.float64)}


def test_evaluation_keeps_no_activations(rng):
    block, x = Block(), rng.normal(size=(2, 2, 4, 4))
    block(x)
    assert block.conv1._saved
    assert block.eval() is block
    assert all(m._saved is None and not m.training for _, m in block.named_modules())
    block(x)
    assert all(m._saved is None for _, m in block.named_modules())
    with pytest.raises(RuntimeError, match="Conv2d.backward: expected a forward pass in training"):
        block.backward(np.ones((2, 3, 4, 4)))
    assert block.train().conv1.training


LAYERS = [
    nn.Conv2d(2, 2, 3), nn.ConvTranspose2d(2, 2, 2), nn.BatchNorm2d(2), nn.ReLU(), nn.ReLU6(),
    nn.ELU(), nn.PReLU(2), nn.ZeroPad2d(1), nn.MaxPool2d(2), nn.Upsample(scale_factor=2),
    nn.Linear(6, 3), nn.LayerNorm((6, 6)), nn.GELU(), nn.Softmax(), nn.Dropout(), nn.DropPath(0.5),
]
ANY_AXES = (  # which do not ask for (N, C, H, W)
    nn.ReLU, nn.ELU, nn.PReLU, nn.GELU, nn.Softmax, nn.Dropout, nn.DropPath, nn.Linear,
    nn.LayerNorm,
)


@pytest.mark.parametrize("layer", LAYERS, ids=lambda layer: type(layer).__name__)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_every_layer_keeps_the_dtype_and_its_input(layer, dtype, rng):
    layer.train()
    x = rng.normal(size=(2, 2, 6, 6)).astype(dtype)
    before = x.copy()
    y = layer(x)
    dy = np.ones_like(y, np.float64)
    dx = layer.backward(dy)
    assert y.dtype == dtype and dx.dtype == dtype and dx.shape == x.shape
    assert all(g.dtype == dtype for _, g in layer.named_gradients())
    np.testing.assert_array_equal(x, before)
    evaluated = layer.eval()(x)
    assert evaluated.dtype == dtype and layer._saved is None
    with pytest.raises(RuntimeError, match=f"{type(layer).__name__}.backward"):
        layer.backward(dy)
    np.testing.assert_array_equal(x, before)


@pytest.mark.parametrize("layer", LAYERS, ids=lambda layer: type(layer).__name__)
def test_no_images_give_no_outputs(layer):
    full = layer.eval()(np.ones((1, 2, 6, 6), np.float32))
    if not isinstance(layer, nn.BatchNorm2d):  # which refuses, see its own tests
        layer.train()
    empty = layer(np.ones((0, 2, 6, 6), np.float32))
    assert empty.shape == (0, *full.shape[1:])
    if layer.training:
        assert layer.backward(empty).shape == (0, 2, 6, 6)
        assert all(not g.any() for _, g in layer.named_gradients())


@pytest.mark.parametrize("layer", LAYERS, ids=lambda layer: type(layer).__name__)
def test_every_layer_names_a_bad_argument(layer):
    layer.train()
    shape = "x: expected shape" if not isinstance(layer, ANY_AXES) else "never"
    for bad in (np.ones((2, 6, 6)), np.ones(3)):
        if shape != "never":
            with pytest.raises(ValueError, match=shape):
                layer(bad)
    for bad in (np.ones((1, 2, 6, 6), complex), [["a"]], [[1], [1, 2]]):
        with pytest.raises(ValueError, match="x: expected"):
            layer(bad)
    y = layer(np.ones((1, 2, 6, 6)))
    with pytest.raises(ValueError, match="dy: expected shape"):
        layer.backward(y[0])


@pytest.mark.parametrize(("call", "message"), [
    (lambda: nn.Sequential(nn.ReLU(), np.tanh), r"layers\[1\]: expected a Module, got ufunc"),
    (lambda: nn.ReLU().astype(int), "dtype: expected a floating-point type"),
    (lambda: nn.ReLU().astype("text"), "dtype: expected a floating-point type, got 'text'"),
    (lambda: nn.ReLU().train("no"), "mode: expected True or False, got 'no'"),
    (lambda: nn.ReLU().load_state_dict({}, "no"), "strict: expected True or False, got 'no'"),
    (lambda: nn.ReLU().load_state_dict([1]), "state: expected names mapped to arrays, got list"),
    (lambda: nn.Conv2d(1, 1, 1).load_state_dict({"weight": "x", "bias": [0]}), "weight: "),
])
def test_bad_arguments_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_the_base_class_says_what_is_not_written():
    with pytest.raises(NotImplementedError, match="Module.forward"):
        nn.Module()(1)
    with pytest.raises(NotImplementedError, match="Module.backward"):
        nn.Module().backward(1)
