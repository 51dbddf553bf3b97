"""The plain-NumPy twins of the kernels of `npkpose.metrics.coco`.

    scan.py        json.loads, and a loop over the entries
    extents.py     maximum less minimum
    matching.py    one image at a time, ignored ground truth sorted last, as in pycocotools
    curves.py      cumulative sums and a running maximum from the right
"""
