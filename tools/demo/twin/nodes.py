"""The nodes of the city, as a program: they stay when the demonstration has ended.

Action Jobs run there as processes of this checkout; of other pods it is only said that they run.
"""

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tools.cluster.api_tier import ApiTier
from tools.cluster.operator import checkout
from tools.cluster.pods import Image, PodRunner
from tools.demo import stage

NODES = ("west-1", "east-1")
"""Their names in the documents of the network."""

DIGEST = f"sha256:{0:064}"
ACTION_IMAGE = f"localhost/forestall@{DIGEST}"
"""No image has this digest: on these nodes it stands for this checkout."""


@contextmanager
def standing(cluster: ApiTier, folder: Path, action_image: str = ACTION_IMAGE) -> Iterator[None]:
    """The nodes, as long as the block lasts."""
    images = {action_image: Image(env=checkout()), stage.IMAGE: Image(service=True)}
    with ExitStack() as nodes:
        for name in NODES:
            nodes.enter_context(PodRunner(cluster, folder / name, images, name))
        yield


def main(folder: str) -> None:
    """Be the nodes of the cluster in that folder until SIGTERM."""
    ended = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: ended.set())
    cluster = ApiTier(Path(folder))
    with standing(cluster, cluster.folder / "nodes"):
        ended.wait()


if __name__ == "__main__":
    main(sys.argv[1])
