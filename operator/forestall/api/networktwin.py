"""NetworkTwin: where the digital twin of a cluster and its networks gets its facts from."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, ClassVar, Literal

from pydantic import ConfigDict, Field

from forestall.api.base import (
    Column,
    Condition,
    Crd,
    Duration,
    Label,
    Model,
    Query,
    Resource,
    Text,
    exactly_one,
    list_map,
)


class KubernetesSource(Model):
    """Nodes, workloads, pods, Services and PodDisruptionBudgets, by list and watch."""

    namespaces: Annotated[tuple[Label, ...], Field(max_length=256)] = ()
    """Namespaces whose objects enter the twin. Empty: all that the operator may read."""


class PrometheusSource(Model):
    """The Prometheus server that the twin's metrics and the policies' queries are read from."""

    url: Annotated[str, Field(max_length=2048, pattern=r"^https?://[^\s@]+$")]
    """Base address, for example http://prometheus.monitoring:9090. No user information in it."""
    timeout: Duration = timedelta(seconds=10)
    """Longest wait for one query."""


class MetricBinding(Model):
    """Joins the series of one query to elements of the twin, by label."""

    name: Label
    """Name of the binding, unique in this twin."""
    attribute: Literal["load"]
    """Which attribute of the element the value becomes: `load` is its utilisation, 1 = fully used."""
    kind: Literal["Service", "Deployment", "Node"]
    """Kind of the elements that the series belong to."""
    query: Query
    """PromQL; an instant query with one series for each element."""
    name_label: Annotated[str, Field(max_length=128)]
    """The label that holds the element's name."""
    namespace_label: Annotated[str, Field(max_length=128)] = "namespace"
    """The label that holds the element's namespace; not read for nodes."""


class TwinSource(Model):
    """One source of the twin. Set exactly one of its kinds."""

    model_config = ConfigDict(json_schema_extra=exactly_one("kubernetes", "prometheus"))

    name: Label
    """Name of the source, unique in this twin; findings name it as provenance."""
    kubernetes: KubernetesSource | None = None
    """Kubernetes objects."""
    prometheus: PrometheusSource | None = None
    """Metrics."""


class NetworkTwinSpec(Model):
    """What the twin is fed from."""

    sources: Annotated[tuple[TwinSource, ...], Field(min_length=1, max_length=16, json_schema_extra=list_map("name"))]
    """Where facts come from. At most one Kubernetes source and one Prometheus source are read."""
    metrics: Annotated[tuple[MetricBinding, ...], Field(max_length=64, json_schema_extra=list_map("name"))] = ()
    """Queries whose values become attributes of elements."""
    refresh: Duration = timedelta(seconds=10)
    """How often metrics are read. Kubernetes objects arrive by watch, at once."""


class LayerCount(Model):
    """How much of one layer is in the twin."""

    layer: Annotated[str, Field(max_length=63)]
    """Name of the layer: platform, workload or service."""
    elements: int
    """Elements of the layer."""


class SourceStatus(Model):
    """How one source does."""

    name: Label
    """Name of the source."""
    fresh: bool
    """Whether the last read worked and is recent."""
    message: Text = ""
    """What is wrong, and the remedy; empty when fresh."""


class NetworkTwinStatus(Model):
    """What the twin holds. Written only when counts or conditions change."""

    observed_generation: int = 0
    """The generation of the spec that is in force."""
    conditions: Annotated[tuple[Condition, ...], Field(max_length=16, json_schema_extra=list_map("type"))] = ()
    """Ready, MetricsReachable."""
    snapshot_id: Annotated[str, Field(max_length=80)] = ""
    """Content id of the snapshot that these counts were taken from."""
    layers: Annotated[tuple[LayerCount, ...], Field(max_length=16, json_schema_extra=list_map("layer"))] = ()
    """Elements per layer."""
    sources: Annotated[tuple[SourceStatus, ...], Field(max_length=16, json_schema_extra=list_map("name"))] = ()
    """Each source's state."""


class NetworkTwin(Resource):
    """A digital twin of the cluster and its networks: the graph that every decision is tried on first."""

    crd: ClassVar[Crd] = Crd(
        kind="NetworkTwin",
        plural="networktwins",
        short="twin",
        scope="Cluster",
        columns=(
            Column("Ready", '.status.conditions[?(@.type=="Ready")].status'),
            Column("Metrics", '.status.conditions[?(@.type=="MetricsReachable")].status'),
            Column("Snapshot", ".status.snapshotId", wide=True),
            Column("Age", ".metadata.creationTimestamp", "date"),
        ),
    )
    spec: NetworkTwinSpec
    """What the twin is fed from."""
    status: NetworkTwinStatus = NetworkTwinStatus()
    """What the twin holds."""
