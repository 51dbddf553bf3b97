"""The options of commands that draw people: which style, and trails over the frames of a video.

The defaults are those of `DrawStyle`, but for the score: the files of results hold all keypoints.
"""

import collections

COLOURS = "person", "side", "keypoint", "skeleton"
EXTRAS = "boxes", "ids", "scores", "names", "numbers", "fade", "transparent"
MIN_SCORE = 0.1  # OpenPose's small network on two photos: 72 of 78 above are right, below 1 of 6


def add_drawing_options(parser, trails=False):
    """Add the options to argparse's parser; ``trails`` is an option for videos."""
    add = parser.add_argument_group("drawing").add_argument
    add("--colours", choices=COLOURS, default="person",
        help="of limbs: one for each person, the default, for left and right, for each keypoint, "
        "or the skeleton's")  # fmt: skip
    add("--draw", metavar="WHAT[,WHAT]", default="",
        help="draw more: boxes, ids, scores, names or numbers of keypoints; fade: keypoints of "
        "low score are fainter; transparent: people alone, without the image")  # fmt: skip
    add("--draw-score", type=float, default=MIN_SCORE, metavar="S",
        help=f"draw keypoints of score S or more; default {MIN_SCORE:g}; the files of results hold "
        "all")  # fmt: skip
    add("--line-width", type=float, metavar="PIXELS",
        help="of limbs; default: a fiftieth of the person's size")  # fmt: skip
    if trails:
        add("--trails", type=int, default=0, metavar="FRAMES",
            help="draw where each tracked person was in the last frames; default 0")  # fmt: skip


def style_of(options):
    """Return the `DrawStyle` of the options; ValueError names a wrong one."""
    from npkpose.image.draw_style import DrawStyle

    extras = _extras(options.draw)
    labels = [each for each in ("names", "numbers") if each in extras]
    try:
        return DrawStyle(
            options.colours, options.line_width, min_score=options.draw_score,
            labels=labels[0] if labels else "none", boxes="boxes" in extras,
            ids="ids" in extras, scores="scores" in extras, opacity_by_score="fade" in extras,
            background="transparent" if "transparent" in extras else "image",
        )  # fmt: skip
    except ValueError as error:
        named = str(error).replace("width:", "--line-width:").replace("min_score:", "--draw-score:")
        raise ValueError(named) from None


def _extras(text):
    """Return the words of --draw, each one of `EXTRAS`, or raise ValueError."""
    words = [word.strip() for word in text.split(",") if word.strip()]
    for word in words:
        if word not in EXTRAS:
            raise ValueError(f"--draw: expected some of {','.join(EXTRAS)}, got {word!r}")
    if "names" in words and "numbers" in words:
        raise ValueError("--draw: expected names or numbers, got both")
    return words


class Drawing:
    """Draws the people of one image after the other, in one style.

    ``trails`` is the number of frames whose places are remembered and drawn; 0: no trails.
    """

    def __init__(self, style, trails=0):
        self.style, self._frames = style, collections.deque(maxlen=trails + 1)

    def __call__(self, image, poses, skeleton):
        """Return a copy of the image with the people on it, or them alone: see `DrawStyle`."""
        from npkpose.image.draw import draw_poses
        from npkpose.image.draw_trails import draw_trails

        self._frames.append(poses)
        if len(self._frames) > 1 and self.style.background == "image":
            image = draw_trails(image, self._frames, width=self.style.width)
        return draw_poses(image, poses, skeleton, style=self.style)


def drawing_of(options):
    """Return the `Drawing` of the options; ValueError names a wrong one."""
    trails = getattr(options, "trails", 0)
    if trails < 0:
        raise ValueError(f"--trails: expected at least 0, got {trails}")
    style = style_of(options)
    if trails and style.background == "transparent":
        raise ValueError("--trails: expected none beside --draw transparent")
    return Drawing(style, trails)
