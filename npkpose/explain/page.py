"""One page of HTML that explains how people were found in one photograph.

The page is one file: its figures are inside, as PNG, and it needs no network.
"""

import base64
import html
import io

from npkpose.explain.steps import steps_of
from npkpose.explain.trace import trace_image

STYLE = """
body { margin: 0; background: #f4f4f2; color: #222; font: 16px/1.5 system-ui, sans-serif; }
main { max-width: 1120px; margin: 0 auto; padding: 12px; }
header p { max-width: 65ch; }
section { background: #fff; border-radius: 8px; padding: 12px 16px; margin: 14px 0; }
h1 { font-size: 1.5em; line-height: 1.2; overflow-wrap: anywhere; }
h2 { font-size: 1.15em; margin: 4px 0; }
section p { max-width: 65ch; margin: 4px 0 10px; }
.figures { display: flex; flex-wrap: wrap; gap: 12px; align-items: flex-start; }
.figures img { flex: 1 1 340px; min-width: 0; max-width: min(520px, 100%); height: auto; }
@media (min-width: 900px) {
  section { display: grid; grid-template-columns: 290px 1fr; gap: 24px; }
}
"""


def explain_page(pipeline, image, name="an image", box=None):
    """Return the page as text.

    Parameters
    ----------
    pipeline : BottomUp, or TopDown with a network of heatmaps
    image : array_like, shape (H, W, 3), uint8 RGB
    name : str
        Of the image, for the heading.
    box : array_like, shape (4,), optional
        Of the person, for `TopDown`; default the whole image.

    Raises
    ------
    ImportError
        Matplotlib or Pillow is not installed (the ``examples`` extra).
    """
    trace = trace_image(pipeline, image, box)
    network = type(pipeline.model).__name__
    sections = [_section(n, step) for n, step in enumerate(steps_of(trace), start=1)]
    name = html.escape(str(name))
    return f"""<!DOCTYPE html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>How npkpose sees {name}</title>
<style>{STYLE}</style>
<main>
<header><h1>How npkpose sees {name}</h1>
<p>The network {html.escape(network)} finds keypoints of {html.escape(trace.skeleton.name)}.
Each step below shows the arrays that the code computed for this image.</p></header>
{"".join(sections)}</main>
</html>
"""


def _section(number, step):
    images = "".join(_image(figure, step.title) for figure in step.figures)
    words = f"<h2>{number}. {html.escape(step.title)}</h2>\n<p>{html.escape(step.text)}</p>"
    return f'<section>\n<div>{words}</div>\n<div class="figures">{images}</div>\n</section>\n'


def _image(figure, text):
    """Return a figure as an element of HTML that holds its PNG."""
    file = io.BytesIO()
    figure.savefig(file, format="png")
    data = base64.b64encode(file.getvalue()).decode("ascii")
    return f'<img alt="{html.escape(text)}" src="data:image/png;base64,{data}">\n'
