"""How tracked people move: a Kalman filter of each person's place, and its shape about that place.

    keypoint k = place + shape_k
    place, velocity:  constant velocity, white acceleration of density q       (2 x 2 covariance)
    shape_k:          a random walk of density d                               (variance spread_k)

One step of dt seconds adds [[q dt^3 / 3, q dt^2 / 2], [q dt^2 / 2, q dt]] to the covariance of
(place, velocity), the same in x and y, and d dt to each spread. A detection z measures

    place = sum_k w_k (z_k - shape_k) / sum_k w_k,    w_k = 1 / (r + spread_k)

over the keypoints k that both have. So a person whose legs are hidden seems neither to jump nor to
shrink, and a keypoint that is seen again after a while says little about the place. What is left,
z_k - measured place - shape_k, updates the shape with the gain spread_k / (spread_k + r): what all
keypoints have in common is the place's motion alone. All variances are in units of the person's
squared size; the size is the square root of the area of the box around all its keypoints.

Kalman, "A New Approach to Linear Filtering and Prediction Problems", Trans. ASME 82, 1960; the
constant-velocity model of a tracked box is that of Bewley et al., "Simple Online and Realtime
Tracking" (SORT), ICIP 2016, arXiv:1602.00763. Departure: SORT's state is the box alone; and here
place and shape have separate filters, whose errors are taken as independent.
"""

import numpy as np

ACCELERATION = 0.5  # sizes^2 / s^3: in one second, the velocity changes by about 0.7 sizes / s
DEFORMATION = 0.05  # sizes^2 / s: in 1 / 30 s, a keypoint moves by 0.04 sizes about the place
NOISE = 0.05  # sizes: standard deviation of a detected keypoint
STIFFNESS = 0.03  # sizes: least standard deviation of a measured place: errors have a common part
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
        offsets = keypoints - self.keypoints[people]
        common = ~np.isnan(offsets[..., 0])
        weights = np.where(common, 1 / (noise[:, None] + self.spreads[people]), 0.0)
        totals = weights.sum(axis=1)
        some = totals > 0
        totals = np.where(some, totals, 1.0)
        innovation = (weights[..., None] * np.where(common[..., None], offsets, 0)).sum(axis=1)
        innovation /= totals[:, None]
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
