"""Pictures with known keypoints to learn from."""

from npkpose.data.figures import KITE, two_figures
from npkpose.data.markers import four_markers

__all__ = ["KITE", "four_markers", "two_figures"]
