"""What is still asked of a plan that has ended: how and when it ended, what ran, and who had it.

Of the thousands that there may be, nothing else is held in memory. All of it stays on the API server and in the ledger.
"""

from __future__ import annotations

from typing import Final

from forestall.ports import Json

_SPENT: Final = frozenset(
    (
        "target",
        "steps",
        "rollback",
        "candidates",
        "prediction",
        "diff",
        "riskReasons",
        "approval",
        "gates",
        "score",
    )
)
"""Parts of the status that nothing follows from once the plan has ended."""
_NOTES: Final = frozenset(("labels", "annotations", "managedFields", "ownerReferences"))


def gist(body: Json) -> Json:
    """A plan that has ended, as its object, without what nothing follows from any more."""
    metadata = {name: value for name, value in body["metadata"].items() if name not in _NOTES}
    status = {name: value for name, value in body["status"].items() if name not in _SPENT}
    told = [one for one in status.get("conditions") or () if one["type"] == "Succeeded"]
    return {**body, "metadata": metadata, "status": {**status, "conditions": told}}
