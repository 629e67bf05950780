"""Pictures of networks as SVG: how nodes are joined, how full links are, what failed and what suffers from it."""

from forestall.twin.picture.marks import Marks
from forestall.twin.picture.style import percent
from forestall.twin.picture.svg import picture

__all__ = ["Marks", "percent", "picture"]
