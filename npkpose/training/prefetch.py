"""Batches made by threads while the step before them runs, and used in order.

A batch depends only on its number, so it is the same for any number of threads.
"""

from collections import deque
from concurrent.futures import ThreadPoolExecutor
from itertools import islice

from npkpose._check import check_integer


def prefetch(make, first, last, workers=1):
    """Yield ``make(first)``, ..., ``make(last - 1)``, made by ``workers`` threads ahead of time.

    Each thread is at most two batches ahead. An exception in ``make`` is raised when its batch is
    due. Closing the generator waits for the batches that are being made. Without workers, each
    batch is made when it is due.
    """
    workers = check_integer("workers", workers)
    if workers == 0:
        yield from map(make, range(first, last))
        return
    pool = ThreadPoolExecutor(workers, thread_name_prefix="npkpose-batches")
    try:
        numbers = iter(range(first, last))
        pending = deque(pool.submit(make, n) for n in islice(numbers, 2 * workers))
        while pending:
            batch = pending.popleft().result()
            pending.extend(pool.submit(make, n) for n in islice(numbers, 1))
            yield batch
    finally:
        pool.shutdown(cancel_futures=True)
