"""Inputs that users of such tools reported, in ../shared/data/cases, and what should happen.

Each folder there, such as F01, has a case.txt: a command, what it should do, and what it did. A
function ``check_f01(case)`` in one of the files here runs the command on a copy of the folder:

    case.py     the copy, and the command line in it
    photos.py   npkpose predict: photos, boxes, outputs
    files.py    weights
    space.py    npkpose lift and triangulate
    scores.py   npkpose eval and doctor, CocoDataset
    calls.py    functions, and the terminal

``tests/test_cases.py`` walks the folders: one without a check fails.
"""
