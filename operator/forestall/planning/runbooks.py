"""Runbooks: their digest, their arguments typed and bounded, and what a policy's rung passes to them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

from forestall.api.base import Key, Parameter
from forestall.api.finding import Finding
from forestall.api.inspectionpolicy import Mode, Rung
from forestall.api.runbook import Action, Effect, Runbook, RunbookParameter, RunbookSpec
from forestall.planning.changes import ACTIONS, kind_of
from forestall.planning.hashing import sha256_of
from forestall.planning.suggestions import About, suggest
from forestall.twin.view import View

_INTEGER = re.compile(r"-?[1-9][0-9]{0,17}|0")
_LONGEST = 253
_NAME: Final = r"[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?"
_PORT: Final = r"[1-9][0-9]{0,4}|(?=.*[a-z])[a-z0-9]([-a-z0-9]{0,13}[a-z0-9])?"
_LABEL: Final = r"([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?"
_VALUE: Final = r"([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?"
_TAINTED: Final = {"node": _NAME, "key": _LABEL, "effect": "NoSchedule|PreferNoSchedule|NoExecute"}
_NEEDED: Final[Mapping[Effect, Mapping[str, str | tuple[int, int]]]] = {
    "SetReplicas": {"replicas": (0, 10_000)},
    "SpreadOverNodes": {"max-skew": (1, 10_000)},
    "SetResources": {"container": _NAME, "resource": r"(requests|limits)\.(cpu|memory)", "amount": (1, 16_777_216)},
    "SetProbePort": {"container": _NAME, "port": _PORT},
    "SetTargetPort": {"port": (1, 65_535), "target-port": _PORT},
    "SetSelectorLabel": {"label": _LABEL, "value": _VALUE},
    "Cordon": {"node": _NAME},
    "Uncordon": {"node": _NAME},
    "Drain": {"node": _NAME, "local-data": "Keep|Discard"},
    "RemoveTaint": _TAINTED,
    "AddTaint": _TAINTED,
    "SetMetrics": {"changes": (1, 32)},
    "DrainTraffic": {"element": ".*", "metric": (1, 16_777_214)},
    "MoveDemand": {"demand": ".+", "source": ".*", "target": ".*"},
    "ReHome": {"node": ".+", "home": ".+"},
}
"""What an effect is computed from, whatever the runbook declares, by the parameter's name: a pattern, or the smallest
and the largest value."""
_OURS: Final = "FORESTALL_"


class InvalidParameterError(ValueError):
    """An argument that a runbook does not take. `field` names it, the message says why and what would do."""

    def __init__(self, name: str, why: str) -> None:
        self.field = f"parameters[{shorten(name, 63)}]"
        super().__init__(f"{self.field}: {why[:512]}")


def digest(runbook: Runbook) -> str:
    """`sha256:<hex>` of the runbook's content."""
    return sha256_of(runbook.spec.to_json())


def problem(runbook: Runbook) -> str:
    """Why plans cannot use the runbook; empty if they can. Its actions must do what its effect says."""
    kind = kind_of(runbook.spec.effect)
    if kind is not None and runbook.spec.target_kinds != (kind,):
        return f"spec.targetKinds: effect {runbook.spec.effect} acts on a {kind}"
    if runbook.spec.effect == "Vouched" and not runbook.spec.irreversible:
        return "spec.irreversible: nobody knows how to undo the effect Vouched; set it to true"
    judge = _vouched_problem if runbook.spec.effect == "Vouched" else _action_problem
    found = (judge(action, runbook.spec.effect) for action in runbook.spec.actions)
    return next((f"spec.actions[{index}].{why}" for index, why in enumerate(found) if why), "")


def reach(mode: Mode, spec: RunbookSpec) -> Mode:
    """How far a plan with the runbook can go under a response's mode."""
    return "Propose" if mode == "Open" and spec.by_people else mode


def bind(rung: Rung, runbook: Runbook, target: Key, finding: Finding, view: View) -> tuple[Parameter, ...]:
    """The arguments that a rung passes for a target, defaults filled in, ordered by name. Nothing is judged yet.

    Raises NoSuggestionError where a value is to come from the twin, and the twin has none.
    """
    about = About(target, finding, view)
    bound = {
        binding.name: binding.value if binding.source is None else suggest(binding.source, about)
        for binding in rung.parameters
    }
    return parameters(completed(runbook.spec, {name: value for name, value in bound.items() if value is not None}))


def parameters(values: Mapping[str, str]) -> tuple[Parameter, ...]:
    """Arguments as a resource lists them, ordered by name."""
    return tuple(Parameter(name=name, value=values[name]) for name in sorted(values))


def completed(spec: RunbookSpec, given: Mapping[str, str]) -> dict[str, str]:
    """What was given, over the runbook's defaults."""
    return {item.name: item.default for item in spec.parameters if item.default is not None} | dict(given)


