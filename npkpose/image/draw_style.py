"""How people are drawn: the class `DrawStyle`."""

from dataclasses import dataclass

from npkpose._check import check_choice, check_flag, check_number

COLOURS = "person", "side", "keypoint", "skeleton"
LABELS = "none", "names", "numbers"
BACKGROUNDS = "image", "transparent"


@dataclass(frozen=True)
class DrawStyle:
    """How `draw_poses` draws; every part has a default.

    Parameters
    ----------
    colours : "person", "side", "keypoint" or "skeleton"
        Of limbs: one for each person, which the id gives; one for each of left, right and the
        middle; one for each keypoint; or the skeleton's, in which the same limb of two people who
        overlap has one colour. See `npkpose.image.palettes`.
    width : float, optional
        Of a limb, in pixels. Default: a fiftieth of the person's size, but at most a hundredth of
        the image's longer side, and at least 1.5.
    points : float
        Size of a keypoint's dot, in widths of a limb; 0: no dots.
    opacity : float
        1 covers the image, 0 shows nothing.
    opacity_by_score : bool
        Keypoints of score s are drawn with the opacity 0.2 + 0.8 s, limbs with the lower opacity
        of their ends.
    min_score : float, optional
        Keypoints of a lower score are not drawn, and limbs to them neither. Default: all are drawn,
        since the scores of other networks have other ranges; commands draw those of 0.1 or more.
    labels : "none", "names" or "numbers"
        What is written beside each keypoint.
    boxes : bool
        Draw a box around each person's keypoints, two limb widths from them.
    ids, scores : bool
        Write each person's id, and score, above the highest keypoint or the box.
    background : "image" or "transparent"
        "transparent": the drawing alone, as RGBA.

    Raises
    ------
    ValueError
        Another choice, or a number out of range.
    """

    colours: str = "person"
    width: float | None = None
    points: float = 1.0
    opacity: float = 0.85
    opacity_by_score: bool = False
    min_score: float | None = None
    labels: str = "none"
    boxes: bool = False
    ids: bool = False
    scores: bool = False
    background: str = "image"

    def __post_init__(self):
        check_choice("colours", self.colours, COLOURS)
        check_choice("labels", self.labels, LABELS)
        check_choice("background", self.background, BACKGROUNDS)
        if self.width is not None:
            check_number("width", self.width, above=0)
        check_number("points", self.points, at_least=0)
        check_number("opacity", self.opacity, at_least=0, at_most=1)
        if self.min_score is not None:
            check_number("min_score", self.min_score)
        for name in ("opacity_by_score", "boxes", "ids", "scores"):
            check_flag(name, getattr(self, name))

    @property
    def has_text(self) -> bool:
        """Whether anything is written, which needs Pillow."""
        return self.labels != "none" or self.ids or self.scores
