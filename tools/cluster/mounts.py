"""The ConfigMaps that a pod mounts, as folders of files, where there is no node that would mount them."""

import base64
from collections.abc import Callable, Mapping
from pathlib import Path

from tools.cluster.rest import Json

Read = Callable[[str], Json]
"""A ConfigMap of the pod's namespace, by name."""


def mount(pod: Json, folder: Path, read: Read) -> Mapping[str, Path]:
    """Write what the pod's one container mounts from ConfigMaps; return the folder that stands for each mount path."""
    volumes = {volume["name"]: volume for volume in pod["spec"].get("volumes", ())}
    found = {}
    for wanted in pod["spec"]["containers"][0].get("volumeMounts", ()):
        sources = volumes[wanted["name"]].get("projected", {}).get("sources", ())
        maps = [source["configMap"] for source in sources if "configMap" in source and "items" in source["configMap"]]
        # Not the token of the pod's account, which is provided elsewhere.
        if maps and len(maps) == len(sources):
            found[wanted["mountPath"]] = _written(maps, folder / wanted["name"], read)
    return found


def moved(env: Mapping[str, str], mounted: Mapping[str, Path]) -> dict[str, str]:
    """The variables, with each mount path that is the value of one replaced by its folder."""
    return {name: str(mounted.get(value, value)) for name, value in env.items()}


def _written(sources: list[Json], folder: Path, read: Read) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for source in sources:
        held = read(source["name"])
        for item in source["items"]:
            (folder / item["path"]).write_bytes(base64.b64decode(held["binaryData"][item["key"]]))
    return folder
