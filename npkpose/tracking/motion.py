"""How tracked people move: a Kalman filter of each person's place, and its shape about that place.

    keypoint k = place + shape_k
    place, velocity:  constant velocity, white acceleration of density q       (2 x 2 covariance)
    shape_k:          a random walk of density d                               (variance spread_k)

One step of dt seconds adds [[q dt^3 / 3, q dt^2 / 2], [q dt^2 / 2, q dt]] to the covariance of
(place, velocity), the same in x and y, and d dt to each spread. A detection z measures

    place = sum_k w_k (z_k - shape_k) / sum_k w_k,    w_k = 1 / (r + spread_k + e_k^2)

over the keypoints k that both have. e_k is how far z_k - shape_k lies from that mean, at first
taken as 0; in `ROUNDS` rounds, keypoints that were found in a wrong place lose their weight. So a
person whose legs are hidden seems neither to jump nor to shrink, and a keypoint that is seen again
after a while says little about the place. What is left, z_k - measured place - shape_k, updates the
shape with the gain spread_k / (spread_k + r): what all keypoints have in common is the place's
motion alone. All variances are in units of the person's squared size; the size is the square root
of the area of the box around all its keypoints.

Kalman, "A New Approach to Linear Filtering and Prediction Problems", Trans. ASME 82, 1960; the
constant-velocity model of a tracked box is that of Bewley et al., "Simple Online and Realtime
Tracking" (SORT), ICIP 2016, arXiv:1602.00763; such weights are those of Holland and Welsch,
"Robust Regression Using Iteratively Reweighted Least-Squares", Communications in Statistics 6,
1977. Departure: SORT's state is the box alone; and here
place and shape have separate filters, whose errors are taken as independent.
"""

import numpy as np

ACCELERATION = 0.5  # sizes^2 / s^3: in one second, the velocity changes by about 0.7 sizes / s
DEFORMATION = 0.05  # sizes^2 / s: in 1 / 30 s, a keypoint moves by 0.04 sizes about the place
NOISE = 0.05  # sizes: standard deviation of a detected keypoint
STIFFNESS = 0.03  # sizes: least standard deviation of a measured place: errors have a common part
ROUNDS = 3  # of weights of keypoints
FIRST_SPEED = 1.0  # sizes / s: standard deviation of the velocity of a new person
MIN_SIZE = 4.0  # pixels
MIN_ASPECT = 0.4  # a box narrower than this share of its longer side counts as that wide


