"""Twin of `npkpose.space.lens`: a ray is followed outwards from the centre in small steps."""

import numpy as np

_STEPS = 400


def undistort(points, lens):
    """Return ideal points (M, 2) of distorted ``points`` (M, 2), NaN where none exists."""
    ideal = np.zeros_like(points)
    with np.errstate(all="ignore"):  # a point that diverges ends as NaN
        for fraction in np.linspace(0, 1, _STEPS + 1)[1:]:
            for _ in range(3):
                a, b, c, d = derivative(ideal, lens)
                x, y = (distort(ideal, lens) - fraction * points).T
                step = np.stack([d * x - b * y, a * y - c * x], axis=1)
                ideal = ideal - step / (a * d - b * c)[:, None]
            a, b, c, d = derivative(ideal, lens)
            ideal[~((a * d - b * c > 0) & (a + d > 0))] = np.nan
        missed = ~(abs(distort(ideal, lens) - points).max(axis=1) < 1e-12)
    ideal[missed] = np.nan
    return ideal


def distort(points, lens):
    """Return distorted points (M, 2) of ideal ``points`` (M, 2)."""
    k1, k2, p1, p2, k3, m, k4, k5, k6, s1, s2, s3, s4 = lens
    x, y = points.T
    squared = x**2 + y**2
    radial = 1 + k1 * squared + k2 * squared**2 + k3 * squared**3
    radial = radial / (1 + k4 * squared + k5 * squared**2 + k6 * squared**3)
    s = radial + m * (p1 * y + p2 * x)
    x_prism, y_prism = s1 * squared + s2 * squared**2, s3 * squared + s4 * squared**2
    return np.stack([x * s + p2 * squared + x_prism, y * s + p1 * squared + y_prism], axis=1)


def derivative(points, lens):
    """Return dx'/dx, dx'/dy, dy'/dx and dy'/dy of `distort`, each (M,), by complex steps."""
    eps = 1e-30
    along_x, along_y = (distort(points + 1j * eps * axis, lens).imag / eps for axis in np.eye(2))
    return along_x[:, 0], along_y[:, 0], along_x[:, 1], along_y[:, 1]
