"""The platform built and deployed by SAM, as on AWS; only where it goes differs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import tomllib
from collections.abc import Callable
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

from commands.asking import unknown
from commands.events import cause
from local import files, images, stacks
from local.emulator import LocalError, client, environment
from local.places import BUILD, PLATFORM, PROJECT
from local.ports import free, is_free

SETTINGS = PROJECT / "samconfig.toml"
ARTIFACTS = "hydra-artifacts"
PARAMETERS = PLATFORM / "parameters.json"  # given to the last deployment that succeeded, besides samconfig.toml's
DEPLOYED = PLATFORM / "deployed.json"  # what the last deployment was made of, there if it succeeded
PORTS = ("BatchDbPort", "MlflowDbPort")
Parameters = dict[str, str]


def parameters(given: Parameters, running: bool) -> Parameters:
    """Return all parameters of a deployment: what is given, else given the last time, else samconfig.toml's.

    Free ports and the image's tag come where nobody gave them; a port that something else has taken is another one
    where the databases do not run.
    """
    kept = files.read(PARAMETERS)
    chosen = {name: kept.pop(name) if name in kept and (running or is_free(int(kept[name]))) else "" for name in PORTS}
    made = {"ImageTag": images.tag(), **{name: port or str(free(name)) for name, port in chosen.items()}}
    return {**made, **_of_settings(), **kept, **given}


def check(given: Parameters) -> None:
    """Raise LocalError for a parameter that the templates do not have; SAM would leave it out without a word."""
    known = json.loads((PROJECT / "build/template.json").read_text())["Parameters"]
    for name in given.keys() - known.keys():
        raise LocalError(f"PARAMETERS: {unknown(name, known)}")


def build() -> str:
    """Write the templates and have SAM package them, where anything of that has changed; return what they are made of.

    Raises LocalError with what make or SAM said.
    """
    _run("make", "--silent", "synth", name="synth")
    inputs = [*sorted((PROJECT / "build").rglob("*.json")), *_sources(), SETTINGS]
    made_of = _digest(inputs)
    stamp = BUILD / ".inputs"
    if not stamp.exists() or stamp.read_text() != made_of:
        _run(sys.executable, "-m", "samcli", "build", "--config-env", "local", name="build")
        stamp.write_text(made_of)
    return made_of


def deploy(address: str, made_of: str, values: Parameters, tell: Callable[[str], None]) -> bool:
    """Deploy the artifacts bucket and the platform, and return True; where nothing has changed, return False.

    Raises LocalError with the first cause.
    """
    cloudformation = client("cloudformation", address)
    wanted = {"made_of": made_of, "parameters": values}
    if files.read(DEPLOYED) == wanted and stacks.status(cloudformation) in stacks.UNCHANGED:
        return False
    DEPLOYED.unlink(missing_ok=True)
    if stacks.status(cloudformation, ARTIFACTS) not in stacks.UNCHANGED:
        template = PROJECT / "build/artifacts/template.json"
        _sam(address, ARTIFACTS, "--template-file", str(template), tell=tell)
    bucket = stacks.outputs(cloudformation, ARTIFACTS)["RemoteStateBucket"]
    stacks.settle(cloudformation)
    overrides = [f'{name}="{value}"' for name, value in values.items()]  # SAM takes no empty value without the quotes
    _sam(address, stacks.ROOT, "--s3-bucket", bucket, "--parameter-overrides", *overrides, tell=tell)
    files.write(DEPLOYED, wanted)
    return True


def keep(given: Parameters, values: Parameters) -> None:
    """Keep what was given, for the next time."""
    kept = {name: value for name, value in files.read(PARAMETERS).items() if name not in PORTS}
    files.write(PARAMETERS, {**kept, **{name: values[name] for name in PORTS}, **given})


def _sam(address: str, stack: str, *options: str, tell: Callable[[str], None]) -> None:
    cloudformation, since = client("cloudformation", address), datetime.now(UTC)
    told = stacks.moments(cloudformation)
    line = [sys.executable, "-m", "samcli", "deploy", "--config-file", str(SETTINGS), "--config-env", "local"]
    line += ["--no-resolve-s3"]  # what samconfig.toml has for the commands; here it is the artifacts bucket
    with (PLATFORM / "deploy.log").open("w+") as log:
        sam = subprocess.Popen(
            [*line, "--stack-name", stack, *options],
            cwd=PROJECT,
            env=environment(address),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
        try:
            while sam.poll() is None:
                time.sleep(0.3)
                now = stacks.moments(cloudformation)
                for name, state, _ in sorted(now - told, key=stacks.nested_first):
                    tell(f"{name} {state.lower().replace('_', ' ')}")
                told = now
        finally:
            sam.kill()
            sam.wait()
        log.seek(0)
        said = log.read()
    if sam.returncode:
        if first := cause(cloudformation, stack, since):
            raise LocalError(f"The deployment failed and was taken back. First cause: {first}")
        raise LocalError(f"{stack} was not deployed: {said.strip().splitlines()[-1]}")


def _of_settings() -> Parameters:
    overrides = tomllib.loads(SETTINGS.read_text())["local"]["deploy"]["parameters"]["parameter_overrides"]
    return dict(override.split("=", 1) for override in (overrides.split() if isinstance(overrides, str) else overrides))


def _sources() -> list[Path]:
    found = (PROJECT / "functions/db_init").rglob("*")
    return [*sorted(path for path in found if path.is_file() and "__pycache__" not in path.parts), PROJECT / "Makefile"]


def _digest(paths: list[Path]) -> str:
    digest = sha256()
    for path in paths:
        digest.update(f"{path.relative_to(PROJECT)}:{sha256(path.read_bytes()).hexdigest()}\n".encode())
    return digest.hexdigest()


def _run(*line: str, name: str) -> None:
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("MAKE", "MFLAGS", "SAM_"))}
    done = subprocess.run(
        line,
        cwd=PROJECT,
        env={**kept, "SAM_CLI_TELEMETRY": "0"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        said = (done.stderr + done.stdout).strip().splitlines() or ["nothing was said"]
        errors = [text for text in said if text.startswith("Error")]
        raise LocalError(f"{name} failed: {(errors or said)[0]}")
