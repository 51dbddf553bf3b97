import pytest

from npkpose.data.person_category import person_category


def category(id, name):
    return {"id": id, "name": name}


@pytest.mark.parametrize("categories, expected", [
    ([category(1, "person")], 1), ([category(0, "person"), category(1, "car")], 0),
    ([category(3, "Person"), category(1, "face")], 3), ([{"id": 1}], 1), ([], 1), (None, 1),
    ([category(1, "antelope"), category(2, "deer")], 1), ([category(5, "human")], 5),
    ([category(2, "cat"), category(3, "dog")], None), ([category("p", "person")], "p"),
    (["person", {"name": "person"}], 1), ("person", 1),
])  # fmt: skip
def test_people_are_the_category_of_that_name_or_of_cocos_id(categories, expected):
    assert person_category(categories) == expected
