"""From one body plan to another: which keypoints are exact, derived or missing.

A keypoint of the target is

    exact      the source has a keypoint of the same meaning: its coordinates and score are copied
    derived    a rule makes it from others: the weighted sum of their coordinates, and the minimum
               of their scores; missing if one of them is
    missing    neither: NaN with score 0

The rules, with where they were published, and the meanings that names do not tell are data: see
meanings.py. The rules are linear, so they hold for pixels and for points in space alike:

    neck, thorax    middle of the shoulders              mid_hip      middle of the hips
    spine           middle of mid-hip and thorax         head         of Human3.6M: eyes and ears
    head_bottom     middle of mid-shoulder and mid-ear   neck_nose    middle of thorax and head
    head_top        mid-shoulder + 1.5 (mid-ear - mid-shoulder)
    five points of a face out of 300-W's 68, and these out of MediaPipe's mesh or WFLW's 98

Nothing is derived for feet, hands and faces that the source lacks. Where a published source says
that two plans define a keypoint of one name differently, the table says so too.
"""

import functools
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from npkpose._check import check_array, check_kind, shown
from npkpose.skeleton import Skeleton
from npkpose.skeletons.catalogue import ranges
from npkpose.skeletons.meanings import Rule, difference, meanings, rules

EXACT, DERIVED, MISSING = "exact", "derived", "missing"


class ConversionRow(NamedTuple):
    """How one keypoint of the target comes about."""

    keypoint: str
    how: str  # "exact", "derived" or "missing"
    sources: tuple  # names of the source's keypoints
    rule: str  # of a derived one
    note: str  # where it was published, or how the definitions differ


class Step(NamedTuple):
    """A keypoint as the weighted sum of earlier ones."""

    parts: tuple  # their indices
    weights: tuple
    rule: Rule


@dataclass(frozen=True)
class ConversionTable:
    """The conversion from the skeleton ``source`` to ``target``: print it, or apply it.

    ``rows`` has one `ConversionRow` for each keypoint of the target, ``lost`` the names of the
    source's keypoints that no exact one holds, and ``columns`` (T,) the index in the source of
    each keypoint of the target that is exact, else -1.
    """

    source: Skeleton
    target: Skeleton
    rows: tuple
    columns: tuple
    lost: tuple
    _steps: tuple  # a `Step` for each keypoint K, K + 1, ... that a rule makes
    _places: tuple  # index of each keypoint of the target among those, -1 if missing

    def points(self, keypoints):
        """Return keypoints (..., T, D) of the target from keypoints (..., K, D) of the source."""
        shape = (..., self.source.num_keypoints, "D")
        keypoints = check_array("keypoints", keypoints, shape, finite=False)
        rows = self._with_room(np.moveaxis(keypoints, -2, 0), np.nan)
        for k, step in enumerate(self._steps, start=self.source.num_keypoints):
            rows[k] = sum(weight * rows[part] for part, weight in zip(step.parts, step.weights))
        return np.moveaxis(rows[list(self._places)], 0, -2)

    def scores(self, scores):
        """Return scores (..., T) of the target from scores (..., K) of the source."""
        shape = (..., self.source.num_keypoints)
        scores = check_array("scores", scores, shape, finite=False)
        rows = self._with_room(np.moveaxis(scores, -1, 0), 0.0)
        for k, step in enumerate(self._steps, start=self.source.num_keypoints):
            rows[k] = rows[list(step.parts)].min(axis=0)
        return np.moveaxis(rows[list(self._places)], 0, -1)

    def _with_room(self, rows, missing):
        """Return the rows of the source, then room for one of each step, then a missing one."""
        room = np.full((len(self._steps) + 1, *rows.shape[1:]), missing)
        return np.concatenate([rows, room])

    def __str__(self):
        counts = [sum(row.how == how for row in self.rows) for how in (EXACT, DERIVED, MISSING)]
        head = "{} -> {}: {} exact, {} derived, {} missing"
        lines = [head.format(self.source.name, self.target.name, *counts)]
        notes = list(dict.fromkeys(row.note for row in self.rows if row.note))
        width = max((len(row.keypoint) for row in self.rows), default=0)
        for row in self.rows:
            number = f" [{notes.index(row.note) + 1}]" if row.note else ""
            lines.append(f"  {row.keypoint:{width}}  {_description(row)}{number}".rstrip())
        lines += [_folded(f"[{k}] {note}", "    ") for k, note in enumerate(notes, start=1)]
        if self.lost:
            lines.append(_folded(f"not kept: {', '.join(ranges(self.lost))}", "  "))
        return "\n".join(lines)


