"""Twins of `npkpose.codec.paf`: grouping by part affinity fields, in plain NumPy.

    fields.py         fields from distances of all pixels; the integral by tent weights
    candidates.py     every pair of peaks scored
    limbs.py          a sorted list, or every matching tried
    assemble.py       people as dictionaries, merged one by one
    group.py          the twins of all steps in order
    fill_missing.py   all pixels of the map at once
"""
