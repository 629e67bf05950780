"""Somebody's own cluster, used only when the environment variable FORESTALL_KUBECONFIG names its kubeconfig."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Self

from tools.cluster.base import Base
from tools.cluster.host import Missing

VARIABLE = "FORESTALL_KUBECONFIG"


class Existing(Base):
    """A cluster that was there before and stays: it is neither started nor removed.

    A current context or KUBECONFIG is never read: what happens to be selected may be a production cluster.
    """

    tier = "existing"
    remedy = "use the node tier (root on Linux)"

    def __init__(self, folder: Path, environ: Mapping[str, str] = os.environ) -> None:
        super().__init__(folder)
        self._environ = environ

    @property
    def kubeconfig(self) -> Path:
        """The file that FORESTALL_KUBECONFIG names. Raises Missing where it is unset or names no file."""
        path = Path(self._environ.get(VARIABLE, ""))
        if not path.is_file():
            raise Missing(f"set {VARIABLE} to the kubeconfig of the cluster to use (now {str(path)!r})")
        return path

    def up(self) -> Self:
        """Check that the cluster answers. Raises CalledProcessError with kubectl's words if it does not."""
        self.kubectl("get", "--raw", "/readyz")
        return self

    def down(self) -> None:
        """Leave the cluster as it is."""
