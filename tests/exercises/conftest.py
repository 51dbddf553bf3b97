import pytest


class Oracle:
    """A network that answers the ideal maps."""

    def __init__(self, maps):
        self.maps = maps

    def __call__(self, x):
        return self.maps

    def split(self, maps):
        return maps[:, :4], maps[:, 4:]


@pytest.fixture
def oracle():
    """`Oracle`, the class."""
    return Oracle
