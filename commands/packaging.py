"""`sam package`: what `sam build` made is uploaded, and the template comes back that says where it is."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any
from urllib.parse import urlparse

import tomlkit

from commands import CommandError
from commands.program import Program

if TYPE_CHECKING:
    import boto3

    from commands.configuration import Configuration
    from commands.options import Options
    from commands.progress import Progress

Template = dict[str, Any]
# Bytes of a template that CloudFormation takes in a request; a larger one must be in S3.
LARGEST = 51200


def package(configuration: Configuration, options: Options, progress: Progress) -> Template:
    """Upload what `sam build` made, as `sam deploy` would, and return the root template. Raises CommandError."""
    with TemporaryDirectory() as folder:
        written, settings = Path(folder, "template.json"), Path(folder, "samconfig.toml")
        # `sam package` reads a section of its own: what is said to deploy is said to it, in the forms that SAM takes.
        said = {
            **options.packaging,
            "template_file": str(configuration.template),
            "output_template_file": str(written),
            "use_json": True,
            "no_progressbar": True,
        }
        name = configuration.environment
        settings.write_text(tomlkit.dumps({"version": 0.1, name: {"package": {"parameters": said}}}))
        line = ["samcli", "package", "--config-file", str(settings), "--config-env", name]
        with Program("package.log", *line, variables={"SAM_CLI_TELEMETRY": "0"}) as sam:
            while sam.running:
                progress.still("Uploading the packages")
                progress.pause(sam)
            if sam.failed:
                raise CommandError(f"Nothing was packaged: {sam.last_line.removeprefix('Error: ')} ({sam.log})")
        return dict(json.loads(written.read_text()))


def argument(session: boto3.Session, template: Template, options: Options) -> dict[str, str]:
    """Return the template as an argument of CloudFormation: itself, or where it is in S3 if it is too large."""
    body = json.dumps(template, separators=(",", ":"))
    if len(body.encode()) <= LARGEST:
        return {"TemplateBody": body}
    nested = [made["Properties"] for made in template["Resources"].values() if "TemplateURL" in made["Properties"]]
    if not nested:
        raise CommandError(f"The template has {len(body.encode())} bytes: expected at most {LARGEST}")
    url = urlparse(nested[0]["TemplateURL"])
    bucket, _, beside = url.path.removeprefix("/").partition("/")
    key = f"{beside.rpartition('/')[0]}/{sha256(body.encode()).hexdigest()}.template".removeprefix("/")
    encrypted = options.packaging.get("kms_key_id")
    more = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": encrypted} if encrypted else {}
    s3: Any = session.client("s3")
    put = s3.put_object(Bucket=bucket, Key=key, Body=body.encode(), **more)
    version = f"?versionId={put['VersionId']}" if put.get("VersionId") else ""
    return {"TemplateURL": f"{url.scheme}://{url.netloc}/{bucket}/{key}{version}"}
