import math

import numpy as np
import pytest

from npkpose import nn


def test_one_token_worked_by_hand():
    mlp = nn.Mlp(1, 2)
    mlp.fc1.params["weight"][:], mlp.fc1.params["bias"][:] = [[1], [-1]], [0, 1]
    mlp.fc2.params["weight"][:], mlp.fc2.params["bias"][:] = [[2, 3]], 5
    gelu = [x * (1 + math.erf(x / math.sqrt(2))) / 2 for x in (0.5, 0.5)]  # 0.5 and 1 - 0.5
    np.testing.assert_allclose(mlp(np.array([[0.5]])), [[2 * gelu[0] + 3 * gelu[1] + 5]])


def test_outputs_and_gradients_agree_with_torch(assert_same_as_torch, rng):
    torch = pytest.importorskip("torch")

    class Twin(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.fc1, self.fc2 = torch.nn.Linear(3, 7), torch.nn.Linear(7, 3)

        def forward(self, x):
            return self.fc2(torch.nn.functional.gelu(self.fc1(x)))

    assert_same_as_torch(nn.Mlp(3, 7, rng=rng), Twin(), rng.normal(size=(2, 4, 3)), rng)


def test_gradients_agree_with_central_differences(rng):
    nn.check_layer(nn.Mlp(3, 5, rng=rng), rng.normal(size=(2, 4, 3)), rng)


def test_tokens_do_not_influence_each_other(rng):
    mlp, x = nn.Mlp(4, 6, rng=rng), rng.normal(size=(1, 5, 4))
    np.testing.assert_allclose(mlp(x)[:, 2:3], mlp(x[:, 2:3]), rtol=0, atol=1e-12)


def test_bad_arguments_are_named():
    with pytest.raises(ValueError, match="^dim: expected at least 1, got 0"):
        nn.Mlp(0, 2)
    with pytest.raises(ValueError, match="hidden_dim: expected at least 1, got 0"):
        nn.Mlp(2, 0)
    with pytest.raises(ValueError, match=r"x: expected shape \(\.\.\., 3\), got \(2, 4\)"):
        nn.Mlp(3, 2)(np.zeros((2, 4)))
