"""Colours and signs. All of them can be told apart on a light and on a dark ground, and without seeing red or green."""

from __future__ import annotations

from typing import Final

from forestall.twin.picture.marks import FULL

BINS: Final = (0.2, 0.4, 0.6, 0.8, FULL)
"""Utilisations at which the colour changes."""
NAMES: Final = (
    "0\N{EN DASH}20 %",
    "20\N{EN DASH}40 %",
    "40\N{EN DASH}60 %",
    "60\N{EN DASH}80 %",
    "80\N{EN DASH}100 %",
    "over 100 %",
)
ROUNDING: Final = 1e-9

SHEET: Final = """
svg { font-family: system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif; }
.ground { fill: #ffffff; }
text { fill: #1f2933; }
.title { font-size: 20px; font-weight: 600; }
.note, .key { font-size: 13px; fill: #52606d; }
.name { font-size: 14px; text-anchor: middle; dominant-baseline: central; }
.share { font-size: 11.5px; font-weight: 600; text-anchor: middle; dominant-baseline: central; }
.place { font-size: 12px; font-style: italic; text-anchor: middle; fill: #52606d; }
.name, .share, .place { paint-order: stroke; stroke: #ffffff; stroke-width: 3px; stroke-linejoin: round; }
.patch { fill: #7b8794; stroke: #7b8794; stroke-width: 58px; opacity: 0.13; }
.patch { stroke-linecap: round; stroke-linejoin: round; }
.u0 { fill: #7ba3cc; } .u1 { fill: #2f86c1; } .u2 { fill: #1f9e89; }
.u3 { fill: #d6a312; } .u4 { fill: #e56b1f; } .u5 { fill: #c81d5e; }
.unknown { fill: #9aa5b1; }
.down { fill: none; stroke: #9aa5b1; stroke-width: 1.5px; stroke-dasharray: 4 3; }
.node { fill: #ffffff; stroke: #323f4b; stroke-width: 2.5px; }
.halo { fill: #8e44ad; opacity: 0.25; }
.suffers { fill: #e3ccf0; stroke: #7d3c98; stroke-width: 2.5px; }
.fallen { fill: #f5f7fa; stroke: #9aa5b1; stroke-width: 2px; stroke-dasharray: 3 2.5; }
.cross { stroke: #c62828; stroke-width: 3.5px; stroke-linecap: round; }
.under { stroke: #ffffff; stroke-width: 7px; stroke-linecap: round; }
@media (prefers-color-scheme: dark) {
.ground { fill: #14181d; }
text { fill: #e4e7eb; }
.note, .key, .place { fill: #9fb0c0; }
.name, .share, .place { stroke: #14181d; }
.node { fill: #14181d; stroke: #cbd2d9; }
.halo { fill: #bb7fd9; opacity: 0.3; }
.suffers { fill: #4a2a5c; stroke: #c58be0; }
.fallen { fill: #1f262d; }
.cross { stroke: #ff6b6b; }
.under { stroke: #14181d; }
}
"""


def shade(utilisation: float | None) -> str:
    """Class of a link that is used so much; None: nothing is known."""
    if utilisation is None:
        return "unknown"
    return f"u{sum(utilisation > bound * (1 + ROUNDING) for bound in BINS)}"


def percent(utilisation: float) -> str:
    """A utilisation in whole per cent, never rounded to what it is not: 100 is full, 101 is over."""
    share = 100 * utilisation
    if share > 100 * (1 + ROUNDING):
        return f"{max(101, round(share))} %"
    return f"{min(99, round(share)) if share < 100 * (1 - ROUNDING) else 100} %"
