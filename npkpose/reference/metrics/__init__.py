"""The plain-NumPy twins of the kernels of `npkpose.metrics`.

    oks.py              one pair of poses at a time
    coco/matching.py    one image at a time, ignored ground truth sorted last
    coco/curves.py      cumulative sums and a running maximum
"""
