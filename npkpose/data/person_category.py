"""Which category of a COCO file is people: the one named "person", whatever its id."""

from npkpose.data.scene import CATEGORY


def person_category(categories):
    """Return the id of people among COCO ``categories``, or None if it cannot be told.

    It is the id of the category named "person"; without one, 1, COCO's own id, if it is listed or
    if nothing is; otherwise the only category. Entries that are no categories are passed over.
    """
    listed = categories if isinstance(categories, list) else []
    listed = [entry for entry in listed if isinstance(entry, dict) and "id" in entry]
    named = [entry["id"] for entry in listed if str(entry.get("name")).casefold() == "person"]
    ids = [entry["id"] for entry in listed]
    if named:
        return named[0]
    if not ids or CATEGORY in ids:
        return CATEGORY
    return ids[0] if len(ids) == 1 else None
