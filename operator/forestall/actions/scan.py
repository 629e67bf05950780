"""`python -m forestall.actions.scan`: one shard of a scan, as one index of its Job.

It reads a topology from the mounted ConfigMaps, examines the losses of its shard, and writes what it found to a
ConfigMap that bears the names of Job and shard. Exit codes: 0 done, 1 failed, 40 nobody could do better with this
input. The termination message says why.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path

from forestall.adapters.kubernetes.client import connect
from forestall.adapters.resources import CONFIG_MAPS
from forestall.inspection.scans import Scan, examined
from forestall.planning.parcels import packed
from forestall.planning.scan_job import QUESTION, UNUSABLE, result, topology_of
from forestall.ports import Json, Kube, KubeError
from forestall.twin.analyses.partials import partial_to_json

FAILED = 1


def main(environment: Mapping[str, str]) -> int:
    """Examine and write; returns the exit code."""
    try:
        body = answer(environment)
        asyncio.run(_write(environment["FORESTALL_NAMESPACE"], body))
    except ValueError as error:
        return _end(environment, UNUSABLE, str(error))
    except (KubeError, OSError) as error:
        return _end(environment, FAILED, str(error))
    return _end(environment, 0, f"wrote {body['metadata']['name']}")


def answer(environment: Mapping[str, str]) -> Json:
    """What is to be written. ValueError where the input is not what the Job is about."""
    scan = Scan.from_json(json.loads(environment[QUESTION]))
    shard = int(environment["JOB_COMPLETION_INDEX"])
    parts = [file.read_bytes() for file in sorted(Path(environment["FORESTALL_INPUT"]).glob("[0-9][0-9]"))]
    [part] = packed(json.dumps(partial_to_json(examined(topology_of(parts), scan, shard))), most=1)
    return result(environment["FORESTALL_JOB"], environment["FORESTALL_JOB_UID"], shard, part)


async def _write(namespace: str, body: Json) -> None:
    async with await connect() as kube:
        await write(kube, namespace, body)


async def write(kube: Kube, namespace: str, body: Json) -> None:
    """Create the ConfigMap. One that is there is an earlier try's of this shard, and says the same."""
    try:
        await kube.create(CONFIG_MAPS, namespace, body)
    except KubeError as error:
        if error.reason != "AlreadyExists":
            raise


def _end(environment: Mapping[str, str], code: int, message: str) -> int:
    told = json.dumps({"code": code, "message": message[:1500]})
    sys.stdout.write(f"{told}\n")
    Path(environment.get("FORESTALL_TERMINATION_LOG", "/dev/termination-log")).write_text(told, encoding="utf-8")
    return code


if __name__ == "__main__":
    sys.exit(main(os.environ))
