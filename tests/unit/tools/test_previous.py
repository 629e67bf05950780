"""The previous version that is kept is the one that its page tells of."""

import hashlib
import lzma
from pathlib import Path

from tools import previous


def test_what_is_kept_is_what_was_written_down() -> None:
    digest = hashlib.sha256(lzma.decompress(previous.KEPT.read_bytes())).hexdigest()
    assert digest in previous.PROVENANCE.read_text(encoding="utf-8")


def test_chart_sources_and_what_they_need_are_in_it(tmp_path: Path) -> None:
    folder = previous.unpack(tmp_path)
    assert (folder / "charts" / "forestall" / "Chart.yaml").is_file()
    assert (folder / "requirements" / "run.txt").is_file()
    assert (folder / "operator" / "forestall" / "runtime" / "main.py").is_file()
