"""The namespace that the context names."""

from __future__ import annotations

from pathlib import Path

from forestall.adapters.kubernetes.kubeconfig import InvalidKubeconfigError, namespace, read
from forestall.cli.failures import Exit, Failure


def namespace_of(kubeconfig: str | None, context: str | None) -> str:
    """The namespace of `context`, else of the current one, in `kubeconfig`, else in KUBECONFIG's files.

    `default` if it names none.

    Raises Failure where a file is there and cannot be read, or where the one that was asked for is missing.
    """
    if kubeconfig and not Path(kubeconfig).expanduser().is_file():
        raise Failure(Exit.ERROR, f"there is no kubeconfig {kubeconfig}", "name an existing file with --kubeconfig")
    try:
        return namespace(read(kubeconfig), context) or "default"
    except InvalidKubeconfigError as error:
        raise Failure(Exit.ERROR, str(error), "mend it, or name another file with --kubeconfig") from error
