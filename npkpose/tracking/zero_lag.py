"""A smoother without lag for recorded sequences: the Rauch-Tung-Striebel smoother.

Each coordinate moves with constant velocity but for white acceleration, and is measured with noise:

    s_t = A s_{t-1} + noise of covariance Q,    s = (place, velocity),    A = [[1, dt], [0, 1]]
    Q = q [[dt^3 / 3, dt^2 / 2], [dt^2 / 2, dt]],    x_t = place_t + noise of variance 1

A Kalman filter runs forwards, and then the estimates are corrected backwards:

    C_t = P_t A' (A P_t A' + Q)^-1,    s_t <- s_t + C_t (s_{t+1} - A s_t)

P_t is the filter's covariance. The result is the most likely path given all samples, earlier and
later ones, so it has no lag. A gap is a step without a measurement. For samples every dt, the
smoother is a low-pass filter of response 1 / (1 + (f / cutoff)^4), which sets
q = dt (2 pi cutoff)^4.

Rauch, Tung and Striebel, "Maximum Likelihood Estimates of Linear Dynamic Systems", AIAA Journal 3,
1965. The response is that of a continuous signal; it holds while the cutoff is far below fps / 2.
"""

import numpy as np

from npkpose._check import check_array, check_number
from npkpose.tracking.clock import check_interval, check_times

LARGEST = 1e50
UNKNOWN_SPEED = 1e6  # the variance of the first velocity, over that of a sample per dt^2


def smooth_sequence(points, fps=30.0, cutoff=3.0, times=None):
    """Return smooth ``points``, of the same shape; NaN where they are NaN.

    Parameters
    ----------
    points : array_like, shape (F, ...)
        Each number of a frame is a signal of its own, NaN where missing: keypoints (F, K, 2) in
        pixels of one person, or (F, K, 3) in metres.
    fps : float
        Frames per second, where there are no ``times``; the cutoff is at most half of either.
    cutoff : float
        In Hz: a motion of that frequency keeps half of its amplitude. At 30 frames per second,
        1.5, 3 and 6 Hz divide white noise by 3.4, 2.4 and 1.7.
    times : array_like, shape (F,), optional
        Ascending, in seconds; their median step is the dt of the response. Default: 0, 1 / fps,
        and so on.

    Raises
    ------
    ValueError
        Wrong shape, a value that is infinite or above 1e50, times that do not ascend, or a cutoff
        that is not positive or too high.
    """
    points = check_array("points", points, (...,), finite=False, largest=LARGEST)
    if points.ndim == 0:
        raise ValueError("points: expected shape (F, ...), got ()")
    interval = check_interval(fps)
    times = check_times(times, len(points), interval)
    steps = np.diff(times, prepend=times[:1])
    step = float(np.median(steps[1:])) if len(steps) > 1 else interval
    cutoff = check_number("cutoff", cutoff, at_least=1e-6, at_most=0.5 / min(step, interval))
    q = step * (2 * np.pi * cutoff) ** 4
    signals = points.reshape(len(points), int(np.prod(points.shape[1:])))
    filtered, predicted = _filter(signals, steps, q, UNKNOWN_SPEED / step**2)
    places = _correct_backwards(filtered, predicted, steps)
    return np.where(np.isnan(points), np.nan, places.reshape(points.shape))


def _filter(signals, steps, q, unknown_speed):
    """Return states (F, 5, M) after and before each sample of ``signals`` (F, M).

    A state is place, velocity, and three numbers of the covariance; NaN before the first sample.
    """
    filtered = np.full((len(signals), 5, signals.shape[1]), np.nan)
    predicted = filtered.copy()
    state = np.full((5, signals.shape[1]), np.nan)
    for f, (values, dt) in enumerate(zip(signals, steps)):
        present, first = ~np.isnan(values), np.isnan(state[0])
        predicted[f] = state = _predict(state, dt, q)
        new = np.where(first, _begin(values, unknown_speed), _update(state, values))
        filtered[f] = state = np.where(present, new, state)
    return filtered, predicted


def _begin(values, unknown_speed):
    zero = np.zeros_like(values)
    return np.stack([values, zero, zero + 1, zero, zero + unknown_speed])


def _predict(state, dt, q):
    place, velocity, pp, pv, vv = state
    pp = pp + 2 * dt * pv + dt**2 * vv + q * dt**3 / 3
    pv = pv + dt * vv + q * dt**2 / 2
    return np.stack([place + dt * velocity, velocity, pp, pv, vv + q * dt])


def _update(state, values):
    place, velocity, pp, pv, vv = state
    gain, speed_gain = pp / (pp + 1), pv / (pp + 1)
    innovation = values - place
    return np.stack(
        [
            place + gain * innovation, velocity + speed_gain * innovation, (1 - gain) * pp,
            (1 - gain) * pv, vv - speed_gain * pv,
        ]
    )  # fmt: skip


def _correct_backwards(filtered, predicted, steps):
    """Return the smooth places (F, M)."""
    places = filtered[:, 0].copy()
    if not len(places):
        return places
    place, velocity = filtered[-1, :2]
    for f in range(len(filtered) - 2, -1, -1):
        dt = steps[f + 1]
        x, v, pp, pv, vv = filtered[f]
        next_x, next_v, a, b, c = predicted[f + 1]
        dx, dv = place - next_x, velocity - next_v
        # P A' (a, b; b, c)^-1 (dx, dv)
        determinant = a * c - b * b
        along, across = (c * dx - b * dv) / determinant, (a * dv - b * dx) / determinant
        place = x + (pp + dt * pv) * along + pv * across
        velocity = v + (pv + dt * vv) * along + vv * across
        places[f] = place
    return places
