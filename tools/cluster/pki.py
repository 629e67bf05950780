"""A throw-away certificate authority and the kubeconfigs that use it; `openssl` does the work."""

import base64
import json
import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from tools.cluster import host

DAYS = 30
"""Validity of every certificate; clusters live for hours."""

KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
"""Elliptic curve keys: made in milliseconds, where RSA takes a good part of a second."""

AUTHORITY = ("-addext", "keyUsage=critical,keyCertSign,cRLSign")
"""Without it Python trusts no authority from 3.13 on."""


@dataclass(frozen=True)
class Certificate:
    """A certificate and its private key, both PEM files."""

    cert: Path
    key: Path


class Pki:
    """One folder of keys and certificates under one authority; each is made once and then found again."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def ca(self) -> Path:
        """Return the authority's certificate."""
        return self._certificate("ca", "forestall-test-ca", (), AUTHORITY).cert

    def issue(self, name: str, cn: str, orgs: Sequence[str] = (), sans: Sequence[str] = ()) -> Certificate:
        """Return the certificate called `name` for server and client use.

        `cn` is the user and `orgs` are the groups as Kubernetes reads them; `sans` are the DNS names and IP
        addresses that a server is reached by. A second call with the same name returns the first one's.
        """
        ca = Certificate(self.ca(), self.folder / "ca.key")
        usage = ["basicConstraints=critical,CA:FALSE", "extendedKeyUsage=serverAuth,clientAuth"]
        if sans:
            usage.append("subjectAltName=" + ",".join(_san(san) for san in sans))
        extensions = [part for line in usage for part in ("-addext", line)]
        signing = ["-CA", str(ca.cert), "-CAkey", str(ca.key), *extensions]
        return self._certificate(name, cn, orgs, signing)

    def service_account_keys(self) -> tuple[Path, Path]:
        """Return the private and the public key that service-account tokens are signed with and checked by."""
        key, public = self.folder / "service-account.key", self.folder / "service-account.pub"
        if not public.exists():
            self.folder.mkdir(parents=True, exist_ok=True)
            curve = ("-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256")
            _openssl("genpkey", *curve, "-out", str(key))
            _openssl("pkey", "-in", str(key), "-pubout", "-out", str(public))
        return key, public

    def _certificate(self, name: str, cn: str, orgs: Sequence[str], signing: Sequence[str]) -> Certificate:
        made = Certificate(self.folder / f"{name}.crt", self.folder / f"{name}.key")
        if not made.cert.exists():
            self.folder.mkdir(parents=True, exist_ok=True)
            subject = "".join(f"/{key}={_escaped(value)}" for key, value in [*(("O", o) for o in orgs), ("CN", cn)])
            files = ("-keyout", str(made.key), "-out", str(made.cert))
            _openssl("req", "-x509", *KEY, "-days", str(DAYS), "-subj", subject, *files, *signing)
        return made


def kubeconfig(
    path: Path,
    *,
    server: str,
    ca: Path,
    cert: Certificate | None = None,
    token: str | None = None,
) -> Path:
    """Write a kubeconfig for one user of one cluster, readable by its owner only, and return its path.

    Everything is inside the file, so that it works wherever it is copied to. `server` is a URL.
    """
    user: dict[str, str] = {}
    if cert is not None:
        user |= {"client-certificate-data": _data(cert.cert), "client-key-data": _data(cert.key)}
    if token is not None:
        user["token"] = token
    cluster = {"server": server, "certificate-authority-data": _data(ca)}
    write_private(path, json.dumps(_config(cluster, user), indent=1))
    return path


def with_token(config: str, token: str, path: Path) -> Path:
    """Write `config`, a kubeconfig in JSON with all its parts inside, for the bearer of `token` instead."""
    whole = json.loads(config)
    for user in whole["users"]:
        user["user"] = {"token": token}
    write_private(path, json.dumps(whole, indent=1))
    return path


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can read, never readable by others even for a moment."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)


def _config(cluster: dict[str, str], user: dict[str, str]) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "forestall",
        "contexts": [{"name": "forestall", "context": {"cluster": "forestall", "user": "forestall"}}],
        "clusters": [{"name": "forestall", "cluster": cluster}],
        "users": [{"name": "forestall", "user": user}],
    }


def _data(path: Path) -> str:
    return base64.b64encode(path.read_bytes()).decode()


def _san(name: str) -> str:
    try:
        return f"IP:{ip_address(name)}"
    except ValueError:
        return f"DNS:{name}"


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace("/", "\\/")


def _openssl(*args: str) -> None:
    host.require("openssl")
    done = subprocess.run(("openssl", *args), capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"openssl {args[0]}: {done.stderr.strip()}")