def conversion_table(source, target, derive=True):
    """Return the `ConversionTable` from the skeleton ``source`` to ``target``; print() shows it.

    Parameters
    ----------
    source, target : Skeleton
    derive : bool or sequence of str
        Whether to derive keypoints that the source lacks, or the names of the target's keypoints
        that may be derived.

    Raises
    ------
    ValueError
        No skeleton, or a name in ``derive`` that the target lacks.
    """
    check_kind("source", source, Skeleton)
    check_kind("target", target, Skeleton)
    return _table(source, target, _derivable(derive, target))


def _derivable(derive, target):
    """Return the names of the target's keypoints that may be derived."""
    if isinstance(derive, (bool, np.bool_)):
        return target.keypoints if derive else ()
    try:
        names = tuple(derive)
        known = all(isinstance(name, str) and name in target.keypoints for name in names)
    except Exception:  # no iterator, or one that fails
        known = False
    if isinstance(derive, (str, bytes, Mapping)) or not known:
        expected = f"True, False or a sequence of keypoints of {target.name}"
        raise ValueError(f"derive: expected {expected}, got {shown(derive)}")
    return names


@functools.lru_cache(maxsize=256)
def _table(source, target, derivable):
    known = list(meanings(source))  # and then those of the steps, each after its parts
    steps, rows, places = [], [], []
    for name, meaning in zip(target.keypoints, meanings(target)):
        if meaning in known[: source.num_keypoints]:
            rows.append(_exact(name, meaning, source, target))
        elif name in derivable and _add_steps(meaning, known, target, steps):
            rows.append(_derived(name, known.index(meaning), source, steps))
        else:
            rows.append(ConversionRow(name, MISSING, (), "", ""))
        places.append(-1 if rows[-1].how == MISSING else known.index(meaning))
    columns = tuple(k if row.how == EXACT else -1 for row, k in zip(rows, places))
    lost = tuple(name for k, name in enumerate(source.keypoints) if k not in columns)
    return ConversionTable(source, target, tuple(rows), columns, lost, tuple(steps), tuple(places))


def _add_steps(meaning, known, target, steps, tried=frozenset()):
    """Add what derives a keypoint to ``known`` and ``steps``; return whether a rule does."""
    if meaning in known:
        return True
    if meaning in tried:
        return False
    for rule in rules().get(meaning, ()):
        needed = [part for part, _ in rule.parts]
        if rule.holds_for(target) and all(
            _add_steps(part, known, target, steps, {*tried, meaning}) for part in needed
        ):
            weights = tuple(weight for _, weight in rule.parts)
            steps.append(Step(tuple(known.index(part) for part in needed), weights, rule))
            known.append(meaning)
            return True
    return False


def _exact(name, meaning, source, target):
    note = difference(meaning, source, target)
    note = f"Defined differently: {note[0]}. {note[1]}" if note else ""
    own = source.keypoints[meanings(source).index(meaning)]
    return ConversionRow(name, EXACT, (own,), "", note)


def _derived(name, k, source, steps):
    """Return the row of what the step of index ``k`` makes, with all that it needs."""
    count, used, cited, left = source.num_keypoints, [], [], [k]
    while left:
        part = left.pop(0)
        if part < count:
            used.append(source.keypoints[part])
        else:
            cited.append(steps[part - count].rule.source)
            left += steps[part - count].parts
    text, note = steps[k - count].rule.text, "; ".join(dict.fromkeys(cited))
    return ConversionRow(name, DERIVED, tuple(dict.fromkeys(used)), text, note)


def _description(row):
    """Return how a keypoint comes about, in words."""
    if row.how == DERIVED:
        return f"{DERIVED}: {row.rule}"
    same = row.how == MISSING or row.sources == (row.keypoint,)
    return row.how if same else f"{EXACT}: {row.sources[0]}"


def _folded(text, indent):
    return textwrap.fill(text, 100, subsequent_indent=indent, break_long_words=False)
