"""What the host lacks is unpacked into the cache; what it has is the host's."""

import os
import subprocess
from pathlib import Path

import pytest

from tools.cluster import host, system_packages


@pytest.fixture
def packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine that lacks both packages, with a package tool whose archives hold what the real ones hold."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(system_packages, "missing", lambda: system_packages.LIBSECCOMP + system_packages.IPTABLES)
    tools = tmp_path / "tools"
    tools.mkdir()
    monkeypatch.setenv("PATH", f"{tools}:{os.environ['PATH']}")
    tool(tools / "apt-get", 'case "$*" in *download*) touch fake.deb;; esac')
    tool(
        tools / "dpkg-deb",
        'mkdir -p "$3/usr/lib/x86_64-linux-gnu" "$3/usr/sbin"',
        'ln -sf nowhere "$3/usr/lib/x86_64-linux-gnu/libseccomp.so"',
        'touch "$3/usr/lib/x86_64-linux-gnu/libseccomp.a"',
        'printf "#!/bin/sh\\necho \\$LD_LIBRARY_PATH \\$*\\n" > "$3/usr/sbin/xtables-nft-multi"',
        'chmod +x "$3/usr/sbin/xtables-nft-multi"',
    )
    return tools


def tool(path: Path, *lines: str) -> None:
    path.write_text("\n".join(["#!/bin/sh", *lines, ""]))
    path.chmod(0o755)


def test_the_commands_find_their_libraries_where_they_were_unpacked(packages: Path) -> None:
    root = system_packages.prefix()
    done = subprocess.run([root / "bin" / "iptables", "-S"], capture_output=True, text=True, check=True)
    assert done.stdout.split() == [str(system_packages.library_folder(root)), "iptables", "-S"]
    assert system_packages.command_path().split(":")[0] == str(root / "bin")


def test_only_the_static_library_is_left_to_link_to(packages: Path) -> None:
    libraries = system_packages.library_folder(system_packages.prefix())
    assert [path.name for path in libraries.iterdir()] == ["libseccomp.a"]


def test_a_second_call_downloads_nothing(packages: Path) -> None:
    first = system_packages.prefix()
    tool(packages / "apt-get", "exit 1")
    assert system_packages.prefix() == first


def test_lists_that_are_absent_are_fetched_once(packages: Path, tmp_path: Path) -> None:
    tool(
        packages / "apt-get",
        f'case "$*" in *update*) touch {tmp_path}/lists;; *) test -e {tmp_path}/lists && touch fake.deb;; esac',
    )
    assert (system_packages.prefix() / "bin" / "iptables").exists()


def test_a_package_that_cannot_be_had_is_named_with_the_tools_words(packages: Path) -> None:
    tool(packages / "apt-get", "echo no such host >&2", "exit 100")
    with pytest.raises(host.Missing, match=r"libseccomp-dev, iptables.*no such host"):
        system_packages.prefix()


def test_without_a_package_tool_the_packages_are_named(
    packages: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(host.Missing, match=r"no apt-get .* libseccomp-dev, iptables"):
        system_packages.prefix()


def test_a_host_that_has_everything_needs_no_tool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(system_packages, "missing", lambda: ())
    monkeypatch.setenv("PATH", "")
    assert list(system_packages.prefix().iterdir()) == []
