"""The command lines say what the tiers differ in, and nothing else differs."""

from pathlib import Path

import pytest

from tools.cluster import control_plane
from tools.cluster.pki import Pki


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Pki:
    return Pki(tmp_path_factory.mktemp("pki"))


def apiserver(pki: Pki, advertise: str) -> list[str]:
    return control_plane.apiserver_args(
        pki, bind="127.0.0.1", advertise=advertise, port=6443, etcd_port=2379, hosts=("localhost",)
    )


def test_on_loopback_the_api_server_does_not_announce_an_endpoint(pki: Pki) -> None:
    assert "--endpoint-reconciler-type=none" in apiserver(pki, "127.0.0.1")
    assert "--endpoint-reconciler-type=none" not in apiserver(pki, "10.77.0.1")


def test_nothing_but_rbac_and_the_node_rules_grants_rights(pki: Pki) -> None:
    assert "--authorization-mode=Node,RBAC" in apiserver(pki, "127.0.0.1")


def test_every_file_that_is_named_exists(pki: Pki) -> None:
    managing = control_plane.controller_manager_args(pki, kubeconfig=Path("k"), folder=Path("f"))
    args = apiserver(pki, "127.0.0.1") + managing
    files = [value for _, _, value in (arg.partition("=") for arg in args) if value.startswith(str(pki.folder))]
    assert len(files) > 10
    assert all(Path(file).exists() for file in files)


def test_etcd_is_reached_from_this_machine_only() -> None:
    args = control_plane.etcd_args(data=Path("d"), client_port=1, peer_port=2)
    urls = [arg for arg in args if "://" in arg]
    assert len(urls) == 5
    assert all("http://127.0.0.1:" in url for url in urls)
