"""`python -m tools.demo.twin`: networks in the twin, on a real control plane."""

import sys

from tools.cluster import build
from tools.demo.ground import PROGRAMS
from tools.demo.loop import Loop
from tools.demo.narration import Narration
from tools.demo.performing import performed
from tools.demo.twin.report import risks_table
from tools.demo.twin.scenes import Scenes
from tools.demo.twin.stage import CITY, Stage, prepare

BUILT = ("kubernetes", "helm")
"""The programs that the demonstration needs, one of each Go module."""


def main() -> int:
    """Run the demonstration and return its exit code."""
    return performed(perform)


def perform(narration: Narration) -> None:
    """Set the stage, play the scenes, show what came of them. Raises Stuck where the loop does not get there."""
    narration.chapter("Programs, made where the cache has none")
    for name in BUILT:
        narration.say(f"{name}: {build.binary(name)}")
    stage = Stage(narration)
    prepare(stage)
    risks = Scenes(stage, Loop(stage.cluster.get, CITY, narration)).play()
    narration.chapter("What it came to")
    narration.show(risks_table(risks))
    narration.console.print(farewell(stage))


def farewell(stage: Stage) -> str:
    """Return how to look at what is left, and how to remove it."""
    path = f'{build.binary("kubectl").parent}:{PROGRAMS}:"$PATH"'
    return f"""
What is still open takes other cables, other ducts or another date: no metric and no Job helps there.
The cluster is up; the operator's token lasts an hour:
  export KUBECONFIG={stage.cluster.kubeconfig}
  export PATH={path}
  kubectl get findings,plans -n {CITY}
  kubectl forestall twin what-if --twin {CITY} --change harbour-works:down --within-n1
Remove it:
  make cluster-down"""


if __name__ == "__main__":
    sys.exit(main())