def arguments(spec: RunbookSpec, given: Sequence[Parameter]) -> dict[str, str]:
    """The runbook's arguments by name: all that it declares, each of its type and within its bounds.

    Raises InvalidParameterError naming the first one that is unknown, given twice, missing or out of bounds.
    """
    _known_once(spec, given)
    values = completed(spec, {item.name: item.value for item in given})
    for declared in spec.parameters:
        _check(declared, values.get(declared.name))
    _check_needed(spec, values)
    return values


def shorten(text: str, longest: int = 64) -> str:
    """Text of a stranger, fit for a message: escaped, and cut where it is long."""
    escaped = ascii(text)[1:-1]
    return escaped if len(escaped) <= longest else f"{escaped[:longest]}..."


def _action_problem(action: Action, effect: Effect) -> str:
    known = ACTIONS.get(action.argv[0])
    if action.image or action.env:
        return f"image: the effect {effect} is made by the operator's own image; leave image and env out"
    if known is None:
        return f"argv: no action {shorten(action.argv[0])}; there are {', '.join(ACTIONS)}"
    return "" if known == effect else f"argv: the effect of action {action.argv[0]} is {known}; name it in spec.effect"


def _vouched_problem(action: Action, _: Effect) -> str:
    if not action.image:
        return "image: the effect Vouched needs an image, by digest"
    ours = next((item.name for item in action.env if item.name.startswith(_OURS)), "")
    return f"env: {ours} is forestall's own name; choose another one" if ours else ""


def _known_once(spec: RunbookSpec, given: Sequence[Parameter]) -> None:
    known = sorted(item.name for item in spec.parameters)
    seen: set[str] = set()
    for item in given:
        if item.name not in known:
            raise InvalidParameterError(item.name, f"unknown; this runbook takes: {', '.join(known) or 'none'}")
        if item.name in seen:
            raise InvalidParameterError(item.name, "given twice; give it once")
        seen.add(item.name)


def _check(declared: RunbookParameter, value: str | None) -> None:
    if value is None:
        raise InvalidParameterError(declared.name, "missing, and it has no default; give a value")
    _check_text(declared.name, value)
    if declared.type == "Integer":
        _check_integer(declared, value)
    else:
        _check_pattern(declared, value)
    if declared.enum and value not in declared.enum:
        raise InvalidParameterError(declared.name, f"'{shorten(value)}' is none of {', '.join(declared.enum)}")


def _check_text(name: str, value: str) -> None:
    if len(value) > _LONGEST:
        raise InvalidParameterError(name, f"{len(value)} characters; at most {_LONGEST} are taken")
    if not value.isprintable():
        raise InvalidParameterError(name, f"'{shorten(value)}' holds control or invisible characters; leave them out")
    if "$(" in value:  # the kubelet expands $(NAME) in a container's environment and arguments
        raise InvalidParameterError(name, f"'{shorten(value)}' holds '$(', which Kubernetes would expand; leave it out")


def _check_integer(declared: RunbookParameter, value: str) -> None:
    if not _INTEGER.fullmatch(value):
        raise InvalidParameterError(
            declared.name, f"'{shorten(value)}' is no integer; write digits 0-9 only, such as 3"
        )
    _check_range(declared.name, int(value), declared.minimum, declared.maximum)


def _check_range(name: str, number: int, minimum: int | None, maximum: int | None) -> None:
    if minimum is not None and number < minimum:
        raise InvalidParameterError(name, f"{number} is below the minimum; give {minimum} or more")
    if maximum is not None and number > maximum:
        raise InvalidParameterError(name, f"{number} is above the maximum; give {maximum} or less")


def _check_pattern(declared: RunbookParameter, value: str) -> None:
    try:
        matches = not declared.pattern or re.fullmatch(declared.pattern, value) is not None
    except re.error as error:
        raise InvalidParameterError(
            declared.name, f"the runbook's pattern is no regular expression: {error}"
        ) from error
    if not matches:
        raise InvalidParameterError(declared.name, f"'{shorten(value)}' does not match {declared.pattern}")


def _check_needed(spec: RunbookSpec, values: Mapping[str, str]) -> None:
    for name, allowed in _NEEDED.get(spec.effect, {}).items():
        value = values.get(name)
        if value is None:
            raise InvalidParameterError(name, f"effect {spec.effect} needs it; declare it in the runbook")
        if isinstance(allowed, tuple):
            _check_number(name, value, *allowed)
        elif not re.fullmatch(allowed, value):
            raise InvalidParameterError(name, f"'{shorten(value)}' does not match {allowed}")


def _check_number(name: str, value: str, smallest: int, largest: int) -> None:
    if not _INTEGER.fullmatch(value):
        raise InvalidParameterError(name, "the effect needs an Integer; declare it in the runbook with that type")
    _check_range(name, int(value), smallest, largest)
