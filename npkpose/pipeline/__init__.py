"""A picture in, people out: a network and a codec put together."""

from npkpose.pipeline.bottomup import BottomUp
from npkpose.pipeline.topdown import TopDown

__all__ = ["BottomUp", "TopDown"]
