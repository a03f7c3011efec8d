"""The function against each kind of server, and what it makes undisturbed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from local.mysql import Server
from tests.functions.harness import Function, aws_client
from tests.servers import DATABASES


@pytest.fixture
def function(server: Server, database: str, aws: str, monkeypatch: pytest.MonkeyPatch) -> Function:
    """The function, with a bucket and secrets of its own, against a new database of each kind of server."""
    keys = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION")
    for name, value in {**dict.fromkeys(keys[:2], "x"), keys[2]: "us-east-1", "AWS_ENDPOINT_URL": aws}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("DATABASE_CA_FILE", str(server.ca))
    bucket = f"{'mariadb' if server.programs.is_mariadb else 'mysql'}-{database}"
    aws_client("s3").create_bucket(Bucket=bucket)
    aws_client("s3").put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    secrets = aws_client("secretsmanager")
    values = {"username": server.user, "password": server.password}
    arns = {
        key: secrets.create_secret(Name=f"{bucket}-{key}", SecretString=value)["ARN"] for key, value in values.items()
    }
    return Function(
        server,
        database,
        bucket,
        {
            "aws_region": "us-east-1",
            "database_hostname": server.host,
            "database_port": server.port,
            "database_username_secret": arns["username"],
            "database_password_secret": arns["password"],
            "database_default_name": database,
            "table_setup_script_bucket_name": bucket,
            "table_setup_script_bucket_key": "table_setup.sql",
        },
    )


@pytest.fixture
def uninterrupted(function: Function, server: Server) -> Iterator[Callable[[str], str]]:
    """What a script makes of an empty database where nothing disturbs it: script -> dump."""

    def run(script: str) -> str:
        name = next(DATABASES)
        server.client(f"CREATE DATABASE {name}")
        try:
            other = replace(function, database=name, payload={**function.payload, "database_default_name": name})
            other.put(script)
            assert other.invoke()["Status"] == "SUCCESS"
            return other.dump()
        finally:
            server.client(f"DROP DATABASE {name}")

    yield run
