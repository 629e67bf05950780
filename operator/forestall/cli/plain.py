"""Foreign text made safe to show: names, messages and diffs come from whoever could write to the cluster."""

from __future__ import annotations

import unicodedata
from datetime import datetime

_UNSEEN = frozenset(("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"))
"""Categories of characters that a terminal obeys or hides instead of showing: controls, formats (among them
those that turn the direction of text), lone surrogates, private and unassigned code points, line separators."""


def plain(text: str) -> str:
    """`text` on one line, with every character that would not be seen as itself written as its escape."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(_escape(char) if unicodedata.category(char) in _UNSEEN else char for char in text)


def _escape(char: str) -> str:
    return char.encode("unicode_escape", "surrogatepass").decode("ascii")


def age(since: datetime | None, now: datetime) -> str:
    """How long ago, in the largest whole unit: `45s`, `12m`, `3h`, `2d`; `-` for never."""
    if since is None:
        return "-"
    seconds = max(0, int((now - since).total_seconds()))
    for size, unit in ((86_400, "d"), (3600, "h"), (60, "m")):
        if seconds >= size:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"
