"""The pod of a Job: one container that may do nothing on its node."""

from __future__ import annotations

import json

from forestall.ports import Json


def restricted(account: str, container: Json) -> Json:
    """The spec of a pod that runs one container under that account, never twice."""
    return {
        "serviceAccountName": account,
        "restartPolicy": "Never",
        "enableServiceLinks": False,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": 65532,
            "runAsGroup": 65532,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containers": [
            {
                **container,
                "securityContext": {
                    "allowPrivilegeEscalation": False,
                    "readOnlyRootFilesystem": True,
                    "capabilities": {"drop": ["ALL"]},
                },
                "terminationMessagePolicy": "File",
            }
        ],
    }


def literal(value: str) -> str:
    """Text that the kubelet leaves as it is: it would expand $(NAME), and turns $$ into $."""
    return value.replace("$", "$$")


def compact(value: object) -> str:
    """Compact JSON with sorted keys: the same value is the same text.

    Without a dollar sign, which the kubelet would take for the beginning of a variable to expand.
    """
    written = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return written.replace("$", "\\u0024")
