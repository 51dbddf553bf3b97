"""Twins of `npkpose.codec.tags`: grouping by tags, in plain NumPy.

    peaks.py          plateaus as sets, all windows compared
    group.py          people as dictionaries, every matching tried
    fill_missing.py   all pixels of the map at once
    left_right.py     one person and one pair at a time
"""
