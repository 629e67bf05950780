"""Stands in for the compiler's own module where it is not installed: what it stands for does nothing then."""

from contextlib import nullcontext

nogil = nullcontext()
"""Where compiled code lets other threads run."""

compiled = False
"""Whether the code that asks was compiled."""
