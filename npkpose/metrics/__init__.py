"""How good are these poses?"""

from npkpose.metrics.instances import right_instance
from npkpose.metrics.oks import match, oks

__all__ = ["match", "oks", "right_instance"]
