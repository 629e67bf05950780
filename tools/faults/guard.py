"""A guard who watches the workloads while somebody repairs: what harm they come to in between is seen, too."""

import threading
from collections.abc import Callable
from typing import Self

from tools.faults.differences import Objects, ref_of
from tools.faults.judge import INTERVAL, State, harmed


class Guard:
    """Looks at `state` every `interval` seconds in a thread of its own, for as long as the block lasts.

    A moment at which the API server does not answer is passed over.
    """

    def __init__(self, state: Callable[[], State], before: State, interval: float = INTERVAL) -> None:
        self._state = state
        self._before = _objects(before)
        self._interval = interval
        self._harm: dict[str, None] = {}
        self._failure: list[BaseException] = []
        self._enough = threading.Event()
        self._thread = threading.Thread(target=self._run, name="guard")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._enough.set()
        self._thread.join()

    @property
    def harm(self) -> list[str]:
        """Every harm that was seen, once. Raises what ended the guard, if anything did."""
        if self._failure:
            raise RuntimeError("the guard has ended") from self._failure[0]
        return list(self._harm)

    def _run(self) -> None:
        try:
            while not self._enough.wait(self._interval):
                self._look(self._state())
        except BaseException as error:  # told to whoever asks for the harm
            self._failure.append(error)

    def _look(self, now: State) -> None:
        if now.deployments:
            self._harm.update(dict.fromkeys(harmed(self._before, _objects(now))))


def _objects(state: State) -> Objects:
    return {ref_of({"kind": "Deployment", **one}): one for one in state.deployments}
