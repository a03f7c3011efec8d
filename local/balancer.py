"""HAProxy on this machine: what a load balancer's listeners are on AWS, on 127.0.0.1 alone.

Servers come and go through its runtime API, so that no connection is cut; what listens changes by a new process that
takes the sockets over and lets the old one finish.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from threading import RLock

from local.debian import UnavailableError, command, unpacked

PATIENCE = 60  # seconds that it may take to answer
GLOBAL = """\
global
  stats socket unix@socket level admin expose-fd listeners
  hard-stop-after 60s
  maxconn 2000
  noreuseport
defaults
  mode http
  timeout connect 10s
  retries 0
  option forwardfor
"""

Start = Callable[[Sequence[str], Path], "subprocess.Popen[bytes]"]


@dataclass(frozen=True)
class Listener:
    """What answers on a port of 127.0.0.1: a backend's servers, or HAProxy itself by an http-request rule."""

    port: int
    action: str  # "default_backend NAME" or "http-request ..."
    idle: int = 60  # seconds after which a silent connection is closed

    def section(self) -> str:
        return (
            f"frontend port{self.port}\n  bind 127.0.0.1:{self.port}\n  timeout client {self.idle}s\n"
            f"  http-request set-header X-Forwarded-Proto http\n  {self.action}\n"
        )


@dataclass
class Balancer:
    """One HAProxy in a folder of its own; `start` runs its command line, so that others can keep its process."""

    folder: Path
    start: Start
    idle: int = 60
    _listeners: tuple[Listener, ...] = ()
    _servers: dict[str, set[int]] = field(default_factory=dict)  # of each backend, those that get requests
    _process: subprocess.Popen[bytes] | None = None
    _lock: RLock = field(default_factory=RLock)

    def listen(self, listeners: Sequence[Listener], backends: Mapping[str, set[int]]) -> None:
        """Have just these listeners, and these servers (ports of 127.0.0.1) behind each backend's name.

        Nothing happens where all is so already. Raises RuntimeError where HAProxy does not start: a port that is taken.
        """
        with self._lock:
            wanted = tuple(listeners)
            if (wanted, set(backends)) != (self._listeners, set(self._servers)) or not self._runs():
                servers = {name: set(ports) for name, ports in backends.items()}
                self._replace(wanted, servers)
                self._listeners, self._servers = wanted, servers

    def serve(self, backend: str, port: int) -> None:
        """Give a server its share of the requests."""
        with self._lock:
            if backend in self._servers:
                self._servers[backend].add(port)
                name = f"{backend}/s{port}"
                # One that had been there before was left draining.
                self._ask(f"add server {name} 127.0.0.1:{port}", f"set server {name} state ready")

    def drain(self, backend: str, port: int) -> None:
        """Send a server no more requests; those under way go on."""
        with self._lock:
            if backend in self._servers:
                self._servers[backend].discard(port)
                self._ask(f"set server {backend}/s{port} state drain")

    def busy(self, backend: str, port: int) -> bool:
        """Tell whether a server has requests under way."""
        with self._lock:
            answer = self._ask(f"show stat {backend} 4 -1") if backend in self._servers else ""
        lines = [line.split(",") for line in answer.splitlines() if f",s{port}," in line]
        return any(int(line[4]) for line in lines)  # scur

    def remove(self, backend: str, port: int) -> None:
        """Forget a server, and cut what it may still have under way."""
        with self._lock:
            self.drain(backend, port)
            if backend in self._servers:
                name = f"{backend}/s{port}"
                self._ask(f"set server {name} state maint", f"shutdown sessions server {name}", f"del server {name}")

    def stop(self) -> None:
        with self._lock:
            if self._process:
                self._process.kill()
                self._process.wait()
            self._process, self._listeners = None, ()

    def _runs(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def _replace(self, listeners: tuple[Listener, ...], servers: dict[str, set[int]]) -> None:
        """Start a process for what is wanted now, which takes over from the one that runs."""
        old = self._process if self._runs() else None
        if not listeners:
            self.stop()
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "haproxy.cfg").write_text(self._configuration(listeners, servers))
        over = ["-x", "socket", "-sf", str(old.pid)] if old else []
        process = self.start([*haproxy(), "-db", "-q", "-f", "haproxy.cfg", *over], self.folder)
        deadline = time.monotonic() + PATIENCE
        while f"\nPid: {process.pid}\n" not in self._ask("show info"):
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(
                    f"HAProxy does not listen on {', '.join(str(x.port) for x in listeners)} of 127.0.0.1"
                )
            time.sleep(0.02)
        self._process = process

    def _configuration(self, listeners: tuple[Listener, ...], servers: dict[str, set[int]]) -> str:
        sections = [GLOBAL, *(listener.section() for listener in listeners)]
        for name, ports in servers.items():
            lines = "".join(f"  server s{port} 127.0.0.1:{port}\n" for port in sorted(ports))
            sections.append(f"backend {name}\n  balance roundrobin\n  timeout server {self.idle}s\n{lines}")
        return "\n".join(sections)

    def _ask(self, *commands: str) -> str:
        """Say this to HAProxy and return its answer; empty where it does not run."""
        path = self.folder / "socket"
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(PATIENCE)
            try:  # by the shorter of its two names: a socket's may have about a hundred characters
                connection.connect(min(str(path), os.path.relpath(path), key=len))
                connection.sendall((";".join(commands) + "\n").encode())
                return b"".join(iter(lambda: connection.recv(65536), b"")).decode()
            except (FileNotFoundError, ConnectionError):
                return ""


def haproxy() -> tuple[str, ...]:
    """Return HAProxy's command line: PATH's, else Debian's own, unpacked into .local/haproxy.

    Raises UnavailableError where there is neither.
    """
    # Debian has it where only root's PATH leads.
    if found := shutil.which("haproxy", path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/usr/local/sbin"):
        return (found,)
    try:
        return command(unpacked("haproxy", "stable", ("haproxy",)), "haproxy")
    except UnavailableError as error:
        raise UnavailableError(f"HAProxy is not there, and {error}: install haproxy") from None


if __name__ == "__main__":
    try:
        haproxy()
    except UnavailableError as error:
        sys.exit(str(error))
