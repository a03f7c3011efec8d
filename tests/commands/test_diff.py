"""`make diff` without AWS: against what was last deployed from this folder."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from commands.__main__ import main
from commands.configuration import Configuration
from commands.offline import keep

ROOT = {
    "Parameters": {"DbName": {"Type": "String", "Default": "hydra"}},
    "Resources": {
        "Database": {
            "Type": "AWS::CloudFormation::Stack",
            "Properties": {"TemplateURL": "database.json", "Parameters": {"DbName": {"Ref": "DbName"}}},
        }
    },
}
DATABASE = {
    "Parameters": {"DbName": {"Type": "String"}},
    "Resources": {
        "Instance": {
            "Type": "AWS::RDS::DBInstance",
            "Properties": {"DBName": {"Ref": "DbName"}, "StorageEncrypted": True, "MultiAZ": False},
        },
        "Group": {"Type": "AWS::RDS::DBSubnetGroup", "Properties": {"SubnetIds": ["a", "b"]}},
    },
}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of which something was deployed, on a machine that knows no Region."""
    for folder in (".aws-sam", "build"):
        (tmp_path / folder).mkdir()
    (tmp_path / "build/root.json").write_text(json.dumps(ROOT))
    (tmp_path / "build/database.json").write_text(json.dumps(DATABASE))
    settings = (
        'version = 0.1\n[default.build.parameters]\ntemplate_file = "build/root.json"\n[default.deploy.parameters]\n'
    )
    (tmp_path / "samconfig.toml").write_text(f'{settings}stack_name = "hydra"\ntemplate_file = "build/root.json"\n')
    monkeypatch.chdir(tmp_path)
    for name in ("AWS_DEFAULT_REGION", "AWS_REGION", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", "nowhere")
    return tmp_path


def said(capsys: pytest.CaptureFixture[str], *options: str) -> list[str]:
    capsys.readouterr()
    assert main(["diff", *options]) == 0
    return capsys.readouterr().out.splitlines()


def test_templates_and_parameters_are_compared(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    configuration = Configuration(Path("samconfig.toml"), "default")
    keep(configuration, {"DbName": "hydra"})
    first, second, nothing = said(capsys)
    assert first.startswith("Without AWS: No Region is configured")
    assert second.startswith("Against what was last deployed from this folder (")
    assert nothing == "Nothing changes"
    database = json.loads(json.dumps(DATABASE))
    database["Resources"]["Instance"]["Properties"] |= {"StorageEncrypted": False}
    database["Resources"]["Role"] = {"Type": "AWS::IAM::Role", "Properties": {}}
    del database["Resources"]["Group"]
    (project / "build/database.json").write_text(json.dumps(database))
    configuration.write(DbName="other")
    assert said(capsys, "--offline")[1:] == [
        "Parameter DbName = 'other': replaces DBInstance",
        "Data",
        "  REPLACED        Database/Instance (AWS::RDS::DBInstance): StorageEncrypted",
        "Database",
        "  deleted         Group (AWS::RDS::DBSubnetGroup)",
        "  added           Role (AWS::IAM::Role)",
    ]


def test_where_nothing_was_deployed_that_is_said(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["diff", "--offline"]) == 1
    assert capsys.readouterr().err == (
        ".aws-sam/deployed-default.json: not there: nothing was deployed from this folder yet\n"
    )
