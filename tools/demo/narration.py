"""What is said while a demonstration works, each line with the time since its start."""

from __future__ import annotations

import time
from collections.abc import Callable

from rich.console import Console, RenderableType
from rich.markup import escape


class Narration:
    """Tells on `console`; `now` gives seconds, and the story starts when it is made."""

    def __init__(self, console: Console, now: Callable[[], float] = time.monotonic) -> None:
        self.console = console
        self._now = now
        self._began = now()
        self._voice = ""

    def aside(self, voice: str) -> Narration:
        """Return one that tells the same story, with the name of who speaks in each line."""
        other = Narration(self.console, self._now)
        other._began, other._voice = self._began, f"{voice}  "
        return other

    @property
    def elapsed(self) -> float:
        """Seconds since the start."""
        return self._now() - self._began

    def chapter(self, title: str) -> None:
        """Begin a part of the story."""
        self.console.print()
        self.console.print(f"[bold]{self._stamp}  {escape(title)}[/bold]")

    def say(self, text: str) -> None:
        """Tell what is being done or was seen."""
        self.console.print(f"{self._stamp}  {escape(text)}", highlight=False)

    def command(self, text: str) -> None:
        """Show a command that is run."""
        self.console.print(f"{self._stamp}  [cyan]$ {escape(text)}[/cyan]", highlight=False)

    def quote(self, text: str) -> None:
        """Show somebody else's words, indented."""
        for line in text.rstrip().splitlines():
            self.console.print(f"         {self._voice}[dim]{escape(line)}[/dim]", highlight=False)

    def show(self, figures: RenderableType) -> None:
        """Show figures as they are."""
        # Long words may run over the edge of a terminal; a table must know where it is.
        self.console.print(figures, soft_wrap=False)

    def fail(self, text: str) -> None:
        """Tell why the story ends here."""
        self.console.print(f"\n[bold red]{escape(text)}[/bold red]", highlight=False)

    @property
    def _stamp(self) -> str:
        return f"{self.elapsed:6.1f}s  {self._voice}".rstrip()
