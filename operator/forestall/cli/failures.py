"""How a command ends: the exit codes, and errors with their remedy."""

from __future__ import annotations

from enum import IntEnum

from forestall.ports import KubeError


class Exit(IntEnum):
    """Exit codes, for scripts. 0 is success."""

    ERROR = 1
    """The cluster cannot be reached, the object is not there, or what was examined does not hold."""
    USAGE = 2
    """The command line does not say what to do."""
    NOT_NOW = 3
    """The plan, as it stands, allows no such decision; or what there is does not tell whether something holds."""
    REFUSED = 4
    """The API server refused, in its own words."""
    NOT_SUCCEEDED = 5
    """What was waited for did not come: the plan ended otherwise, or the time was up."""


class Failure(Exception):  # noqa: N818 - it is what the person is told, not always an error
    """The command ends with `code`; `message` says why, `remedy` what to do about it (empty: nothing to add)."""

    def __init__(self, code: Exit, message: str, remedy: str = "") -> None:
        super().__init__(message)
        self.code, self.message, self.remedy = code, message, remedy


def explain(error: KubeError) -> Failure:
    """The API server's refusal or silence, in its own words, with a remedy where there is one."""
    if error.status == 0 or error.status >= 500:
        remedy = "check the cluster's address and your way to it: kubectl get --raw /readyz"
        return Failure(Exit.ERROR, f"the API server does not answer: {error.message or error.reason}", remedy)
    if error.status == 404:
        return _missing(error)
    if error.status in {409, 429}:
        return Failure(Exit.ERROR, error.message, "run the command again")
    remedy = "log in again" if error.status == 401 else ""
    return Failure(Exit.REFUSED, f"refused by the API server: {error.message or error.reason}", remedy)


def _missing(error: KubeError) -> Failure:
    # Only an object that is missing is answered with a Status; a kind that is not served, with bare text.
    if error.reason == "NotFound":
        return Failure(Exit.ERROR, error.message, "look it up: kubectl forestall plans --all-namespaces")
    return Failure(Exit.ERROR, "this cluster does not serve forestall's resources", "install the chart first")
