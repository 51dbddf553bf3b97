"""The transforms of a Winograd convolution, as formulas."""

import numpy as np

from npkpose.engine.winograd_transforms import (
    transform_pixels,
    transform_products,
    transform_taps,
)


def test_products_of_values_give_four_windows(rng):
    w, x = rng.normal(size=(3, 50)), rng.normal(size=(6, 50))
    products = np.array(transform_taps(w)) * np.array(transform_pixels(x))
    wanted = [w[0] * x[k] + w[1] * x[k + 1] + w[2] * x[k + 2] for k in range(4)]
    np.testing.assert_allclose(transform_products(products), wanted, rtol=0, atol=1e-13)


def test_taps_become_values_at_the_points_up_to_a_factor(rng):
    w = rng.normal(size=3)
    values = np.array(transform_taps(w))[1:5]
    polynomial = np.polyval(w[::-1], [0.75, -0.75, 1.5, -1.5])
    factors = values / polynomial
    np.testing.assert_allclose(factors, np.repeat(factors[::2], 2), rtol=1e-12)
