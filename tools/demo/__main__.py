"""`python -m tools.demo`: the whole loop on a real cluster, with what it took."""

import sys

from forestall.api.inspectionpolicy import Closure
from tools.cluster import build, host, node_tier
from tools.demo.ground import PROGRAMS
from tools.demo.loop import Loop
from tools.demo.loss import lose_node
from tools.demo.narration import Narration
from tools.demo.performing import performed
from tools.demo.report import closure_line, items_table, outage_table
from tools.demo.scenes import Scenes
from tools.demo.stage import NODE_LOST, SHOP, Stage, demonstration, prepare

BUILT = ("kubernetes", "helm", "containerd", "runc", "coredns", "prometheus")
"""The programs that the demonstration needs, one of each Go module."""


def main() -> int:
    """Run the demonstration and return its exit code."""
    return performed(perform)


def perform(narration: Narration) -> None:
    """Set the stage, play the scenes, show the figures. Raises Stuck where the loop does not get where it should."""
    reason = node_tier.unavailable()
    if reason:
        raise host.Missing(f"the demonstration loses a real node, and this machine cannot run any: {reason}")
    narration.chapter("Programs and images, made where the cache has none")
    for name in BUILT:
        narration.say(f"{name}: {build.binary(name)}")
    stage = Stage(narration, demonstration())
    prepare(stage)
    loop = Loop(stage.cluster.get, SHOP, narration)
    scenes = Scenes(stage, loop)
    items = [scenes.risk(), scenes.broken_rollout(), scenes.saturation(), scenes.rejection()]
    ran = sum(item.plan.status.phase == "Succeeded" for item in items)
    # Before the node is lost: that leaves risks which nobody has answered yet, and they count.
    closure = loop.await_closure(Closure(eligible=len(items), one_hop=ran))
    outage = lose_node(stage)
    narration.chapter("What it came to")
    for part in (items_table(items), outage_table(outage), closure_line(closure)):
        narration.show(part)
    narration.console.print(farewell(stage, len(loop.open_findings())))


def farewell(stage: Stage, still_open: int) -> str:
    """Return how to look at what is left, and how to remove it."""
    path = f'{build.binary("kubectl").parent}:{PROGRAMS}:"$PATH"'
    return f"""
{NODE_LOST} stays lost and the load goes on: {still_open} findings are open now, later than the figures above.
The cluster is up:
  export KUBECONFIG={stage.cluster.kubeconfig}
  export PATH={path}
  kubectl get findings,plans -A
  kubectl forestall status -A
Remove it:
  make cluster-down"""


if __name__ == "__main__":
    sys.exit(main())
