"""Images: read and written, resized, cropped, warped, and drawn on. Arrays (H, W, 3), uint8 RGB.

Read in this order:

    files.py      image files to arrays and back, with Pillow
    resample.py   the weights of every resize, as a matrix; resize.py: an image at another size
    opencv.py     an image at another size as OpenCV computes it, to the bit
    warp.py       an image through an affine map
    crop.py       a person's box to the crop that a network sees
    strokes.py    lines with round ends, of which all drawings are made
    palettes.py   colours for all readers
    text.py       letters on an image; labels.py: names, ids and scores
    draw_style.py how people are drawn
    draw.py       skeletons on an image
    shown.py      arrays as pictures in a notebook
    draw_maps.py  heatmaps and fields on an image; draw_trails.py: where people have been
"""
