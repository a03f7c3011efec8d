"""A registry of images on this machine, in place of ECR's: plain HTTP, and the login of user AWS."""

from __future__ import annotations

import secrets
import socket
import subprocess
import time
from base64 import b64encode
from pathlib import Path
from typing import Self
from urllib.request import Request, urlopen

from local.apt import installed

PACKAGES = {"docker-registry": "docker-registry", "htpasswd": "apache2-utils"}
PATIENCE = 60  # seconds that it may take to start, or to stop

SETTINGS = """\
version: 0.1
log: {{level: error}}
storage:
  filesystem: {{rootdirectory: '{folder}/images'}}
  delete: {{enabled: true}}
http: {{addr: '{host}'}}
auth:
  htpasswd: {{realm: ECR, path: '{folder}/htpasswd'}}
"""


class Registry:
    """A registry in a folder, whose images stay when it stops; as a context, it runs for that long.

    It listens on 127.0.0.1 alone. Raises UnavailableError, with what to install.
    """

    def __init__(self, folder: Path, port: int = 0, password: str = "") -> None:
        installed(PACKAGES)
        self.folder, self.password = folder.resolve(), password or secrets.token_hex(16)
        self.username = "AWS"
        self.host = f"127.0.0.1:{port or free_port()}"
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Start it, and return when it answers. Raises RuntimeError, with the end of its log, where it does not."""
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "registry.yml").write_text(SETTINGS.format(folder=self.folder, host=self.host))
        line = ["htpasswd", "-inB", self.username]
        hashed = subprocess.run(line, input=self.password.encode(), capture_output=True, check=True)
        (self.folder / "htpasswd").write_bytes(hashed.stdout)
        with (self.folder / "log").open("wb") as log:
            self._process = subprocess.Popen(
                ["docker-registry", "serve", str(self.folder / "registry.yml")],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        deadline = time.monotonic() + PATIENCE
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                said = (self.folder / "log").read_text(errors="replace")[-2000:]
                raise RuntimeError(f"The registry did not start: {said}")
            time.sleep(0.02)

    def stop(self) -> None:
        """End it, and wait for that."""
        if self._process:
            self._process.terminate()
            self._process.wait(PATIENCE)

    def _answers(self) -> bool:
        """Tell whether it lets us in: another on this port would not."""
        login = b64encode(f"{self.username}:{self.password}".encode()).decode()
        request = Request(f"http://{self.host}/v2/", headers={"Authorization": f"Basic {login}"})
        try:
            with urlopen(request, timeout=PATIENCE):  # this machine's  # nosec B310
                return True
        except OSError:
            return False


def free_port() -> int:
    """Return a port of 127.0.0.1 that nobody listens on now."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])
