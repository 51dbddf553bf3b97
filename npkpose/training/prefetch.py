"""Batches prepared on threads while the step before them runs, and handed out in order.

A batch is made by a function of its number alone, so it is the same however many threads there
are and whichever of them made it.
"""

from collections import deque
from concurrent.futures import ThreadPoolExecutor
from itertools import islice

from npkpose._check import check_integer


def prefetch(make, first, last, workers=1):
    """Yield ``make(first)``, ..., ``make(last - 1)``, made by ``workers`` threads ahead of time.

    Up to two batches per thread are ready or under way. An exception in ``make`` is raised when
    its batch is due. Closing the generator waits for what is under way. With no workers each
    batch is made when it is asked for.
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