class MovingPeople:
    """T people: places (T, 2), velocities (T, 2), shapes (T, K, 2), and their uncertainties.

    A keypoint that was never seen is NaN in ``shapes``.
    """

    def __init__(self, num_keypoints):
        self.places, self.velocities = np.zeros((0, 2)), np.zeros((0, 2))
        self.covariances = np.zeros((0, 3))  # of place; of place and velocity; of velocity
        self.shapes = np.zeros((0, num_keypoints, 2))
        self.spreads = np.zeros((0, num_keypoints))

    def __len__(self):
        return len(self.places)

    @property
    def keypoints(self):
        """Where the keypoints are now: (T, K, 2)."""
        return self.places[:, None] + self.shapes

    @property
    def sizes(self):
        """The size of each person in pixels: (T,)."""
        return sizes_of(self.shapes)

    def add(self, keypoints):
        """Add new people (P, K, 2), each with a keypoint, at the end, with unknown velocity."""
        places, sizes = np.nanmean(keypoints, axis=1), sizes_of(keypoints)
        covariances = np.zeros((len(places), 3))
        covariances[:, 0] = (NOISE * sizes) ** 2
        covariances[:, 2] = (FIRST_SPEED * sizes) ** 2
        spreads = np.repeat(((NOISE * sizes) ** 2)[:, None], keypoints.shape[1], axis=1)
        new = (
            places, np.zeros_like(places), covariances, keypoints - places[:, None], spreads
        )  # fmt: skip
        self._set(*(np.concatenate(pair) for pair in zip(self._arrays(), new)))

    def keep(self, people):
        """Keep only these people: an index array or mask."""
        self._set(*(array[people] for array in self._arrays()))

    def predict(self, dt):
        """Move all people by ``dt`` seconds."""
        squared = self.sizes**2
        q = ACCELERATION * squared
        place, both, velocity = self.covariances.T
        self.places = self.places + self.velocities * dt
        self.covariances = np.stack(
            [
                place + 2 * dt * both + dt**2 * velocity + q * dt**3 / 3,
                both + dt * velocity + q * dt**2 / 2,
                velocity + q * dt,
            ],
            axis=1,
        )
        self.spreads = self.spreads + (DEFORMATION * squared * dt)[:, None]

    def update(self, people, keypoints):
        """Correct these people (an index array of length P) by detections (P, K, 2)."""
        noise = (NOISE * sizes_of(self.shapes[people])) ** 2
        measured = self._move(people, keypoints, noise)
        self._deform(people, keypoints - measured[:, None], noise[:, None])

    def _move(self, people, keypoints, noise):
        """Update places and velocities; return the measured places (P, 2).

        A detection without common keypoints changes nothing: it measures the predicted place.
        """
        variances = noise[:, None] + self.spreads[people]
        innovation, totals = _robust_mean(keypoints - self.keypoints[people], variances)
        some, totals = totals > 0, np.where(totals > 0, totals, 1.0)
        measured = self.places[people] + innovation
        place, both, velocity = self.covariances[people].T
        variance = place + 1 / totals + noise * (STIFFNESS / NOISE) ** 2
        gain, speed_gain = place / variance * some, both / variance * some
        self.places[people] += gain[:, None] * innovation
        self.velocities[people] += speed_gain[:, None] * innovation
        self.covariances[people] -= np.stack([gain * place, gain * both, speed_gain * both], axis=1)
        return measured

    def _deform(self, people, seen, noise):
        """Update shapes and spreads by ``seen`` (P, K, 2), about the places.

        A keypoint that was never seen before starts where it is.
        """
        shapes, spreads = self.shapes[people], self.spreads[people]
        present = ~np.isnan(seen[..., 0])
        new = present & np.isnan(shapes[..., 0])
        gain = np.where(present & ~new, spreads / (spreads + noise), 0.0)
        shapes = shapes + gain[..., None] * np.where(present[..., None], seen - shapes, 0.0)
        self.shapes[people] = np.where(new[..., None], seen, shapes)
        self.spreads[people] = np.where(new, noise, (1 - gain) * spreads)

    def _arrays(self):
        return self.places, self.velocities, self.covariances, self.shapes, self.spreads

    def _set(self, places, velocities, covariances, shapes, spreads):
        self.places, self.velocities, self.covariances = places, velocities, covariances
        self.shapes, self.spreads = shapes, spreads


def _robust_mean(offsets, variances):
    """Return means (P, 2) of offsets (P, K, 2), NaN where missing, and the sums (P,) of weights."""
    common = ~np.isnan(offsets[..., 0])
    offsets = np.where(common[..., None], offsets, 0.0)
    squared = 0.0
    for _ in range(ROUNDS):
        weights = common / (variances + squared)
        totals = weights.sum(axis=1)
        means = (weights[..., None] * offsets).sum(axis=1) / np.maximum(totals, 1e-300)[:, None]
        squared = ((offsets - means[:, None]) ** 2).sum(axis=2)
    return means, totals


def boxes_of(keypoints):
    """Return boxes (P, 4) around keypoints (P, K, 2), each person with one at least."""
    missing = np.isnan(keypoints)
    low = np.where(missing, np.inf, keypoints).min(axis=1, initial=np.inf)
    high = np.where(missing, -np.inf, keypoints).max(axis=1, initial=-np.inf)
    return np.concatenate([low, high], axis=1)


def sizes_of(keypoints):
    """Return the size (P,), in pixels, of people (P, K, 2), each with one keypoint at least."""
    boxes = boxes_of(keypoints)
    sides = boxes[:, 2:] - boxes[:, :2]
    sides = np.maximum(sides, MIN_ASPECT * sides.max(axis=1, initial=0.0)[:, None])
    return np.maximum(np.sqrt(sides.prod(axis=1)), MIN_SIZE)
