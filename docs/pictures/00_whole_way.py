"""All steps from an image to people, as `npkpose explain` shows them: figures and text."""

from npkpose import BottomUp
from npkpose.data import SyntheticPeople
from npkpose.explain import trace_image
from npkpose.explain.steps import steps_of
from npkpose.models import load_trained

image = SyntheticPeople(24, seed=7, people=2)[0].image
find = BottomUp(load_trained("paf"))
figures = []
for step in steps_of(trace_image(find, image)):
    print(f"## {step.title}\n\n{step.text}\n")
    for figure in step.figures:
        print(f"![{step.title}](/_pictures/00_whole_way_{len(figures)}.png)\n")
        figures.append(figure)
