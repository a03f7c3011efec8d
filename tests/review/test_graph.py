"""The picture of the stacks."""

from __future__ import annotations

from pathlib import Path

from templates_py.review.graph import mermaid
from templates_py.synthesis import synthesize
from tests.emitted import DEFAULT, emitted, nested


def test_each_nested_stack_is_in_the_picture_once(tmp_path: Path) -> None:
    synthesize(DEFAULT, tmp_path)
    drawn = [line.strip() for line in mermaid(tmp_path).splitlines()]
    templates = emitted(DEFAULT)
    inside = [
        f"{system}_{title}"
        for system in ("Batch", "Mlflow")
        for title in nested(templates[f"{system.lower()}/template"])
    ]
    assert sorted(
        line.partition("[")[0] for line in drawn if "[" in line and not line.startswith("subgraph")
    ) == sorted([*inside, "Connection"])


def test_an_arrow_runs_from_who_gives_to_who_takes(tmp_path: Path) -> None:
    synthesize(DEFAULT, tmp_path)
    drawn = mermaid(tmp_path)
    assert "Batch_Database --> Batch_LambdaInvocation" in drawn
    assert "Mlflow --> Connection" in drawn
    assert "Batch --> Mlflow" not in drawn and "Mlflow --> Batch" not in drawn


def test_a_system_alone_is_drawn_too(tmp_path: Path) -> None:
    synthesize(DEFAULT, tmp_path, "mlflow")
    assert "  Database --> TaskDeployment" in mermaid(tmp_path)
