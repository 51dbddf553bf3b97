"""An image in an input of another shape: resized as a whole, the rest filled with one value.

    input = image * scale + offset        in x and in y

The scale is that of the rounded size, so that both edges of the image are where they should be.
"""

import numpy as np

from npkpose.image.opencv import resize_opencv


def letterbox(image, recipe):
    """Return the input image (H, W, 3), uint8, and the function from its points to the image's.

    ``recipe.fit`` is "corner", as YOLOX and RTMO are trained (sizes are cut to whole pixels), or
    "centre", as ultralytics' YOLO (sizes are rounded; the odd pixel is on the right).
    """
    (height, width), (H, W) = image.shape[:2], recipe.size
    ratio = min(H / height, W / width)
    to_whole = int if recipe.fit == "corner" else round
    h, w = max(to_whole(height * ratio), 1), max(to_whole(width * ratio), 1)
    left = top = 0
    if recipe.fit == "centre":
        left, top = round((W - w) / 2 - 0.1), round((H - h) / 2 - 0.1)
    canvas = np.full((H, W, 3), recipe.fill, np.uint8)
    canvas[top : top + h, left : left + w] = resize_opencv(image, (h, w))
    scale, offset = np.array([w / width, h / height]), np.array([left, top])
    return canvas, lambda points: (np.asarray(points, np.float64) - offset) / scale
