"""`python -m tools.demo`: the whole loop on a real cluster, with what it took."""

import sys

from rich.console import Console

from forestall.api.inspectionpolicy import Closure
from tools.cluster import build, host, node_tier
from tools.demo.loop import Loop
from tools.demo.narration import Narration
from tools.demo.report import closure_line, items_table, outage_table
from tools.demo.scenes import Scenes
from tools.demo.stage import PROGRAMS, SHOP, Stage, prepare
from tools.demo.waiting import Stuck


def main() -> int:
    """Run the demonstration and return its exit code; the cluster stays up either way."""
    console = Console(highlight=False, soft_wrap=True)
    narration = Narration(console)
    try:
        perform(narration)
    except (Stuck, host.Missing, RuntimeError, TimeoutError) as error:
        console.print(
            f"\nthe demonstration failed after {narration.elapsed:.0f} s: {error}", style="bold red", markup=False
        )
        return 1
    return 0


def perform(narration: Narration) -> None:
    """Set the stage, play the scenes, show the figures. Raises Stuck where the loop does not get where it should."""
    reason = node_tier.unavailable()
    if reason:
        raise host.Missing(f"the demonstration loses a real node, and this machine cannot run any: {reason}")
    narration.chapter("Programs and images, built where the cache has none")
    for module in build.MODULES:
        narration.say(f"{module.programs[0]}: {build.binary(module.programs[0])}")
    stage = Stage(narration)
    prepare(stage)
    scenes = Scenes(stage)
    items = [scenes.risk(), scenes.broken_rollout(), scenes.saturation(), scenes.rejection()]
    loop = Loop(stage.cluster, SHOP, narration)
    closed = sum(1 for item in items if item.finding.status.closure)
    closure = loop.await_closure(Closure(eligible=len(items), one_hop=closed))
    outage = scenes.loss()
    narration.chapter("What it came to")
    narration.console.print(items_table(items), outage_table(outage), closure_line(closure), sep="\n\n")
    narration.console.print(farewell(stage, len(loop.open_findings())))


def farewell(stage: Stage, still_open: int) -> str:
    """Return how to look at what is left, and how to remove it."""
    return f"""
Node2 stays lost, and forestall goes on looking: {still_open} findings are open now. The cluster is up:
  export KUBECONFIG={stage.cluster.kubeconfig}
  export PATH={build.binary("kubectl").parent}:{PROGRAMS}:"$PATH"
  kubectl get findings,plans -A
  kubectl forestall status -A
Remove it:
  make cluster-down"""


if __name__ == "__main__":
    sys.exit(main())
