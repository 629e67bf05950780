"""`python -m tools.recount --at TIME [--hold-off-hours 24] < ledger.jsonl` prints the figures of closure as JSON.

It shares nothing with the package: what it knows of the ledger stands in docs/reference/closure.md.
"""

import argparse
import bisect
import hashlib
import itertools
import json
import math
import statistics
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

Row = dict[str, Any]
RANK = {"Raised": 0, "Planned": 1, "Escalated": 2, "Cleared": 3, "Closed": 4}


def read(lines: Iterable[str]) -> list[Row]:
    """Return the rows, each with its time as `when`. Raises ValueError where the chain does not hold."""
    rows, before = [], "0" * 64
    for line in lines:
        row = json.loads(line)
        claimed = row.pop("hash")
        text = json.dumps(row, sort_keys=True, separators=(",", ":"))
        if row["previous"] != before or hashlib.sha256(text.encode()).hexdigest() != claimed:
            raise ValueError(f"row {row['seq']} does not hold")
        before = claimed
        rows.append({**row, **row["body"], "when": datetime.fromisoformat(row["at"])})
    return rows


def recount(rows: list[Row], hold_off: timedelta, now: datetime) -> list[Row]:
    """Return the figures of each type and horizon."""
    counts: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    spans: dict[tuple[str, str], list[list[float]]] = defaultdict(list)
    rows = sorted(rows, key=lambda row: (row["finding"], row["when"], RANK.get(row["transition"], 0)))
    for _, told in itertools.groupby(rows, key=lambda row: row["finding"]):
        for moves, plans, asked in items(list(told), hold_off):
            group = moves[0]["type"], {"Risk": "T-1", "Problem": "T0"}[moves[0]["class"]]
            counts[group].update(judge(moves, plans, asked, hold_off, now))
            if timed := times(moves, plans):
                spans[group].append(timed)
    return [figures(*group, counts[group], spans[group]) for group in sorted(counts)]


def items(told: list[Row], hold_off: timedelta) -> list[tuple[list[Row], list[list[Row]], list[Row]]]:
    """Part one finding's rows into items, each with its moves, its plans, and who was asked to take it over."""
    found: list[tuple[list[Row], list[list[Row]], list[Row]]] = []
    for row in (row for row in told if row["transition"] in RANK):
        last = found[-1][0][-1] if found else row
        late = last["transition"] in ("Cleared", "Closed") and row["when"] - last["when"] > hold_off
        if row["transition"] == "Raised" and (late or not found):
            found.append(([], [], []))
        for item in found[-1:]:
            item[0].append(row)
    cuts = [moves[0]["when"].replace(microsecond=0) for moves, _, _ in found]
    for uid in dict.fromkeys(row["uid"] for row in told if row["kind"] == "Plan" and found):
        plan = of(told, uid, "uid")
        found[max(bisect.bisect(cuts, plan[0]["when"]) - 1, 0)][1].append(plan)
    for row in filter(asks, of(told, "Finding", "kind") if found else []):
        found[max(bisect.bisect(cuts, row["when"]) - 1, 0)][2].append(row)
    return found


def of(rows: list[Row], value: str, name: str = "transition") -> list[Row]:
    """Return the rows with a value."""
    return [row for row in rows if row[name] == value]


def asks(row: Row) -> bool:
    """Whether the item is handed to a person."""
    return bool(row["transition"] == "HandedOff" and row["to"]["kind"] == "Human")


def judge(moves: list[Row], plans: list[list[Row]], asked: list[Row], hold_off: timedelta, now: datetime) -> Row:
    """Return what one item adds to each count."""
    end, raised, acts = moves[-1], of(moves, "Raised"), [row for plan in plans for row in plan]
    ran = [plan for plan in plans if of(plan, "Intended")]
    hops = [plan for plan in plans if {"Intended", "Approved", "Rejected"} & {row["transition"] for row in plan}]
    asked = asked + list(filter(asks, acts))
    closings, approvals, refusals = of(moves, "Closed"), of(acts, "Approved"), of(acts, "Rejected")
    again = any(row["when"] > closings[0]["when"] for row in raised) if closings else False
    alone = end["transition"] == "Cleared" and not ran and not asked
    ignored = (raised[0]["mode"] == "Observe" and not plans) or (raised[0]["suspended"] and not ran)
    good = [plan for plan in hops if of(plan, "Intended") and not of(plan, "UndoIntended") and proved(plan)]
    good = [plan for plan in good if any(row["outcome"] != "NothingToDo" for row in of(plan, "Finished"))]
    hop = end["transition"] == "Closed" and not again and not asked and len(good) == len(hops) == 1
    human = any(row["by"] == "Human" for row in approvals)
    touches = sum(len(row["names"]) for row in approvals + refusals) + sum(
        asks(r) and bool(r["to"]["name"]) for r in acts
    )
    return {
        "items": 1,
        "eligible": not alone and not ignored,
        "supervised": hop and human,
        "touchless": hop and not human,
        "provisional": hop and now - end["when"] < hold_off,
        "selfCleared": alone,
        "closed": bool(closings),
        "wrongClosures": again,
        "unsafeActions": sum(map(unsafe, plans)),
        "touches": 0 if alone or ignored else touches,
    }


