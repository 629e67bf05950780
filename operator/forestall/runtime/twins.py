"""The twins in memory: one for each NetworkTwin, with its feed, its Prometheus and its latest snapshot."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial

from forestall.api.base import Key
from forestall.api.networktwin import KubernetesSource, NetworkTwin, PrometheusSource
from forestall.ports import Clock, Kube, Measurement, Metrics
from forestall.runtime.bindings import bound
from forestall.runtime.feed import Feed
from forestall.runtime.topologies import Topologies
from forestall.twin.live import Live
from forestall.twin.sources import empty_live, of_objects
from forestall.twin.views import Snapshot

REACHABLE = "vector(1)"
"""A query that every Prometheus server answers."""
MetricsFactory = Callable[[PrometheusSource], Metrics]


class Twin:
    """One twin: a Live view that the feed writes and everybody else reads as snapshots."""

    def __init__(
        self,
        resource: NetworkTwin,
        live: Live,
        *,
        feed: Feed | None,
        topologies: Topologies,
        metrics: Metrics | None,
        time: Callable[[], float],
    ) -> None:
        self.resource = resource
        self.feed = feed
        self.topologies = topologies
        self._live = live
        self._metrics, self._time = metrics, time
        self._answered_at = time()
        self.metrics_error = "" if metrics else "the twin has no Prometheus source"
        self.written_at: datetime | None = None
        """When its status was last written."""

    @property
    def ready(self) -> bool:
        """Whether the twin holds a whole picture, and follows it."""
        return self.feed is not None and not self.awaited

    @property
    def awaited(self) -> tuple[str, ...]:
        """What keeps it from being ready. Documents are waited for once: later, the last ones stay in force."""
        documents = () if self.topologies.settled else ("topology documents",)
        return (*(self.feed.awaited if self.feed else ()), *documents)

    @property
    def ages(self) -> Mapping[str, float]:
        """By source: seconds for which changes of it may have been missed."""
        found = dict(self.topologies.ages)
        for source in self.resource.spec.sources:
            if source.kubernetes and self.feed is not None:
                found[source.name] = self.feed.age
            if source.prometheus and self._metrics is not None:
                found[source.name] = self._time() - self._answered_at
        return found

    @property
    def defects(self) -> Mapping[Key, str]:
        """Objects that could not be read, with the reason."""
        return self._live.defects

    def snapshot(self) -> Snapshot:
        """The present state, immutable."""
        return self._live.snapshot()

    async def measure(self, queries: Sequence[str], namespace: str = "") -> Mapping[str, Measurement]:
        """Answers to `queries`; none at all without a Prometheus source."""
        return {} if self._metrics is None else await self._metrics.query(queries, namespace=namespace)

    async def close(self) -> None:
        """Follow nothing and ask nobody any more."""
        if self.feed is not None:
            await self.feed.stop()
        await self.topologies.stop()
        if self._metrics is not None:
            self._metrics.close()

    async def refresh_loads(self) -> Mapping[str, Measurement]:
        """Read the bound metrics into the Live view; elements whose series is gone lose their load. The answers.

        Whether the server answers at all is asked by a query that no policy or binding can have got wrong.
        """
        if self._metrics is None:
            return {}
        bindings = self.resource.spec.metrics
        answers = await self.measure([REACHABLE, *(binding.query for binding in bindings)])
        self.metrics_error = answers[REACHABLE].error
        self._answered_at = self._answered_at if self.metrics_error else self._time()
        found = bound(bindings, answers, self._live.declared)
        self._live.set_loads(found.loads)
        self._live.measure(found.networks)
        return answers


class Twins:
    """All twins, kept in step with the NetworkTwin objects."""

    def __init__(
        self,
        kube: Kube,
        clock: Clock,
        *,
        metrics: MetricsFactory,
        changed: Callable[[str, str], None],
        time: Callable[[], float],
    ) -> None:
        self._kube, self._clock, self._metrics, self._changed, self._time = kube, clock, metrics, changed, time
        self._twins: dict[str, Twin] = {}

    def get(self, name: str) -> Twin | None:
        """The twin of that name, or None."""
        return self._twins.get(name)

    def __iter__(self) -> Iterator[Twin]:
        """All of them."""
        return iter(self._twins.values())

    def feeds(self) -> list[Feed]:
        """Every running feed."""
        return [twin.feed for twin in self._twins.values() if twin.feed is not None]

    async def put(self, resource: NetworkTwin) -> Twin:
        """Take over a NetworkTwin; a changed spec starts anew, an unchanged one goes on."""
        name, known = resource.metadata.name, self._twins.get(resource.metadata.name)
        if known is not None and known.resource.spec == resource.spec:
            known.resource = resource
            return known
        await self.drop(name)
        self._twins[name] = twin = self._make(resource)
        if twin.feed is not None:
            twin.feed.start()
        twin.topologies.start()
        return twin

    async def drop(self, name: str) -> None:
        """The NetworkTwin is gone."""
        twin = self._twins.pop(name, None)
        if twin is not None:
            await twin.close()

    async def stop(self) -> None:
        """Let every twin go."""
        for name in list(self._twins):
            await self.drop(name)

    def _make(self, resource: NetworkTwin) -> Twin:
        name, sources = resource.metadata.name, resource.spec.sources
        objects = of_objects(resource.spec)
        server = next((source.prometheus for source in sources if source.prometheus), None)
        live = empty_live(objects)
        feed = self._feed(name, live, objects) if objects is not None else None
        metrics = self._metrics(server) if server is not None else None
        topologies = self._topologies(resource, live)
        return Twin(resource, live, feed=feed, topologies=topologies, metrics=metrics, time=self._time)

    def _topologies(self, resource: NetworkTwin, live: Live) -> Topologies:
        return Topologies(
            self._kube,
            live,
            {source.name: source.topology for source in resource.spec.sources if source.topology},
            changed=partial(self._changed, resource.metadata.name, ""),
            clock=self._clock,
            time=self._time,
        )

    def _feed(self, name: str, live: Live, source: KubernetesSource) -> Feed:
        return Feed(
            self._kube,
            live,
            namespaces=source.namespaces,
            changed=partial(self._changed, name),
            time=self._time,
        )
