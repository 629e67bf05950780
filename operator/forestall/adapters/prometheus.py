"""`Metrics` over prometheus-api-client: bounded in time, size and threads, and kept to one namespace."""

from __future__ import annotations

import asyncio
import math
import re
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import requests
from prometheus_api_client.exceptions import PrometheusApiClientException
from prometheus_api_client.prometheus_connect import PrometheusConnect
from urllib3.exceptions import HTTPError
from urllib3.util.retry import Retry

from forestall.adapters.promql import InvalidQueryError, within
from forestall.ports import Clock, Measurement, Sample

MAX_BYTES = 16 * 1024 * 1024
MAX_SERIES = 20_000
WORKERS = 4
ROUNDING = Decimal("0.0001")
_PASSING = re.compile(
    r"<[^<>]* object at 0x[0-9a-f]+>:? ?|[A-Za-z.]+\([^()]*port=\d+\):? ?|Max retries exceeded with url: \S+ "
)
"""What differs from one failure to the next: objects' addresses, and which query it was."""


class BoundedSession(requests.Session):
    """A session that follows no redirect and reads no more than `MAX_BYTES` in no more than `seconds`.

    `requests` alone bounds only the wait for each packet: a server that drips would hold a thread for ever.
    """

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self.seconds = seconds
        self.trust_env = False

    def request(self, *args: Any, **kwargs: Any) -> requests.Response:
        """One request, its body read here."""
        deadline = time.monotonic() + self.seconds
        kwargs |= {"allow_redirects": False, "stream": True, "timeout": self.seconds}
        response = super().request(*args, **kwargs)
        try:
            body = self._body(response, deadline)
        except HTTPError as error:
            raise requests.ConnectionError(f"the answer broke off: {error}") from error
        finally:
            response.close()
        response._content = body  # the only way to hand over a body that was read by parts
        return response

    def _body(self, response: requests.Response, deadline: float) -> bytes:
        """The body, by what each packet brings: a larger read would wait until it is full."""
        body = bytearray()
        while part := response.raw.read1(65_536, decode_content=True):
            body += part
            if len(body) > MAX_BYTES:
                raise requests.RequestException(f"answer of more than {MAX_BYTES} bytes: narrow the query")
            if time.monotonic() > deadline:
                raise requests.Timeout(f"no whole answer within {self.seconds} s")
        return bytes(body)


class Prometheus:
    """One Prometheus server. Queries run in a few threads of their own, never on the event loop."""

    def __init__(self, url: str, *, timeout: float, clock: Clock) -> None:
        self._clock = clock
        self._server = PrometheusConnect(
            url=url.rstrip("/"), session=BoundedSession(timeout), retry=Retry(total=0), timeout=math.ceil(timeout)
        )
        self._threads = ThreadPoolExecutor(WORKERS, thread_name_prefix="prometheus")
        self._closed = False

    def close(self) -> None:
        """Let the threads go, once they have answered what was asked: a query that is cancelled would end its task."""
        self._closed = True
        self._threads.shutdown(wait=False)

    async def query(self, queries: Sequence[str], *, namespace: str = "") -> Mapping[str, Measurement]:
        """Answer instant queries side by side."""
        if self._closed:
            return {query: Measurement(query, self._clock.now(), error="it is asked no more") for query in queries}
        loop = asyncio.get_running_loop()
        asked = [loop.run_in_executor(self._threads, self._ask, query, namespace) for query in queries]
        return dict(zip(queries, await asyncio.gather(*asked), strict=True))

    def _ask(self, query: str, namespace: str) -> Measurement:
        at = self._clock.now()
        try:
            rows = self._server.custom_query(within(query, namespace) if namespace else query)
            return Measurement(query, at, samples=_samples(rows))
        except InvalidQueryError as error:
            return Measurement(query, at, error=str(error))
        except (requests.RequestException, PrometheusApiClientException, ValueError, KeyError, TypeError) as error:
            return Measurement(query, at, error=_words(error))


def _words(error: Exception) -> str:
    """The error in words that are the same each time: whatever else would be news, and written, at every look."""
    return f"{type(error).__name__}: {_PASSING.sub('', str(error))[:300]}"


def _samples(rows: object) -> tuple[Sample, ...]:
    """An instant vector's series, sorted by label. A scalar is one series without labels."""
    if isinstance(rows, list) and len(rows) == 2 and isinstance(rows[1], str):
        return (Sample({}, _value(rows[1])),)
    if not isinstance(rows, list) or len(rows) > MAX_SERIES:
        raise ValueError(f"no instant vector of at most {MAX_SERIES} series")
    found = [Sample(_labels(row["metric"]), _value(row["value"][1])) for row in rows]
    return tuple(sorted(found, key=lambda sample: sorted(sample.labels.items())))


def _labels(metric: Mapping[str, Any]) -> dict[str, str]:
    return {str(name): str(value) for name, value in metric.items()}


def _value(text: str) -> Decimal:
    """A finite sample rounded to 1e-4; NaN and infinities stay what they are, and are judged by the reader."""
    number = float(text)
    return Decimal(repr(number)).quantize(ROUNDING) if math.isfinite(number) and abs(number) < 1e15 else Decimal(text)
