"""Images: read and written, resized, cropped, warped, and drawn on. Arrays (H, W, 3), uint8 RGB.

Read in this order:

    files.py      image files to arrays and back, with Pillow
    resample.py   the weights of every resize, as a matrix; resize.py: an image at another size
    opencv.py     an image at another size as OpenCV computes it, to the bit
    warp.py       an image through an affine map
    crop.py       a person's box to the crop that a network sees
    draw.py       skeletons on an image
"""
