import numpy as np

from npkpose.data.fingerprint import digest, fingerprint_of
from npkpose.data.people import SyntheticPeople


def test_a_digest_depends_on_values_shapes_and_dtypes():
    a = np.arange(4.0)
    assert digest([a]) == digest([np.arange(8.0)[::2] / 2]) and len(digest([a])) == 16
    for other in ([a + 1], [a.reshape(2, 2)], [a.astype(np.float32)], [a, a], []):
        assert digest(other) != digest([a])


def test_a_data_set_has_its_own_fingerprint_or_its_type_and_length():
    one = fingerprint_of(SyntheticPeople(3, seed=1))
    assert one == "SyntheticPeople(3, seed=1, size=(128, 128), people=(1, 4))"
    assert one != fingerprint_of(SyntheticPeople(3, seed=2))
    assert fingerprint_of([1, 2]) == "list of 2 scenes"
