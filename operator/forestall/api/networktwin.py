"""NetworkTwin: where the digital twin of a cluster and its networks gets its facts from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Annotated, ClassVar, Literal

from pydantic import ConfigDict, Field

from forestall.api.base import (
    Column,
    Condition,
    Crd,
    DecimalText,
    Duration,
    Label,
    Model,
    Query,
    Resource,
    Text,
    Time,
    exactly_one,
    list_map,
    validations,
)

Layer = Literal["physical", "link", "ip", "platform", "workload", "service"]
"""Layers of networks, from the ground up. The nodes of one of layer `platform` are Kubernetes nodes, by name."""
Cause = Literal[
    "srlg", "conduit", "site", "power", "zone", "rack", "host", "software", "certificate", "controlPlane", "maintenance"
]
"""What can take the members of a risk group down together."""

TOPOLOGY_LABEL = "forestall.dev/topology"
"""Label of the ConfigMaps that hold topology documents, and of the namespaces that such are read from: `true`."""
LabelName = Annotated[str, Field(min_length=1, max_length=317)]
LabelValue = Annotated[str, Field(max_length=63, pattern=r"^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$")]


class LabelGroup(Model):
    """Kubernetes nodes with the same value of a label are one risk group: one cause can take them down together."""

    label: LabelName
    """Name of the nodes' label, for example topology.kubernetes.io/zone."""
    cause: Cause
    """What they have in common."""


class KubernetesSource(Model):
    """Nodes, workloads, pods, Services, Jobs, PodDisruptionBudgets, PersistentVolumeClaims with their volumes and
    HorizontalPodAutoscalers, by list and watch."""

    namespaces: Annotated[tuple[Label, ...], Field(max_length=256)] = ()
    """Namespaces whose objects enter the twin. Empty: all that the operator may read."""
    risk_groups: Annotated[tuple[LabelGroup, ...], Field(max_length=16, json_schema_extra=list_map("label"))] = (
        LabelGroup(label="topology.kubernetes.io/region", cause="site"),
        LabelGroup(label="topology.kubernetes.io/zone", cause="zone"),
    )
    """Labels of nodes that say which of them fail together. Name the labels of your racks and hosts here, too."""


class TopologySource(Model):
    """Networks, as documents describe them: ConfigMaps with the label `forestall.dev/topology: "true"`.

    Each of their keys is one document. No other ConfigMap is read.
    """

    namespaces: Annotated[tuple[Label, ...], Field(max_length=64)] = ()
    """Namespaces of the ConfigMaps. Empty: those that bear the label `forestall.dev/topology: "true"` themselves.
    The operator needs the right to read ConfigMaps in each of them: the chart's value `topology.namespaces`."""
    labels: Annotated[Mapping[str, LabelValue], Field(max_length=8)] = Field(default_factory=dict)
    """Labels that the ConfigMaps must bear beside that one."""
    keys: Annotated[str, Field(min_length=1, max_length=253, pattern=r"^[-._*?A-Za-z0-9]+$")] = "*"
    """Which keys of a ConfigMap are documents; `*` stands for any characters, `?` for one: `*.json`."""
    format: Literal["auto", "rfc8345", "netjson", "topohub", "graphml"] = "auto"
    """How the documents are written; `auto`: as each of them shows."""
    layer: Layer | None = None
    """Layer of the documents' networks, whatever they say themselves. Unset: as they say."""


class PrometheusSource(Model):
    """The Prometheus server that the twin's metrics and the policies' queries are read from."""

    url: Annotated[str, Field(max_length=2048, pattern=r"^https?://[^\s@]+$")]
    """Base address, for example http://prometheus.monitoring:9090. No user information in it."""
    timeout: Duration = timedelta(seconds=10)
    """Longest wait for one query."""


_KINDS = {
    "load": ("Service", "Deployment", "Node", "NetworkLink"),
    "up": ("NetworkNode", "NetworkLink"),
    "capacity": ("NetworkLink",),
    "demand": ("Demand",),
}
"""Kinds that have each attribute."""


def _binding_rules() -> Iterator[tuple[str, str]]:
    """What a binding's fields must be together, in CEL."""
    for attribute, kinds in _KINDS.items():
        listed = ", ".join(f"'{kind}'" for kind in kinds)
        yield (
            f"self.attribute != '{attribute}' || self.kind in [{listed}]",
            f"attribute {attribute} is one of {', '.join(kinds)}",
        )
    yield (
        "!(self.kind in ['NetworkNode', 'NetworkLink', 'Demand']) || (has(self.network) && self.network != '')",
        "network: say which network the elements are in",
    )
    yield (
        "self.kind != 'Demand' || (has(self.targetLabel) && self.targetLabel != '')",
        "targetLabel: say which label holds the node that a demand goes to",
    )


