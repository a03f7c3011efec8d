"""What is answered to whom: each event once, in time, whatever happens."""

from __future__ import annotations

import json
import ssl
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest
import trustme

from templates_py.settings import Settings
from tests.functions.harness import Context, Function, aws_client

pytestmark = pytest.mark.slow

PROPERTIES = {
    "aws_region": "AwsRegion",
    "database_hostname": "DatabaseHostname",
    "database_port": "DatabasePort",
    "database_username_secret": "DatabaseUsernameSecret",
    "database_password_secret": "DatabasePasswordSecret",
    "database_default_name": "DatabaseDefaultName",
    "table_setup_script_bucket_name": "TableSetupScriptBucketName",
    "table_setup_script_bucket_key": "TableSetupScriptBucketKey",
}


class CloudFormation(ThreadingHTTPServer):
    """What a ResponseURL points at, over TLS; the first requests get the statuses that it is told."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.statuses: list[int] = []
        self.requests: list[tuple[str | None, dict[str, Any]]] = []

    @property
    def url(self) -> str:
        return f"https://localhost:{self.server_port}/stack?X-Amz-Signature=hush"


class Answer(BaseHTTPRequestHandler):
    server: CloudFormation

    def do_PUT(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.requests.append((self.headers["Content-Type"], json.loads(body)))
        status = self.server.statuses.pop(0) if self.server.statuses else 200
        if not status:
            self.wfile.write(b"no HTTP\r\n")
            self.close_connection = True
            return
        self.send_response(status)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def cloudformation(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[CloudFormation]:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    server = CloudFormation()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def event(function: Function, url: str, kind: str = "Create", **changes: Any) -> dict[str, Any]:
    properties = {PROPERTIES[name]: str(value) for name, value in function.payload.items()}
    return {
        "RequestType": kind,
        "ResponseURL": url,
        "StackId": "arn:aws:cloudformation:us-east-1:123456789012:stack/hydra/1",
        "RequestId": "one",
        "LogicalResourceId": "DbInit",
        "ResourceProperties": {"ServiceToken": "arn", **properties, **changes},
    }


def tell(told: dict[str, Any], seconds: float = 60) -> None:
    import app

    app.lambda_handler(told, Context(seconds))


def answer(server: CloudFormation) -> dict[str, Any]:
    ((content_type, body),) = server.requests
    assert content_type == ""
    assert (body["PhysicalResourceId"], body["RequestId"], body["LogicalResourceId"]) == ("DbInit", "one", "DbInit")
    return body


def versions(function: Function) -> int:
    listed = aws_client("s3").list_object_versions(Bucket=function.bucket)
    return len(listed.get("Versions", [])) + len(listed.get("DeleteMarkers", []))


def test_create_makes_the_schema_and_puts_the_script(function: Function, cloudformation: CloudFormation) -> None:
    tell(event(function, cloudformation.url))
    said = answer(cloudformation)
    assert said["Status"] == "SUCCESS", said
    assert said["Data"] == {"SchemaVersion": 1, "StatementsRun": 9, "StatementsSkipped": 0}
    tables = [row[0] for row in function.rows("SHOW TABLES")]
    assert {"job", "job_attribute", "job_event", "job_event_type", "job_type", "schema_info"} < set(tables)
    assert len(function.rows("SELECT id FROM job_event_type")) == 7
    assert versions(function) == 1


def test_update_runs_nothing_twice(function: Function, cloudformation: CloudFormation) -> None:
    tell(event(function, cloudformation.url))
    cloudformation.requests.clear()
    tell(event(function, cloudformation.url, "Update"))
    assert answer(cloudformation)["Data"] == {"SchemaVersion": 1, "StatementsRun": 0, "StatementsSkipped": 0}
    assert versions(function) == 1


@pytest.mark.parametrize("kind", ["Create", "Update"])
def test_the_digest_is_the_templates(function: Function, cloudformation: CloudFormation, kind: str) -> None:
    tell(event(function, cloudformation.url, kind, TableSetupScriptSha256=Settings().batch.script_sha256()))
    assert answer(cloudformation)["Data"]["StatementsRun"] == 9


def test_a_rollback_does_not_run_again_what_failed(function: Function, cloudformation: CloudFormation) -> None:
    """It comes while the function still has the package with the new script."""
    tell(event(function, cloudformation.url, "Update", TableSetupScriptSha256="0" * 64))
    said = answer(cloudformation)
    assert (said["Status"], said["Reason"]) == (
        "SUCCESS",
        "the function's package has other scripts than these: nothing is run",
    )
    assert said["Data"] == {"SchemaVersion": "as it was", "StatementsRun": 0, "StatementsSkipped": 0}
    assert function.rows("SHOW TABLES") == []
    assert versions(function) == 0


def test_delete_leaves_every_row_and_takes_its_own_script(function: Function, cloudformation: CloudFormation) -> None:
    tell(event(function, cloudformation.url))
    cloudformation.requests.clear()
    tell(event(function, cloudformation.url, "Delete"))
    assert answer(cloudformation)["Status"] == "SUCCESS"
    assert len(function.rows("SELECT id FROM job_type")) == 4
    assert versions(function) == 0  # so that the bucket can go with a failed first create (P62)


def test_delete_leaves_what_somebody_else_has_put(function: Function, cloudformation: CloudFormation) -> None:
    tell(event(function, cloudformation.url))
    cloudformation.requests.clear()
    function.put("SELECT 1;")
    tell(event(function, cloudformation.url, "Delete"))
    assert answer(cloudformation)["Status"] == "SUCCESS"
    assert versions(function) == 2


def test_what_somebody_made_of_its_script_is_used_and_left(function: Function, cloudformation: CloudFormation) -> None:
    """Some tools carry over what an object says of itself (its metadata); that it was ours, its content denies."""
    tell(event(function, cloudformation.url))
    cloudformation.requests.clear()
    place = {"Bucket": function.bucket, "Key": function.payload["table_setup_script_bucket_key"]}
    metadata = aws_client("s3").head_object(**place)["Metadata"]
    aws_client("s3").put_object(**place, Body=b"CREATE TABLE mine (a INT);\n", Metadata=metadata)
    tell(event(function, cloudformation.url, "Update"))
    assert answer(cloudformation)["Data"]["StatementsRun"] == 1
    cloudformation.requests.clear()
    tell(event(function, cloudformation.url, "Delete"))
    assert versions(function) == 2


def test_a_script_that_is_there_is_used_as_it_is(function: Function, cloudformation: CloudFormation) -> None:
    function.put("CREATE TABLE mine (a INT);\n")
    tell(event(function, cloudformation.url))
    assert answer(cloudformation)["Data"]["StatementsRun"] == 1
    assert "mine" in [row[0] for row in function.rows("SHOW TABLES")]
    assert versions(function) == 1


@pytest.mark.parametrize("kind", ["Create", "Update", "Delete"])
def test_an_event_without_properties_is_answered(function: Function, cloudformation: CloudFormation, kind: str) -> None:
    told = event(function, cloudformation.url, kind)
    told["ResourceProperties"] = {"ServiceToken": "arn"}
    tell(told)
    said = answer(cloudformation)
    assert said["Status"] == ("SUCCESS" if kind == "Delete" else "FAILED")
    assert kind == "Delete" or said["Reason"] == "database_hostname = None: expected a text that is not empty"


@pytest.mark.parametrize("properties", [None, [], "none"])
def test_an_event_with_properties_of_no_use_is_answered_once(
    function: Function, cloudformation: CloudFormation, properties: Any
) -> None:
    tell({**event(function, cloudformation.url), "ResourceProperties": properties})
    assert answer(cloudformation)["Reason"] == "database_hostname = None: expected a text that is not empty"


def test_an_answer_that_gets_no_http_back_is_sent_again(function: Function, cloudformation: CloudFormation) -> None:
    cloudformation.statuses = [0]
    tell(event(function, cloudformation.url, "Delete"))
    assert len(cloudformation.requests) == 2


def test_an_answer_that_is_not_taken_is_sent_again(function: Function, cloudformation: CloudFormation) -> None:
    cloudformation.statuses = [500, 503]
    tell(event(function, cloudformation.url, "Delete"))
    assert len(cloudformation.requests) == 3
    assert len({json.dumps(body) for _, body in cloudformation.requests}) == 1


def test_an_answer_that_is_refused_is_not(function: Function, cloudformation: CloudFormation) -> None:
    cloudformation.statuses = [403]
    tell(event(function, cloudformation.url, "Delete"))
    assert len(cloudformation.requests) == 1


def test_out_of_time_there_is_still_an_answer(function: Function, cloudformation: CloudFormation) -> None:
    function.put("DO SLEEP(30);\n")
    tell(event(function, cloudformation.url), seconds=3)
    assert answer(cloudformation)["Reason"] == "out of time after 0 statements: the next invocation goes on there"


def test_nothing_secret_is_said(
    function: Function, cloudformation: CloudFormation, capsys: pytest.CaptureFixture[str]
) -> None:
    function.put("CREATE TABLE t (a VARCHAR(9) UNIQUE);\nINSERT INTO t VALUES ('hush1'), ('hush1');\n")
    tell(event(function, cloudformation.url))
    reason = answer(cloudformation)["Reason"]
    assert reason == "statement 2, line 2, INSERT INTO t: 1062 Duplicate entry '...' for key 't.a'" or (
        function.server.programs.is_mariadb and reason.endswith("Duplicate entry '...' for key 'a'")
    )
    logged = capsys.readouterr().out
    assert json.loads(logged)["request"] == "request-1"
    for secret in ("hush", function.server.password):
        assert secret not in logged + json.dumps(cloudformation.requests)


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO t VALUES ('a',, 'hush')",  # the server quotes what it does not understand
        "INSERT INTO t VALUES ('it''s hush'), ('it''s hush')",  # and a value, without a thought of quotes in it
        "INSERT INTO t VALUES ('hush', 4111222233334444)",
        "SELECT 4111222233334444 + nothing",
    ],
)
def test_no_literal_is_said(function: Function, statement: str) -> None:
    function.put(f"CREATE TABLE t (a VARCHAR(20) UNIQUE);\n{statement};\n")
    reason = function.invoke()["Reason"]
    assert reason.startswith("statement 2, line 2, ")
    assert "hush" not in reason and "4111" not in reason


def test_by_hand_it_returns_the_same_as_json(function: Function) -> None:
    said = json.loads(json.dumps(function.invoke()))
    assert (said["Status"], said["SchemaVersion"], said["StatementsRun"]) == ("SUCCESS", 1, 9)
