"""An environment of its own for packages that cannot share ours, made once per user."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tests.bench.twin.networks import Sample
from tools.cluster.host import cache_dir

LOCKED = Path(__file__).with_name("rivals.txt")
SCRIPT = Path(__file__).with_name("rivals.py")


class MissingError(Exception):
    """The packages could not be had; the message says why."""


@dataclass(frozen=True)
class Measured:
    """What a package took for some failures, and found."""

    seconds: float
    """For one failure."""
    highest: list[float]
    """[failures] load of the fullest arc"""


def measured(package: str, sample: Sample, links: Iterable[int], folder: Path) -> Measured:
    """Let the package route the network without each of the links in turn. MissingError where it is not to be had."""
    file = folder / "sample.npz"
    np.savez(
        file,
        nodes=sample.nodes,
        tail=sample.tail,
        head=sample.head,
        metric=sample.metric,
        destinations=sample.destinations,
        demand=sample.demand,
    )
    command = [str(_python()), str(SCRIPT), package, str(file), *map(str, links)]
    found = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
    return Measured(found["milliseconds"] / 1e3, found["highest"])


def _python() -> Path:
    key = hashlib.sha256(LOCKED.read_bytes() + sys.version.encode()).hexdigest()[:16]
    folder = cache_dir() / "bench" / key
    python, done = folder / "bin" / "python", folder / "done"
    if not done.exists():
        pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes"]
        _made([sys.executable, "-m", "venv", "--clear", str(folder)])
        _made([*pip, "--requirement", str(LOCKED)])
        done.touch()
    return python


def _made(command: Sequence[str]) -> None:
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        raise MissingError((done.stderr.strip() or f"exit code {done.returncode}").splitlines()[-1])
