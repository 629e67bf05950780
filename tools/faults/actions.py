"""The Jobs that were run for a namespace's plans, and those among them that nobody approved."""

from collections.abc import Collection, Iterable, Mapping

from forestall.api.remediationplan import RemediationPlan
from forestall.planning.job import PLAN, PLAN_UID
from tools.faults.differences import Json


def jobs_of(namespace: str, jobs: Iterable[Json]) -> dict[str, str]:
    """Return the names of the Jobs of the namespace's plans, each with the UID of its plan."""
    found = (job["metadata"] for job in jobs)
    own = (one for one in found if one.get("annotations", {}).get(PLAN, "").startswith(f"{namespace}/"))
    return {one["name"]: one.get("labels", {}).get(PLAN_UID, "") for one in own}


def unapproved(jobs: Mapping[str, str], known: Collection[str], plans: Iterable[RemediationPlan]) -> list[str]:
    """Return those of `jobs` that are not among the `known` ones, and whose plan nobody has approved."""
    approved = {plan.metadata.uid for plan in plans if plan.status.approval}
    new = {name: uid for name, uid in jobs.items() if name not in known}
    return [f"Job {name} ran for a plan that nobody approved" for name, uid in new.items() if uid not in approved]