class MetricBinding(Model):
    """Joins the series of one query to elements of the twin, by label."""

    model_config = ConfigDict(json_schema_extra=validations(*_binding_rules()))

    name: Label
    """Name of the binding, unique in this twin."""
    attribute: Literal["load", "up", "capacity", "demand"]
    """Which attribute of the element the value becomes. `load` is its utilisation, 1 = fully used. Of networks:
    `up`, 0 where a node or link is down; `capacity` of a link and `demand` between two nodes, in bit per second."""
    kind: Literal["Service", "Deployment", "Node", "NetworkNode", "NetworkLink", "Demand"]
    """Kind of the elements that the series belong to."""
    query: Query
    """PromQL; an instant query with one series for each element."""
    name_label: Annotated[str, Field(max_length=128)]
    """The label that holds the element's name; of a demand, the node that it comes from."""
    namespace_label: Annotated[str, Field(max_length=128)] = "namespace"
    """The label that holds the element's namespace; not read for nodes and networks."""
    network: Annotated[str, Field(max_length=253)] = ""
    """Id of the network that the elements are in; for NetworkNode, NetworkLink and Demand."""
    point_label: Annotated[str, Field(max_length=128)] = ""
    """For NetworkLink: the label that holds the termination point, such as an interface, at the node that `nameLabel`
    holds, and that the link leaves from. Empty: `nameLabel` holds the link's own id."""
    target_label: Annotated[str, Field(max_length=128)] = ""
    """For Demand: the label that holds the node that it goes to."""


class TwinSource(Model):
    """One source of the twin. Set exactly one of its kinds."""

    model_config = ConfigDict(json_schema_extra=exactly_one("kubernetes", "prometheus", "topology"))

    name: Label
    """Name of the source, unique in this twin; findings name it as provenance."""
    kubernetes: KubernetesSource | None = None
    """Kubernetes objects."""
    prometheus: PrometheusSource | None = None
    """Metrics."""
    topology: TopologySource | None = None
    """Networks, from documents in ConfigMaps."""


class NetworkTwinSpec(Model):
    """What the twin is fed from."""

    sources: Annotated[tuple[TwinSource, ...], Field(min_length=1, max_length=16, json_schema_extra=list_map("name"))]
    """Where facts come from. At most one Kubernetes source and one Prometheus source are read; topology sources may be
    several, and what they describe is one topology."""
    metrics: Annotated[tuple[MetricBinding, ...], Field(max_length=64, json_schema_extra=list_map("name"))] = ()
    """Queries whose values become attributes of elements."""
    refresh: Duration = timedelta(seconds=10)
    """How often metrics are read. Kubernetes objects arrive by watch, at once."""


class LayerCount(Model):
    """How much of one layer is in the twin."""

    layer: Annotated[str, Field(max_length=63)]
    """Name of the layer: physical, link, ip, platform, workload or service."""
    elements: int
    """Elements of the layer. Of a network: its nodes and links."""


class SourceStatus(Model):
    """How one source does."""

    name: Label
    """Name of the source."""
    fresh: bool
    """Whether the last read worked and is recent."""
    message: Text = ""
    """What is wrong, and the remedy; empty when fresh."""
    documents: int | None = None
    """Of a topology source: documents in force, each with the last content that could be read."""
    coverage: DecimalText | None = None
    """Share of what the source describes that is in the twin, from 0 to 1 (F1). Unset: nothing is described."""
    completeness: DecimalText | None = None
    """Share of required attributes that are known, from 0 to 1 (F2): capacities of links, and references that lead
    somewhere. Unset for sources of other kinds."""
    as_of: Time | None = None
    """When the oldest document in force was read (F3). The metric forestall_twin_source_age_seconds counts from when
    the source was last heard of."""


class NetworkTwinStatus(Model):
    """What the twin holds. Written only when counts or conditions change."""

    observed_generation: int = 0
    """The generation of the spec that is in force."""
    conditions: Annotated[tuple[Condition, ...], Field(max_length=16, json_schema_extra=list_map("type"))] = ()
    """Ready, MetricsReachable; with a topology source, TopologyReadable: False where a document cannot be read, and the
    last one that could stays in force."""
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
            Column("Topology", '.status.conditions[?(@.type=="TopologyReadable")].status'),
            Column("Snapshot", ".status.snapshotId", wide=True),
            Column("Age", ".metadata.creationTimestamp", "date"),
        ),
    )
    spec: NetworkTwinSpec
    """What the twin is fed from."""
    status: NetworkTwinStatus = NetworkTwinStatus()
    """What the twin holds."""
