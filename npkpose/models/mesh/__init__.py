"""PyMAF: from an image to the surface of a body.

    pymaf_body.py      camera, shape and pose to vertices and keypoints, by SMPL
    pymaf_points.py    features of the maps at points of the image
    pymaf.py           the network, which corrects a mesh three times
"""
