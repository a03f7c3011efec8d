"""samconfig.toml: what SAM reads there is what the commands read, and what they write is all that changes."""

from __future__ import annotations

import difflib
import os
import stat
from pathlib import Path
from typing import Any

import pytest
from samcli.cli.types import CfnParameterOverridesType
from samcli.lib.config.samconfig import SamConfig

from commands import CommandError
from commands.configuration import Configuration
from commands.overrides import with_value

# The value of parameter_overrides as it stands in TOML, in the forms that SAM takes.
FORMS = {
    "none": None,
    "empty": '""',
    "guided": r'"VpcId=\"vpc-1\" RdsSubnets=\"a,b\" ImageTag=\"old\""',
    "guided without": r'"VpcId=\"vpc-1\" RdsSubnets=\"a,b\""',
    "no tag yet": r'"VpcId=\"vpc-1\" ImageTag=\"\" LogRetention=\"30\""',
    "unquoted": '"VpcId=vpc-1 ImageTag=old LogRetention=30"',
    "literal": """'VpcId="vpc-1" LbName="a \\"b\\" c" ImageTag=old'""",
    "long form": '"ParameterKey=VpcId,ParameterValue=vpc-1 ParameterKey=ImageTag,ParameterValue=old"',
    "long form without": '"ParameterKey=VpcId,ParameterValue=vpc-1"',
    "twice": '"ImageTag=older VpcId=vpc-1 ImageTag=old"',
    "list": '["VpcId=vpc-1", "ImageTag=old", "LogRetention=30"]',
    "list without": '["VpcId=vpc-1"]',
    "empty list": "[]",
    "list with comments": '[  # what it needs\n  "VpcId=vpc-1",  # ours\n  "ImageTag=old",  # the tag\n]',
    "several in one": '["VpcId=vpc-1 ImageTag=old", "LogRetention=30"]',
    "inline table": '{ VpcId = "vpc-1", ImageTag = "old", LogRetention = 30, RdsSubnets = ["a", "b"] }',
    "inline table without": '{ VpcId = "vpc-1" }',
    "tables in a list": '[{ VpcId = "vpc-1" }, { ImageTag = "old" }]',
    "like it": '"BaseImageTag=base VpcId=vpc-1"',
    "said within": r'"LbName=\"a ImageTag=b\" VpcId=\"vpc-1\""',
}
OTHERS = """
# The other environment stays as it is.
[batch.deploy.parameters]
stack_name = 'hydra-batch'   # in its own way
parameter_overrides = "ImageTag=untouched"
"""


def written(path: Path, form: str | None, name: str = "default") -> str:
    overrides = "" if form is None else f"parameter_overrides = {form}  # by hand\n"
    text = (
        "# Ours.\nversion = 0.1\n\n[default.build.parameters]\nparallel = true\n\n"
        f'[{name}.deploy.parameters]\nstack_name = "hydra"  # the name\n{overrides}confirm_changeset = true\n{OTHERS}'
    )
    path.write_text(text)
    return text


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "samconfig.toml"


def of_sam(path: Path, environment: str = "default") -> dict[str, str]:
    """Return what SAM itself reads."""
    kept: dict[str, Any] = SamConfig(path.parent).get_all(["deploy"], "parameters", environment)
    return dict(CfnParameterOverridesType().convert(kept.get("parameter_overrides"), None, None))


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_a_tag_is_written_in_the_form_that_is_there_and_nothing_else_changes(path: Path, form: str | None) -> None:
    before = written(path, form)
    configuration, read = Configuration(path, "default"), of_sam(path)
    assert configuration.parameters == read
    configuration.write(ImageTag="new")
    assert of_sam(path) == {**read, "ImageTag": "new"}
    assert configuration.tag == "new"
    assert of_sam(path, "batch") == {"ImageTag": "untouched"}
    # What is in a list or in a table of its own has a line of its own.
    gone = [line[2:] for line in difflib.ndiff(before.splitlines(), path.read_text().splitlines()) if line[0] == "-"]
    assert all(line.startswith(("parameter_overrides", '  "ImageTag')) for line in gone)
    assert [line for line in before.splitlines() if "#" in line and line.strip().startswith(("#", '"V', "stack"))] == [
        line for line in path.read_text().splitlines() if "#" in line and line.strip().startswith(("#", '"V', "stack"))
    ]
    configuration.write(ImageTag="old")
    assert of_sam(path) == {**read, "ImageTag": "old"}


def test_back_again_the_file_is_what_it_was(path: Path) -> None:
    before = written(path, FORMS["guided"])
    configuration = Configuration(path, "default")
    configuration.write(ImageTag="new")
    assert path.read_text() != before
    configuration.write(ImageTag="old")
    assert path.read_text() == before


