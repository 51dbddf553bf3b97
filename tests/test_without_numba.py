"""Where Numba cannot be imported, everything gives the same results, after one warning."""

import os
import subprocess
import sys

import numpy as np
import pytest

from npkpose import _numba

# What a stranger does first: decode, group, crop, run a network and take a step, score. Printed as
# numbers that the process with Numba has too.
CODE = """
import sys, warnings
if {blocked}:
    sys.modules["numba"] = None  # importing it raises ImportError, as where there is none
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    import npkpose.nn
print(len([each for each in caught if "without Numba" in str(each.message)]))
import numpy as np
from npkpose import models, nn, pipeline
from npkpose._numba import HAS_NUMBA
from npkpose.data.people import SyntheticPeople

print(HAS_NUMBA)
scene = SyntheticPeople(1, seed=3, size=64)[0]
for name in ("paf", "tags"):
    print(pipeline.BottomUp(models.load_trained(name))(scene.image).keypoints.round(3).tolist())
top_down = pipeline.TopDown(models.load_trained("topdown"))
print(top_down(scene.image, scene.boxes).keypoints.round(3).tolist())
net = models.TinyKeypointNet(4, rng=np.random.default_rng(0))
images = np.random.default_rng(1).random((2, 3, 16, 16), np.float32)
y = net(images)
net.backward(np.ones_like(y))
nn.Adam(net, lr=0.1).step()
print(np.round(net(images), 3).tolist())
"""


def run(blocked):
    environment = os.environ | {"NPKPOSE_ENGINE": "plain"}
    done = subprocess.run([sys.executable, "-c", CODE.format(blocked=blocked)],
                          env=environment, capture_output=True, text=True)  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_people_are_the_same_without_numba_after_one_warning():
    warned, has_numba, *results = run(blocked=True)
    assert (warned, has_numba) == ("1", "False")
    if not _numba.HAS_NUMBA:
        pytest.skip("there is no Numba to compare with")
    warned, has_numba, *wanted = run(blocked=False)
    assert (warned, has_numba) == ("0", "True")
    for got, other in zip(results, wanted, strict=True):
        both = (eval(text, {"nan": np.nan}) for text in (got, other))
        np.testing.assert_allclose(*both, atol=2e-3)
