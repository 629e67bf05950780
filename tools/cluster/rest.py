"""Plain JSON to and from an API server: no models to decode into, which one who speaks often cannot afford."""

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from http import HTTPStatus
from pathlib import Path
from typing import Any

from kubernetes import client, config, watch
from urllib3.exceptions import HTTPError

MERGE = "application/merge-patch+json"
STRATEGIC = "application/strategic-merge-patch+json"
"""The kind of patch that replaces only those items of a list that it names, a condition by its type."""

OUTAGE = (client.ApiException, HTTPError)
"""What is raised where nobody answers."""


class Refused(RuntimeError):  # noqa: N818 - an answer
    """The API server said no; during its start it says so to everybody."""


TIMEOUT = 30.0
"""Seconds after which an answer is not waited for any longer."""

PAUSE = 0.2
"""Seconds between two attempts of one who insists."""

STRETCH = 2
"""Seconds that one watch lasts: how late a closing is noticed."""

Json = dict[str, Any]


class Rest:
    """The holder of a kubeconfig, who sends requests."""

    def __init__(self, kubeconfig: Path) -> None:
        self.client: client.ApiClient = config.new_client_from_config(config_file=str(kubeconfig))

    def send(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        content: str = "application/json",
        headers: Mapping[str, str] | None = None,
        query: Mapping[str, str] | None = None,
    ) -> tuple[int, bytes]:
        """Send one request; return the HTTP status and the body. Raises one of OUTAGE where there is no answer."""
        request = self.client.param_serialize(
            method,
            path,
            query_params=list((query or {}).items()),
            header_params={"Content-Type": content, "Accept": "application/json", **(headers or {})},
            body=body,
            auth_settings=["BearerToken"],
        )
        answer = self.client.call_api(*request, _request_timeout=TIMEOUT)
        return answer.status, answer.read()

    def ask(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Json:
        """Send one request and return the object answered. Raises Refused, or one of OUTAGE."""
        status, raw = self.send(method, path, body)
        if status >= HTTPStatus.BAD_REQUEST:
            raise Refused(f"{method} {path}: {status} {raw.decode(errors='replace')}")
        answer: Json = json.loads(raw)
        return answer

    def insist(
        self,
        closing: threading.Event,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        content: str = "application/json",
    ) -> tuple[int, bytes] | None:
        """Send until the API server has decided, and return what; None at the closing: a node outlives an outage."""
        while not closing.is_set():
            with suppress(*OUTAGE):
                status, raw = self.send(method, path, body, content=content)
                if status < HTTPStatus.INTERNAL_SERVER_ERROR and status != HTTPStatus.TOO_MANY_REQUESTS:
                    return status, raw
            closing.wait(PAUSE)
        return None


def follow(items: Callable[..., object], closing: threading.Event, *args: str, **options: str) -> Iterator[Json]:
    """Yield every item of a list as it is now and at every change, until `closing`; not its deletion.

    `items` is the generated client's method that lists them, called with the further arguments. After an
    interruption all of them come again.
    """
    version: str | None = None
    while not closing.is_set():
        watching = watch.Watch(return_type=object)
        try:
            for event in watching.stream(items, *args, timeout_seconds=STRETCH, resource_version=version, **options):
                if event["type"] != "DELETED":
                    yield event["raw_object"]
            version = watching.resource_version
        except OUTAGE:  # or that version is too old to go on from
            version = None
            closing.wait(PAUSE)
