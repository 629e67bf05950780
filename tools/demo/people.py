"""People, each with a kubeconfig and rights of their own, who use forestall's command line."""

import subprocess

from forestall.api.remediationplan import RemediationPlan
from forestall.cli.failures import Exit
from tools.demo.ground import Ground
from tools.demo.stage import SHOP
from tools.demo.waiting import Stuck

ALICE = (SHOP, "alice", "shop-supervisors")
"""May approve the shop's plans."""

MALLORY = (SHOP, "mallory", "shop-developers")
"""May edit the shop's plans, and not approve them."""


class Person:
    """Somebody whom the API server knows by a client certificate, a member of one group, at work in one namespace."""

    def __init__(self, stage: Ground, namespace: str, name: str, group: str) -> None:
        self._stage = stage
        self._namespace = namespace
        self.name = name
        self._kubeconfig = stage.cluster.user_kubeconfig(name, (group,))

    def approve(self, plan: RemediationPlan) -> None:
        """Approve the plan. Raises Stuck where that is refused."""
        self._did(self._forestall("approve", plan.metadata.name, "--yes"), "Approved by")

    def reject(self, plan: RemediationPlan, reason: str) -> None:
        """Reject the plan. Raises Stuck where that is refused."""
        self._did(self._forestall("reject", plan.metadata.name, "--reason", reason), "rejected by")

    def is_refused(self, plan: RemediationPlan, by: Exit = Exit.REFUSED) -> None:
        """Try to approve the plan and show the refusal. Raises Stuck unless the command ends with that exit code."""
        done = self._forestall("approve", plan.metadata.name, "--yes")
        if done.returncode != by:
            raise Stuck(f"{self.name} was not refused with exit code {by:d}: {done.stdout}{done.stderr}")
        self._stage.tell.quote(done.stderr)

    def _forestall(self, *args: str) -> subprocess.CompletedProcess[str]:
        words = " ".join(f"'{arg}'" if " " in arg else arg for arg in args)
        self._stage.tell.command(f"kubectl forestall {words}    (as {self.name})")
        return self._stage.forestall(self._kubeconfig, self._namespace, *args)

    def _did(self, done: subprocess.CompletedProcess[str], outcome: str) -> None:
        """Show the command's last words, from the line that tells the outcome on."""
        if done.returncode:
            raise Stuck(f"{self.name} was refused: {done.stderr}")
        self._stage.tell.quote(done.stdout[done.stdout.find(outcome) :].partition("\n")[0])
