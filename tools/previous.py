"""The previous version of forestall, kept with the tests so that an upgrade begins with the real thing.

`python -m tools.previous COMMIT` keeps the chart, the operator's sources and what they need as they were at a commit.
That is done once for each release, with the commit that was released.
"""

from __future__ import annotations

import argparse
import hashlib
import lzma
import subprocess
import tarfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
KEPT = ROOT / "tests" / "data" / "previous.tar.xz"
PROVENANCE = KEPT.with_name("previous.md")
PARTS = ("charts/forestall", "operator/forestall", "requirements/run.txt")

_PAGE = """\
# Where previous.tar.xz is from

Made by `python -m tools.previous {commit}`: {parts} of this project's commit

    {told}

as `git archive` gives them. sha256 of the unpacked archive: {digest}
"""


def keep(commit: str) -> None:
    """Keep the version of a commit, and write down where it is from. Raises CalledProcessError."""
    archive = _git("archive", "--format=tar", commit, *PARTS)
    told = _git("show", "--no-patch", "--format=%H %cs %s", commit).decode().strip()
    KEPT.write_bytes(lzma.compress(archive, preset=9 | lzma.PRESET_EXTREME))
    parts, digest = ", ".join(f"`{part}`" for part in PARTS), hashlib.sha256(archive).hexdigest()
    PROVENANCE.write_text(_PAGE.format(commit=commit, parts=parts, told=told, digest=digest), encoding="utf-8")


def unpack(folder: Path) -> Path:
    """Unpack the previous version into a folder; returns it: all of PARTS is in it, where it was."""
    with tarfile.open(KEPT) as archive:
        archive.extractall(folder, filter="data")
    return folder


def _git(*args: str) -> bytes:
    return subprocess.run(("git", *args), cwd=ROOT, check=True, capture_output=True).stdout


def main() -> None:
    """Keep the version of the commit that is named."""
    parser = argparse.ArgumentParser(prog="python -m tools.previous", description=__doc__)
    parser.add_argument("commit")
    keep(parser.parse_args().commit)


if __name__ == "__main__":
    main()
