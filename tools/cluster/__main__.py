"""`python -m tools.cluster`: build the programs, start a cluster, use it, remove it."""

import argparse
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from types import MappingProxyType

from tools.cluster import Cluster, Tier, attach, build, cluster_folder, host, kind, node_tier, up
from tools.cluster.process import State, alive

TIERS: tuple[Tier, ...] = ("node", "kind", "api", "existing")


def main(argv: list[str]) -> int:
    """Run one command and return its exit code."""
    arguments = _parser().parse_args(argv)
    try:
        return COMMANDS[arguments.command](arguments)
    except (RuntimeError, TimeoutError) as error:
        print(f"tools.cluster {arguments.command}: {error}", file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tools.cluster", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    building = commands.add_parser("build", help="build programs from source, or find them in the cache")
    building.add_argument("names", nargs="*", metavar="NAME", help="programs, all by default")
    starting = commands.add_parser("up", help="start a cluster and say how to reach it")
    starting.add_argument("tier", nargs="?", choices=TIERS, help="default: the first of them that can run here")
    faking = commands.add_parser("fake-nodes", help="add nodes in name only to the api tier")
    faking.add_argument("count", type=int)
    faking.add_argument("--broken", action="append", default=[], metavar="IMAGE", help="an image that they have not")
    commands.add_parser("down", help="remove the clusters and all they left")
    commands.add_parser("status", help="say what runs")
    for name, words in (("kubectl", "run kubectl"), ("exec", "run a command with KUBECONFIG and PATH set")):
        using = commands.add_parser(name, help=f"{words} against the running cluster", prefix_chars="\0")
        using.add_argument("args", nargs=argparse.REMAINDER)
    return parser


def _build(arguments: argparse.Namespace) -> int:
    for name in arguments.names or [module.programs[0] for module in build.MODULES]:
        print(build.binary(name))
    return 0


def _up(arguments: argparse.Namespace) -> int:
    cluster = up(arguments.tier or _default_tier())
    print(f"export KUBECONFIG={cluster.kubeconfig}")
    print(f'export PATH={os.pathsep.join(_programs())}:"$PATH"')
    return 0


def _default_tier() -> Tier:
    reasons: dict[Tier, str | None] = {"node": node_tier.unavailable()}
    if reasons["node"]:
        reasons["kind"] = kind.unavailable()
    for tier, reason in reasons.items():
        print(f"{tier} tier: {reason or 'this machine can run real nodes (`up api` gives a control plane only)'}")
    return next((tier for tier, reason in reasons.items() if reason is None), "api")


def _programs() -> list[str]:
    """Return the folders of our kubectl and helm."""
    return [str(build.binary(name).parent) for name in ("kubectl", "helm")]


def _fake_nodes(arguments: argparse.Namespace) -> int:
    print("\n".join(_running().add_fake_nodes(arguments.count, broken=arguments.broken)))
    return 0


def _down(_: argparse.Namespace) -> int:
    for tier in TIERS:
        attach(tier).down()
    return 0


def _status(_: argparse.Namespace) -> int:
    for tier in TIERS:
        for process in State(cluster_folder(tier)).processes():
            print(f"{tier} {process.name} {process.pid} {'runs' if alive(process) else 'has ended'}")
    if State(cluster_folder("kind")).get("engine"):
        print("kind: its nodes are containers")
    return 0


def _running() -> Cluster:
    """Return the cluster that commands are for: the one that FORESTALL_KUBECONFIG names, or one of ours."""
    if "FORESTALL_KUBECONFIG" in os.environ:
        return attach("existing")
    for tier in TIERS:
        state = State(cluster_folder(tier))
        if state.get("engine") or any(alive(process) for process in state.processes()):
            return attach(tier)
    raise host.Missing("no cluster runs: start one by `python -m tools.cluster up`")


def _kubectl(arguments: argparse.Namespace) -> int:
    return _execute(["kubectl", *arguments.args])


def _exec(arguments: argparse.Namespace) -> int:
    return _execute(arguments.args)


def _execute(argv: list[str]) -> int:
    kubeconfig = str(_running().kubeconfig)
    path = os.pathsep.join((*_programs(), os.environ.get("PATH", os.defpath)))
    environment = {**os.environ, "KUBECONFIG": kubeconfig, "PATH": path}
    return subprocess.run(argv, env=environment, check=False).returncode


COMMANDS: Mapping[str, Callable[[argparse.Namespace], int]] = MappingProxyType(
    {
        "build": _build,
        "up": _up,
        "fake-nodes": _fake_nodes,
        "down": _down,
        "status": _status,
        "kubectl": _kubectl,
        "exec": _exec,
    }
)

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
