"""How a demonstration ends: its exit code, and the reason where it did not get there."""

import subprocess
from collections.abc import Callable

from rich.console import Console

from tools.cluster import host
from tools.demo.narration import Narration
from tools.demo.waiting import Stuck

FAILURES = (Stuck, host.Missing, RuntimeError, TimeoutError, subprocess.CalledProcessError)


def performed(perform: Callable[[Narration], None]) -> int:
    """Run the demonstration and return its exit code. The cluster stays up either way, to be looked at."""
    narration = Narration(Console(highlight=False, soft_wrap=True))
    try:
        perform(narration)
    except FAILURES as error:
        notes = "\n".join([str(error), *getattr(error, "__notes__", ())])
        narration.fail(f"the demonstration failed after {narration.elapsed:.0f} s: {notes}")
        return 1
    return 0
