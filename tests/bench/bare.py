"""The least that any operator on Kopf does about a changed policy: its status says which generation was seen.

`python -m tests.bench.bare`
"""

from typing import Any

import kopf

from forestall.api.base import GROUP, VERSION


@kopf.on.startup()
def set_up(settings: kopf.OperatorSettings, **_: Any) -> None:
    settings.peering.standalone = True
    settings.scanning.disabled = True
    settings.posting.enabled = False


@kopf.on.event(GROUP, VERSION, "inspectionpolicies")
def seen(body: kopf.Body, patch: kopf.Patch, **_: Any) -> None:
    if body.status.get("observedGeneration") != body.metadata["generation"]:
        patch.status["observedGeneration"] = body.metadata["generation"]


if __name__ == "__main__":
    kopf.run(clusterwide=True)
