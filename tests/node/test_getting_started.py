"""A new user's path, as the guide has it: every command of the page, word for word and in its order."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tools.cluster import build
from tools.cluster.images import ROOT
from tools.cluster.node_tier import NodeTier
from tools.cluster.oci import Image

pytestmark = pytest.mark.node

PAGE = ROOT / "docs" / "guide" / "getting-started.md"
BLOCK = re.compile(r"^```sh\n(.*?)^```$", re.DOTALL | re.MULTILINE)
SECONDS = 1800
"""For all of them; those that wait have limits of their own."""


def script() -> str:
    """The page's commands, each shown before it is run; the first one that fails is the last."""
    return "\n".join(["set -euxo pipefail", *BLOCK.findall(PAGE.read_text())])


def test_every_command_of_the_page_works_as_it_stands(node_cluster: NodeTier, operator: Image) -> None:
    repository, digest = operator.by_digest.split("@")
    programs = (build.binary("kubectl").parent, build.binary("helm").parent, Path(sys.executable).parent)
    environment = {
        "PATH": os.pathsep.join([*map(str, programs), os.environ["PATH"]]),
        "HOME": str(node_cluster.folder / "home"),
        "KUBECONFIG": str(node_cluster.kubeconfig),
        "REPOSITORY": repository,
        "DIGEST": digest,
    }
    done = subprocess.run(
        ["bash", "-c", script()],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=SECONDS,
    )
    assert done.returncode == 0, f"{done.stdout[-6000:]}\n{done.stderr[-6000:]}\n{standing(node_cluster)}"
    assert "response undo is in mode Observe" in done.stdout
    assert "hello/start: ready for Open" in done.stdout
    assert "Succeeded" in done.stdout
    left = node_cluster.kubectl("get", "crds,clusterroles,validatingadmissionpolicies,namespaces", "-o", "name").stdout
    assert "forestall" not in left


def standing(cluster: NodeTier) -> str:
    """How pods stand, and the operator's last words."""
    questions = (
        ("get", "pods", "--all-namespaces", "--output=wide"),
        ("logs", "--namespace=forestall-system", "--selector=app.kubernetes.io/name=forestall", "--tail=20"),
    )
    return "\n".join(cluster.kubectl(*question, check=False).stdout for question in questions)


def test_nothing_on_the_page_is_left_out() -> None:
    """Blocks of another kind, and indented ones, would not be run."""
    text = PAGE.read_text()
    assert text.count("```") == 2 * len(BLOCK.findall(text)) > 20
    assert not re.search(r"^    \S", text, re.MULTILINE)
