"""`lint` says by file, line and field what is wrong, and its exit code says whether anything is."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from forestall.cli import app

EXAMPLES = Path(__file__).parents[3] / "examples"
POLICY = """\
apiVersion: forestall.dev/v1alpha1
kind: InspectionPolicy
metadata:
  name: web
  namespace: shop
spec:
  twinRef:
    name: main
  inspections:
    - name: images
      workload:
        checks: [ImagePull]
"""
RUNBOOK = """\
apiVersion: forestall.dev/v1alpha1
kind: Runbook
metadata:
  name: grow
spec:
  version: 1.0.0
  summary: s
  whenToUse: w
  targetKinds: [Deployment]
  parameters:
    - {name: replicas, description: d, type: Integer}
  actions:
    - {name: a, argv: [scale], serviceAccountName: forestall-action-scale}
  reads: [spec.replicas]
  writes: [spec.replicas]
  effect: SetReplicas
"""
RESPONSES = """\
  responses:
    - name: more
      mode: Open
      match: {types: [ImagePull]}
      ladder:
        - runbook: grow
          parameters: [{name: replicas, value: "3"}]
"""


def lint(*args: str | Path, given: str = "") -> Result:
    return CliRunner().invoke(app, ["lint", *map(str, args)], input=given)


def lines(result: Result) -> list[str]:
    return result.stdout.splitlines()


def test_what_is_right_ends_well() -> None:
    result = lint("-", given=POLICY)
    assert result.exit_code == 0
    assert lines(result) == ["1 objects of forestall's, nothing to mend"]


@pytest.mark.parametrize("folder", [EXAMPLES, EXAMPLES / "shop", EXAMPLES / "networks", EXAMPLES / "city"])
def test_our_own_examples_are_right(folder: Path) -> None:
    result = lint(*sorted(folder.glob("*.yaml")))
    assert result.exit_code == 0, result.stdout


def test_every_fault_is_told_by_file_line_field_and_remedy(tmp_path: Path) -> None:
    file = tmp_path / "web.yaml"
    file.write_text(POLICY.replace("checks:", "check:"))
    result = lint(file)
    assert result.exit_code == 1
    assert (
        lines(result)
        == [
            f"{file}:12: spec.inspections[0].workload.check: there is no such field; write checks",
            f"{file}:11: spec.inspections[0].workload.checks: it is missing; Which checks",
        ][::-1]
    )


def test_json_is_the_only_output_and_has_the_same_facts() -> None:
    result = lint("-", "--output", "json", given=POLICY.replace("ImagePull", "ImagePul"))
    assert result.exit_code == 1
    (one,) = json.loads(result.stdout)["findings"]
    field = "spec.inspections[0].workload.checks[0]"
    assert (one["file"], one["line"], one["field"], one["remedy"]) == ("-", 12, field, "write ImagePull")


def test_files_are_judged_together_so_that_one_may_name_what_another_defines(tmp_path: Path) -> None:
    policy, runbook = tmp_path / "policy.yaml", tmp_path / "runbook.yaml"
    policy.write_text(POLICY + RESPONSES)
    runbook.write_text(RUNBOOK)
    assert lint(policy, runbook).exit_code == 0
    alone = lint(policy)
    assert alone.exit_code == 1
    assert f"{policy}:18: spec.responses[0].ladder[0].runbook: grow is neither shipped" in alone.stdout


def test_an_object_is_defined_once(tmp_path: Path) -> None:
    file = tmp_path / "web.yaml"
    file.write_text(f"{POLICY}---\n{POLICY}")
    result = lint(file)
    assert result.exit_code == 1
    assert f"{file}:17: metadata.name: InspectionPolicy/shop/web is already defined at {file}:4" in result.stdout


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("v1alpha1", "v1", "-:1: apiVersion: forestall.dev/v1 is not served; write forestall.dev/v1alpha1"),
        ("InspectionPolicy", "InspectionPolice", "-:2: kind: there is no kind InspectionPolice; write Inspection"),
        ("  name: web\n", "", "-:3: metadata.name: it is missing"),
        ("spec:", "sepc:", "-:6: sepc: there is no such field; write spec"),
        ("name: main", "name: Main", "-:8: spec.twinRef.name: 'Main' is not of the form"),
        ("spec:", "spec:\n  schedule: {interval: 99999999999999999999d}", "-:7: spec.schedule.interval: "),
        ("    name: main", "    name: main\n    name: other", "-:8: spec.twinRef.name: it is given twice"),
    ],
)
def test_every_part_of_an_object_is_looked_at(old: str, new: str, told: str) -> None:
    result = lint("-", given=POLICY.replace(old, new))
    assert result.exit_code == 1
    assert told in result.stdout


def test_what_is_of_the_cluster_has_no_namespace() -> None:
    result = lint("-", given=RUNBOOK.replace("  name: grow", "  name: grow\n  namespace: shop"))
    assert "-:5: metadata.namespace: a Runbook is in no namespace" in result.stdout


def test_objects_of_others_are_left_alone() -> None:
    given = "apiVersion: v1\nkind: Service\nspec: {anything: goes}\n---\n- a list\n"
    assert lines(lint("-", given=given)) == ["0 objects of forestall's, nothing to mend"]


def test_what_is_no_yaml_is_told_by_its_line(tmp_path: Path) -> None:
    (tmp_path / "web.yaml").write_text("a: 1\nb: {{ .Values.b }}: c\n")
    result = lint(tmp_path / "web.yaml")
    assert result.exit_code == 1
    assert f"{tmp_path / 'web.yaml'}:2: not YAML: " in result.stdout


def test_a_file_that_is_not_there_is_wrong_usage(tmp_path: Path) -> None:
    assert lint(tmp_path / "none.yaml").exit_code == 2
    assert lint().exit_code == 2
