import threading

import numpy as np

from npkpose.engine.scratch import scratch


def test_a_scratch_buffer_is_the_threads_own_and_used_again():
    first = scratch((4, 5), np.float32, "a")
    assert first.shape == (4, 5) and first.dtype == np.float32
    assert np.shares_memory(first, scratch((3, 2), np.float64, "a"))
    assert not np.shares_memory(first, scratch((4, 5), np.float32, "b"))
    others = []
    other = threading.Thread(target=lambda: others.append(scratch((4, 5), np.float32, "a")))
    other.start()
    other.join()
    assert not np.shares_memory(first, others[0])