def proved(plan: list[Row]) -> bool:
    """Whether the last word on the plan is that it did what it was for."""
    results = [row["result"] for row in of(plan, "Verified")][-1:] + [row["phase"] for row in of(plan, "Ended")][-1:]
    return results == ["Fulfilled", "Succeeded"]


def unsafe(plan: list[Row]) -> int:
    """Count Jobs outside any approval of this very content, and verifications that found a goal lost."""
    granted = [
        (row["when"], datetime.fromisoformat(row["expires"]))
        for row in of(plan, "Approved")
        if row["digest"] == row["planDigest"]
    ]
    outside = [job for job in of(plan, "Intended") if not any(a <= job["when"] <= z for a, z in granted)]
    return len(outside) + sum(1 for row in of(plan, "Verified") if row.get("lost"))


def times(moves: list[Row], plans: list[list[Row]]) -> list[float]:
    """Return the seconds from raised to decided to acted to verified, of the last plan that ran to its end."""
    ran = [plan for plan in plans if of(plan, "Intended")]
    ends = of(ran[-1], "Ended") if ran else []
    told = [ends[-1]["times"].get(name) for name in ("decided", "acted", "verified")] if ends else [None]
    moments = [moves[0]["when"], *map(datetime.fromisoformat, filter(None, told))]
    return [(b - a).total_seconds() for a, b in itertools.pairwise(moments)] if all(told) else []


def figures(kind: str, horizon: str, n: Counter[str], timed: list[list[float]]) -> Row:
    """Return counts, shares and times of one group."""
    plain = ("items", "eligible", "provisional", "selfCleared", "closed", "wrongClosures", "unsafeActions")
    return {
        "type": kind,
        "horizon": horizon,
        **{name: int(n[name]) for name in plain},
        "coverage": share(n["eligible"], n["items"]),
        "selfClearedShare": share(n["selfCleared"], n["items"]),
        "wrongClosureShare": share(n["wrongClosures"], n["closed"]),
        "touchesPerItem": share(n["touches"], n["eligible"]),
        **{name: series(n[name], n["eligible"], n["items"]) for name in ("supervised", "touchless")},
        "seconds": {name: spread([one[i] for one in timed]) for i, name in enumerate(("decide", "act", "verify"))},
    }


def series(hits: int, n: int, whole: int) -> Row:
    """Return rates; the bound is the smaller root of (p - hits/n)^2 = z^2 p (1 - p) / n."""
    lower = None
    if n:
        z2, p = statistics.NormalDist().inv_cdf(0.975) ** 2, hits / n
        a, b, c = 1 + z2 / n, -(2 * p + z2 / n), p * p
        lower = round(max(0.0, (-b - math.sqrt(b * b - 4 * a * c)) / (2 * a)), 4)
    return {"oneHop": hits, "rate": share(hits, n), "lower95": lower, "endToEnd": share(hits, whole)}


def share(part: int, whole: int) -> float | None:
    """Return a share, rounded to 1e-4."""
    return round(part / whole, 4) if whole else None


def spread(seconds: list[float]) -> Row:
    """Return number, median and 90th percentile."""
    n, ranked = len(seconds), sorted(seconds)
    p50, p90 = (round(statistics.median(ranked), 3), round(ranked[-(-9 * n // 10) - 1], 3)) if n else (None, None)
    return {"n": n, "p50": p50, "p90": p90}


def main() -> None:
    """Count what stands on the standard input."""
    parser = argparse.ArgumentParser(prog="python -m tools.recount", description="Count an exported ledger again.")
    parser.add_argument("--at", required=True, type=datetime.fromisoformat, help="the time of the count")
    parser.add_argument("--hold-off-hours", type=float, default=24.0)
    options = parser.parse_args()
    json.dump(recount(read(sys.stdin), timedelta(hours=options.hold_off_hours), options.at), sys.stdout, indent=2)


if __name__ == "__main__":
    main()
