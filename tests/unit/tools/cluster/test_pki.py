"""Certificates say who somebody is, and kubeconfigs carry them whole."""

import json
import ssl
import subprocess
from pathlib import Path

import pytest

from tools.cluster.pki import Pki, kubeconfig, with_token


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Pki:
    return Pki(tmp_path_factory.mktemp("pki"))


def openssl(*args: str | Path) -> str:
    return subprocess.run(("openssl", *args), check=True, capture_output=True, text=True).stdout


def test_a_certificate_names_user_and_groups_even_with_slashes(pki: Pki) -> None:
    cert = pki.issue("ann", "ann@net/ops", ("a/b", "approvers")).cert
    subject = openssl("x509", "-in", cert, "-noout", "-subject", "-nameopt", "multiline,-esc_msb")
    said = [line.partition("= ")[2] for line in subject.splitlines() if "= " in line]
    assert said == ["a/b", "approvers", "ann@net/ops"]


def test_a_certificate_is_for_the_names_and_addresses_given(pki: Pki) -> None:
    cert = pki.issue("server", "server", sans=("localhost", "127.0.0.1")).cert
    names = openssl("x509", "-in", cert, "-noout", "-ext", "subjectAltName")
    assert "DNS:localhost, IP Address:127.0.0.1" in names


def test_a_certificate_is_signed_by_the_authority(pki: Pki) -> None:
    strictly = ("verify", "-x509_strict", "-CAfile", pki.ca())  # as Python does from 3.13 on
    assert openssl(*strictly, pki.issue("bob", "bob").cert).strip().endswith("OK")


def test_a_certificate_is_made_once_per_name(pki: Pki) -> None:
    assert pki.issue("carol", "carol").cert.read_bytes() == pki.issue("carol", "carol").cert.read_bytes()


def test_another_authoritys_certificate_is_not_trusted(pki: Pki, tmp_path: Path) -> None:
    stranger = Pki(tmp_path).issue("ann", "ann").cert
    with pytest.raises(subprocess.CalledProcessError):
        openssl("verify", "-CAfile", pki.ca(), stranger)


def test_the_service_account_keys_belong_together(pki: Pki) -> None:
    key, public = pki.service_account_keys()
    assert openssl("pkey", "-in", key, "-pubout") == public.read_text()
    assert pki.service_account_keys() == (key, public)


def test_a_kubeconfig_is_private_and_holds_the_certificate_itself(pki: Pki, tmp_path: Path) -> None:
    path = kubeconfig(tmp_path / "k", server="https://x", ca=pki.ca(), cert=pki.issue("ann", "ann"))
    whole = json.loads(path.read_text())
    assert path.stat().st_mode & 0o777 == 0o600
    assert whole["clusters"][0]["cluster"]["server"] == "https://x"
    assert set(whole["users"][0]["user"]) == {"client-certificate-data", "client-key-data"}


def test_a_kubeconfig_that_others_could_read_is_replaced_by_a_private_one(pki: Pki, tmp_path: Path) -> None:
    path = tmp_path / "k"
    path.touch(0o644)
    kubeconfig(path, server="https://x", ca=pki.ca(), token="t")
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_token_takes_the_place_of_the_certificate(pki: Pki, tmp_path: Path) -> None:
    admin = kubeconfig(tmp_path / "a", server="https://x", ca=pki.ca(), cert=pki.issue("ann", "ann"))
    whole = json.loads(with_token(admin.read_text(), "secret", tmp_path / "t").read_text())
    assert whole["users"][0]["user"] == {"token": "secret"}
    assert whole["clusters"] == json.loads(admin.read_text())["clusters"]


def test_a_server_with_its_certificate_can_be_trusted_by_python(pki: Pki) -> None:
    serving = pki.issue("tls", "tls", sans=("127.0.0.1",))
    ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(serving.cert, serving.key)
    assert ssl.create_default_context(cafile=pki.ca()).cert_store_stats()["x509_ca"] == 1
