"""Somebody whom the API server knows, and what it answers."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools.cluster.rest import MERGE, Rest

APPLY = "application/apply-patch+yaml"


@dataclass(frozen=True)
class Answer:
    """What the API server answered: the HTTP status, and the object or the `Status`."""

    code: int
    body: dict[str, Any]

    @property
    def allowed(self) -> bool:
        """Whether the request was carried out, or would have been if it was a dry run."""
        return self.code < 300

    @property
    def message(self) -> str:
        """Why not, in the server's words."""
        return str(self.body.get("message", ""))


def expect(answer: Answer, refusal: str | None) -> None:
    """Assert that the request was let through (`refusal` None), or that it was refused in these words."""
    if refusal is None:
        assert answer.allowed, answer.message
    else:
        assert not answer.allowed
        assert refusal in answer.message


class Person:
    """A holder of a kubeconfig, who speaks HTTP to the API server."""

    def __init__(self, kubeconfig: Path) -> None:
        self._rest = Rest(kubeconfig)

    def send(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        content: str = "application/json",
        headers: Mapping[str, str] | None = None,
        query: Mapping[str, str] | None = None,
    ) -> Answer:
        """Send one request."""
        status, raw = self._rest.send(method, path, body, content=content, headers=headers, query=query)
        return Answer(status, _json(raw))

    def create(self, path: str, body: Mapping[str, Any], **query: str) -> Answer:
        """Create an object in the collection at `path`."""
        return self.send("POST", path, body, query=query)

    def patch(self, path: str, body: Mapping[str, Any], **query: str) -> Answer:
        """Merge `body` into the object at `path`."""
        return self.send("PATCH", path, body, content=MERGE, query=query)

    def apply(self, path: str, body: Mapping[str, Any], **query: str) -> Answer:
        """Apply `body` to the object at `path`, server-side."""
        return self.send("PATCH", path, body, content=APPLY, query={"fieldManager": "test", "force": "true", **query})


def _json(raw: bytes) -> dict[str, Any]:
    """The object in an answer; what is no JSON object (a proxied reply) counts as its message."""
    try:
        whole = json.loads(raw)
    except ValueError:
        return {"message": raw.decode(errors="replace")}
    return whole if isinstance(whole, dict) else {"message": raw.decode(errors="replace")}
