"""Pages of the documentation that are made of the code: written, or held against what the code would have."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path


def main(program: str, path: Path, text: str, arguments: Sequence[str]) -> int:
    """Write the page `text` to `path`, or with `--check` only say whether it stands there. Returns the exit code."""
    parser = argparse.ArgumentParser(prog=f"python -m {program}", description=f"Write the page {path.name}.")
    parser.add_argument("--check", action="store_true", help="write nothing; fail if the page is not up to date")
    if not parser.parse_args(arguments).check:
        path.write_text(text, encoding="utf-8")
        return 0
    if path.exists() and path.read_text(encoding="utf-8") == text:
        return 0
    sys.stderr.write(f"not as the code would have it: {path}; run `make crds`\n")
    return 1
