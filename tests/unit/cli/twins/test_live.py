"""A twin in the cluster is read by the documents that its topology sources select."""

from forestall.ports import Json
from forestall.twin.formats import load
from tests.unit.cli.cluster import Cluster
from tests.unit.cli.twins.asking import asked, config_map, document, network_twin, object_twin, twin
from tests.unit.twin.networks import demand, platform, ring
from tests.unit.twin.objects import node

RING = document(ring("abcd", demand("a", "b", 4e9)))
SPACE: Json = {"kind": "Namespace", "metadata": {"name": "networks", "labels": {"forestall.dev/topology": "true"}}}


def shown(*objects: Json, source: Json | None = None) -> Json:
    cluster = Cluster([network_twin({"namespaces": ["networks"]} if source is None else source), *objects])
    found: Json = asked("show", "--twin", "main", cluster=cluster)
    return {**found, "defects": [defect for defect in found["defects"] if defect["path"].startswith("ConfigMap")]}


def test_all_documents_are_one_topology() -> None:
    found = shown(config_map("one", {"a.json": RING}), config_map("two", {"b": document(platform({"w": "a"}))}))
    assert [network["network"] for network in found["networks"]] == ["backbone", "cluster"]
    assert found["source"] == "twin main"


def test_only_marked_config_maps_and_matching_keys_are_read() -> None:
    other = {**config_map("two", {"b.json": "{"}), "metadata": {"namespace": "networks", "name": "two"}}
    found = shown(
        config_map("one", {"a.json": RING, "README": "{"}), other, source={"namespaces": ["networks"], "keys": "*.json"}
    )
    assert (len(found["networks"]), found["defects"]) == (1, [])


def test_further_labels_select() -> None:
    source = {"namespaces": ["networks"], "labels": {"team": "core"}}
    found = shown(
        config_map("one", {"a": RING}, team="core"), config_map("two", {"b": "{"}, team="edge"), source=source
    )
    assert (len(found["networks"]), found["defects"]) == (1, [])


def test_without_namespaces_those_that_are_marked_are_read() -> None:
    plain: Json = {"kind": "Namespace", "metadata": {"name": "other"}}
    elsewhere = config_map("two", {"b": "{"})
    elsewhere["metadata"]["namespace"] = "other"
    found = shown(SPACE, plain, config_map("one", {"a": RING}), elsewhere, source={})
    assert (len(found["networks"]), found["defects"]) == (1, [])


def test_the_source_says_the_layer() -> None:
    found = shown(config_map("one", {"a": RING}), source={"namespaces": ["networks"], "layer": "physical"})
    assert [network["layer"] for network in found["networks"]] == ["physical"]


def test_a_document_that_is_broken_or_contradicts_is_left_out_and_told() -> None:
    broken = document(ring("xyz")).replace('"source-node": "x"', '"source-node": 7', 1)
    found = shown(
        config_map("one", {"a": RING}), config_map("two", {"b": "{", "c": broken}), config_map("three", {"d": RING})
    )
    assert [network["nodes"] for network in found["networks"]] == [4]
    places = list(dict.fromkeys(defect["path"].partition(":")[0] for defect in found["defects"]))
    assert places == [
        "ConfigMap networks/two, key b",
        "ConfigMap networks/two, key c",
        "ConfigMap networks/three, key d",
    ]
    assert "there is one of that name already: nothing of it is read" in found["defects"][-1]["message"]


def test_what_is_measured_is_said_to_be_missing() -> None:
    binding = {
        "name": "link-load",
        "attribute": "load",
        "kind": "NetworkLink",
        "query": "x",
        "nameLabel": "link",
        "network": "backbone",
    }
    main = network_twin({"namespaces": ["networks"]}, metrics=[binding])
    main["status"] = {
        "conditions": [
            {
                "type": "TopologyReadable",
                "status": "False",
                "reason": "Broken",
                "message": "key b: it is no JSON",
                "lastTransitionTime": "2026-01-05T10:00:00Z",
            }
        ]
    }
    cluster = Cluster([main, config_map("one", {"a": RING})])
    told = asked("show", "--twin", "main", cluster=cluster)["remarks"]
    assert ["link-load" in told[0], "key b: it is no JSON" in told[1]] == [True, True]


def test_what_there_is_not_is_said_with_a_remedy() -> None:
    missing = twin("show", "--twin", "other", cluster=Cluster([network_twin({"namespaces": ["networks"]})]))
    assert (missing.exit_code, "there is no twin other" in missing.stderr) == (1, True)
    empty = twin("show", "--twin", "main", cluster=Cluster([network_twin({"namespaces": ["networks"]})]))
    assert (empty.exit_code, "give ConfigMaps with documents the label" in empty.stderr) == (1, True)
    bare = network_twin()
    bare["spec"]["sources"] = [{"name": "p", "prometheus": {"url": "http://prometheus:9090"}}]
    none = twin("show", "--twin", "main", cluster=Cluster([bare]))
    assert (none.exit_code, "has no source of networks or objects" in none.stderr) == (1, True)
    wrong = twin("show", "--twin", "Main!", cluster=Cluster())
    assert (wrong.exit_code, "is no twin's name" in wrong.stderr) == (2, True)


def test_every_question_can_be_asked_of_a_twin() -> None:
    cluster = Cluster([network_twin({"namespaces": ["networks"]}), config_map("one", {"a": RING})])
    for args in (("what-if", "--fail", "a"), ("spof",), ("contingency",), ("export", "--format", "svg")):
        result = twin(*args, "--twin", "main", cluster=cluster)
        assert (result.exit_code, result.stderr) == (0, ""), args


def test_questions_about_networks_can_be_asked_of_a_twin_of_both() -> None:
    networks = ring("abcd", demand("a", "b", 4e9)).plus(platform({"w": "a"}))
    worker = node("w", labels={"topology.kubernetes.io/zone": "x"})
    source = object_twin({"namespaces": ["networks"]})
    cluster = Cluster([source, config_map("one", {"a": document(networks)}), worker])
    assert asked("contingency", "--twin", "main", "--scope", "group", cluster=cluster)["scanned"] == 1
    written = [twin("export", "--format", form, "--twin", "main", cluster=cluster) for form in ("rfc8345", "svg")]
    assert [(result.exit_code, result.stderr) for result in written] == [(0, "")] * 2
    again = load(written[0].stdout, source="x")
    assert (again.topology.nodes.keys(), again.defects) == (networks.nodes.keys(), ())
