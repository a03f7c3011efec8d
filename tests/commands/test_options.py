"""What samconfig.toml says to `sam deploy`: each option goes somewhere, or is refused by name."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import boto3
import pytest
from samcli.commands.deploy.command import cli as deploy
from samcli.commands.package.command import cli as package

from commands import CommandError
from commands.asking import check
from commands.configuration import Configuration
from commands.options import ARGUMENTS, CONFIGURED, OTHERWISE, PACKAGED, READ, TALK, Options
from commands.packaging import LARGEST, argument


def configured(folder: Path, said: str, more: str = "") -> Configuration:
    path = folder / "samconfig.toml"
    path.write_text(f'version = 0.1\n{more}[default.deploy.parameters]\nstack_name = "hydra"\n{said}\n')
    return Configuration(path, "default")


def names(command: Any) -> set[str]:
    return {found.name for found in command.params if found.name} - {"config_env", "config_file"}


def test_each_option_of_sam_deploy_has_its_place_and_what_is_packaged_is_known_to_sam_package() -> None:
    placed = [*PACKAGED, *READ, *CONFIGURED, *TALK, *OTHERWISE]
    assert len(placed) == len(set(placed))
    assert names(deploy) <= set(placed)
    assert names(package) >= PACKAGED | {"template_file", "use_json", "no_progressbar"}
    assert ARGUMENTS.keys() <= READ


@pytest.mark.parametrize("tags", ['"team=ml owner=\\"me\\""', '["team=ml", "owner=me"]'])
def test_what_is_said_goes_where_sam_puts_it(tmp_path: Path, tags: str) -> None:
    said = f"""
        s3_prefix = "hydra"
        kms_key_id = "key"
        role_arn = "arn:role"
        capabilities = "CAPABILITY_NAMED_IAM CAPABILITY_AUTO_EXPAND"
        notification_arns = ["arn:topic"]
        tags = {tags}
        disable_rollback = true
        on_failure = "ROLLBACK"
        no_progressbar = true"""
    everybody = '[default.global.parameters]\nresolve_s3 = true\nregion = "eu-west-1"\ncached = true\n'
    options = Options(configured(tmp_path, said, everybody))
    assert options.packaging == {"s3_prefix": "hydra", "kms_key_id": "key", "resolve_s3": True, "region": "eu-west-1"}
    assert options.change_set == {
        "RoleARN": "arn:role",
        "Capabilities": ["CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"],
        "NotificationARNs": ["arn:topic"],
        "Tags": [{"Key": "team", "Value": "ml"}, {"Key": "owner", "Value": "me"}],
    }
    assert options.disable_rollback
    assert not options.confirm


@pytest.mark.parametrize(
    ("said", "error"),
    [
        ('on_failure = "DELETE"', "on_failure = 'DELETE': expected 'ROLLBACK': `make destroy` deletes"),
        ("express = true", "express = True: expected False: a resource counts here when it works"),
        ("no_execute_changeset = true", "no_execute_changeset = True: expected False: `make diff` shows"),
        ('s3_prefx = "hydra"', "s3_prefx = 'hydra': unknown to `sam deploy`"),
        ('disable_rollback = "maybe"', "disable_rollback = 'maybe': expected true or false"),
        ("tags = 3", "tags = 3: expected KEY=VALUE pairs"),
    ],
)
def test_what_is_not_taken_is_refused_by_name(tmp_path: Path, said: str, error: str) -> None:
    with pytest.raises(CommandError) as raised:
        options = Options(configured(tmp_path, said))
        assert options.disable_rollback, options.change_set
    assert str(raised.value).startswith(f"{tmp_path / 'samconfig.toml'}: [default.deploy.parameters] {error}")


def test_a_parameter_that_the_template_lacks_is_named(tmp_path: Path) -> None:
    configuration = configured(tmp_path, 'parameter_overrides = "VpcIds=v ImageTag=one"')
    with pytest.raises(CommandError, match=r"parameter_overrides: VpcIds: unknown parameter, did you mean VpcId\?$"):
        check(configuration, {"VpcId": {}, "ImageTag": {}})


@pytest.mark.slow
def test_a_template_that_is_too_large_for_a_request_goes_beside_those_that_it_nests(
    tmp_path: Path, session: boto3.Session, aws: str
) -> None:
    session.client("s3").create_bucket(Bucket="packages")
    nested = {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": f"{aws}/packages/hydra/below.json"}}
    template = {"Resources": {"Batch": nested}, "Metadata": {"Notes": "x" * LARGEST}}
    options = Options(configured(tmp_path, ""))
    url = argument(session, template, options)["TemplateURL"]
    assert url.startswith(f"{aws}/packages/hydra/")
    kept = session.client("s3").get_object(Bucket="packages", Key=url.removeprefix(f"{aws}/packages/"))
    assert json.load(kept["Body"]) == template
    del template["Metadata"]
    assert json.loads(argument(session, template, options)["TemplateBody"]) == template