def test_a_mapping_of_its_own_and_a_file_of_parameters(path: Path) -> None:
    (path.parent / "more.toml").write_text('ImageTag = "file"\nVpcId = "vpc-2"\n')
    form = f'"file://{path.parent / "more.toml"}"'
    for text in (
        f"parameter_overrides = {form}",
        f"[default.deploy.parameters.parameter_overrides]\n'$include' = {form}",
    ):
        path.write_text(f'version = 0.1\n[default.deploy.parameters]\nstack_name = "hydra"\n{text}\n')
        Configuration(path, "default").write(ImageTag="new")
        assert of_sam(path) == {"ImageTag": "new", "VpcId": "vpc-2"}
    assert (path.parent / "more.toml").read_text() == 'ImageTag = "file"\nVpcId = "vpc-2"\n'


def test_what_is_said_of_every_command_is_changed_where_it_is_said(path: Path) -> None:
    path.write_text(
        'version = 0.1\n[default.global.parameters]\nstack_name = "hydra"\nregion = "eu-west-1"\n'
        'parameter_overrides = "VpcId=vpc-1"\n'
    )
    configuration = Configuration(path, "default")
    configuration.write(ImageTag="new")
    assert of_sam(path) == {"VpcId": "vpc-1", "ImageTag": "new"}
    assert "deploy" not in path.read_text()
    assert configuration.stack_name == "hydra"
    assert configuration.session().region_name == "eu-west-1"
    assert configuration.variables == {"AWS_DEFAULT_REGION": "eu-west-1"}


@pytest.mark.parametrize("environment", ["default", "batch"])
def test_the_tag_before_is_kept_beside_and_sam_does_not_mind(path: Path, environment: str) -> None:
    written(path, FORMS["guided"])
    configuration, read = Configuration(path, environment), of_sam(path, environment)
    assert configuration.tag_before == ""
    configuration.write(before="old", ImageTag="new")
    configuration.write(before="new", ImageTag="newer")
    assert configuration.tag_before == "new"
    assert of_sam(path, environment) == {**read, "ImageTag": "newer"}
    assert path.read_text().count(f"[{environment}.rollback_container.parameters]") == 1
    configuration.write(before="")
    assert configuration.tag_before == ""
    assert "rollback_container" not in path.read_text()


def test_tables_in_any_order(path: Path) -> None:
    path.write_text(
        'version = 0.1\n[default.build.parameters]\nparallel = true\n[batch.deploy.parameters]\nstack_name = "b"\n'
        '[default.deploy.parameters]\nstack_name = "hydra"\n'
    )
    Configuration(path, "default").write(before="old", ImageTag="new")
    assert of_sam(path) == {"ImageTag": "new"}
    assert Configuration(path, "default").tag_before == "old"


def test_a_write_that_fails_leaves_the_file_and_nothing_beside_it(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = written(path, FORMS["guided"])
    configuration = Configuration(path, "default")

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        configuration.write(ImageTag="new")
    assert path.read_text() == before
    assert list(path.parent.iterdir()) == [path]


def test_its_mode_stays_and_a_link_stays_a_link(path: Path) -> None:
    real = path.with_name("real.toml")
    written(real, FORMS["guided"])
    real.chmod(0o640)
    path.symlink_to(real)
    Configuration(path, "default").write(ImageTag="new")
    assert path.is_symlink()
    assert stat.S_IMODE(real.stat().st_mode) == 0o640
    assert of_sam(path)["ImageTag"] == "new"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, "samconfig.toml: No such file or directory: expected SAM's settings"),
        ("[default", "expected TOML in UTF-8"),
        ("version = 0.1\n[batch]\n[mlflow]\n", "environment 'default': expected one of batch, mlflow"),
        ("version = 0.1\n[default.deploy.parameters]\n", "[default.deploy.parameters] stack_name: expected a name"),
        (
            'version = 0.1\n[default.deploy.parameters]\nstack_name = "hydra"\nparameter_overrides = "nonsense"\n',
            "parameters] parameter_overrides = 'nonsense': nonsense is not a valid format: expected KEY=VALUE pairs",
        ),
    ],
)
def test_what_is_wrong_is_said_in_one_line(path: Path, text: str | None, said: str) -> None:
    if text is not None:
        path.write_text(text)
    with pytest.raises(CommandError) as raised:
        configuration = Configuration(path, "default")
        assert configuration.stack_name
        assert configuration.tag == ""
        configuration.write(ImageTag="new")
    assert said in str(raised.value)
    assert "\n" not in str(raised.value)
    assert (path.read_text() if text is not None else None) == text


def test_a_form_that_would_be_read_otherwise_is_refused() -> None:
    """SAM's short form is not seen in a string that has a long one."""
    with pytest.raises(CommandError, match="set it by hand"):
        with_value({"ImageTag": "old", "$include": "ImageTag=other"}, "ImageTag", "new")
