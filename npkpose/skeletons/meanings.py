"""What a keypoint of a body plan means, and how one is derived from others.

Two plans may use different names for one place (``pelvis``, ``mid_hip``), or one name for different
places (``head`` is the top of the head in Halpe and a joint inside it in SMPL). So conversion
compares meanings. `data/conversion.json` holds:

    synonyms       meaning: other names of it, in any plan
    meanings       plan: {name: meaning} where the name does not say it; "*" sets all names apart
    rules          meaning: weights of the keypoints whose sum it is, where that was published, and
                   for which groups of plans it holds, except some
    maps           plans of numbered points: the number in "from" of each point of "to"
    differences    plans that define a keypoint differently from the others, with the source
"""

import functools
from typing import NamedTuple

from npkpose._json import read_json
from npkpose.skeletons.catalogue import DATA, plan
from npkpose.skeletons.recognise import normal_name


class Rule(NamedTuple):
    """How a keypoint is derived: the weighted sum of others."""

    parts: tuple  # of (meaning, weight)
    text: str
    source: str
    groups: tuple  # of plans for which it holds
    exceptions: tuple  # names of plans for which it does not

    def holds_for(self, skeleton):
        """Return whether this rule may derive a keypoint of the skeleton."""
        return skeleton.group in ("", *self.groups) and skeleton.name not in self.exceptions


@functools.lru_cache(maxsize=256)
def meanings(skeleton):
    """Return the meaning of each keypoint, a tuple of K str."""
    own = _data()["meanings"].get(skeleton.name, {})
    prefix = f"{own['*']}: " if "*" in own else ""
    return tuple(
        prefix + _meaning(own.get(name, name) if isinstance(name, str) else name)
        for name in skeleton.keypoints
    )


@functools.cache
def rules():
    """Return {meaning: list of `Rule`}: the first whose parts are known is used."""
    found = {}
    for name, rule in _data()["rules"].items():
        parts = tuple((normal_name(part), weight) for part, weight in rule["parts"].items())
        groups, exceptions = tuple(rule["groups"]), tuple(rule.get("except", ()))
        made = Rule(parts, rule["rule"], rule["source"], groups, exceptions)
        found.setdefault(normal_name(name), []).append(made)
    for target, part, source in _mapped():
        rule = Rule(((normal_name(part), 1.0),), part, source, ("face", "wholebody"), ())
        found.setdefault(normal_name(target), []).append(rule)
    return found


def _mapped():
    """Yield the name of a numbered point, of the one that it is copied from, and the source."""
    for each in _data()["maps"]:
        there, here = plan(each["from"]).keypoints, plan(each["to"]).keypoints
        for name, number in zip(here, each["numbers"]):
            yield name, there[number], each["source"]
            if each["both_ways"]:
                yield there[number], name, each["source"]


def difference(meaning, source, target):
    """Return (note, source) where one of two plans defines a keypoint differently, or None."""
    for each in _data()["differences"]:
        differs = (source.name in each["skeletons"]) != (target.name in each["skeletons"])
        if differs and meaning in map(normal_name, each["keypoints"]):
            return each["note"], each["source"]
    return None


@functools.cache
def _data():
    return read_json(DATA / "conversion.json")


@functools.cache
def _synonyms():
    return {
        normal_name(name): normal_name(meaning)
        for meaning, names in _data()["synonyms"].items()
        for name in names
    }


def _meaning(name):
    name = normal_name(name)
    return _synonyms().get(name, name)
