"""Networks that lift 2-D keypoints to 3-D poses.

    simple_baseline_3d.py    one pose by itself, through linear layers
    videopose3d.py           a sequence, by convolutions over time
    mhformer.py              a window of frames, by transformers and three hypotheses
    mhformer_blocks.py       the blocks in which the hypotheses are refined
    pretrained.py            the network of a weight file, told by names and shapes
"""
