"""The people of one image after the other, written to files as they are found.

Memory does not grow with the number of images. Each format is a class with ``add(image, poses)``
and ``close()``; what it has written by then is a whole file after ``close()``. Read in this order:

    image.py     the class Image: what is written about an image beside its people
    skeleton.py  the keypoints that each format has
    coco.py      COCO results
    people.py    npkpose's own JSON, of a video
    openpose.py  OpenPose's JSON, one file for each image
    csv.py       the CSV table of `npkpose.io`
    npz.py       arrays
    video.py     the video with the people drawn on it
"""
