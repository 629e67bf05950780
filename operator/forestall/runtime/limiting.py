"""How often each source may ask: a bucket of tokens for each, of which every request takes one."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable

MOST_SOURCES = 1024


class Limiter:
    """Lets each source ask `burst` times at once and `rate` times a second on the whole. `time` gives seconds.

    The sources that asked last are remembered; one that is forgotten begins anew.
    """

    def __init__(self, time: Callable[[], float], *, rate: float, burst: int) -> None:
        self._time, self._rate, self._burst = time, rate, burst
        self._sources: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def wait(self, source: str) -> float:
        """0.0 where the source may go on; else the seconds until it may ask again."""
        now = self._time()
        tokens, since = self._sources.pop(source, (float(self._burst), now))
        tokens = min(tokens + (now - since) * self._rate, float(self._burst))
        admitted = tokens >= 1
        self._sources[source] = (tokens - admitted, now)
        if len(self._sources) > MOST_SOURCES:
            self._sources.popitem(last=False)
        return 0.0 if admitted else (1 - tokens) / self._rate
