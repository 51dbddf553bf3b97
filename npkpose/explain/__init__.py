"""Pictures of what the code does: from a photograph over maps to people, one figure for each step.

Each function takes arrays and returns a Matplotlib figure (extra ``examples``) that is narrow, with
large letters, for phones. Read in this order:

    look.py         what all figures have in common
    maps.py         the input of a network, and its heatmaps
    peaks.py        peaks on the image; one peak, and the parabola between its pixels
    fields.py       fields on the image; the line integral along limbs and its samples
    matching.py     which candidate limbs there are, and which are kept
    people.py       the people; their tags
    trace.py        all arrays of these steps, for one image and one network
    steps.py        the steps of a trace, each with words and figures
    page.py         one page of HTML with all steps
"""

from npkpose.explain.fields import plot_fields, plot_integral
from npkpose.explain.maps import plot_heatmaps, plot_input
from npkpose.explain.matching import plot_matching
from npkpose.explain.page import explain_page
from npkpose.explain.peaks import plot_peak, plot_peaks
from npkpose.explain.people import plot_people, plot_tags
from npkpose.explain.trace import trace_image

__all__ = [
    "explain_page", "plot_fields", "plot_heatmaps", "plot_input", "plot_integral", "plot_matching",
    "plot_peak", "plot_peaks", "plot_people", "plot_tags", "trace_image",
]  # fmt: skip
