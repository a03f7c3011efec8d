"""What stands for an image in the tests of ECS: run as `program.py COMMAND`, as an image's own program is."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread

told_to_end = Event()


def wait_for(done: Path) -> None:
    """Wait until a file is there, and leave one beside it where SIGTERM came before that."""
    (done.parent / "begun").touch()
    while not done.exists():
        time.sleep(0.02)
    if told_to_end.is_set():
        (done.parent / "told to end").touch()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        if self.path == "/sick":
            Path("sick").touch()
        if self.path.startswith("/until?"):
            wait_for(Path(self.path.partition("?")[2]))
        self.send_response(503 if self.path == "/health" and Path("sick").exists() else 200)
        said = f"{os.environ['VERSION']} {os.getpid()}".encode()
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    def log_message(self, *_: object) -> None:
        pass


def server() -> None:
    served = ThreadingHTTPServer((os.environ["HOST"], int(os.environ["PORT"])), Handler)
    served.daemon_threads = False

    def stop(*_: object) -> None:
        told_to_end.set()
        Thread(target=served.shutdown).start()

    signal.signal(signal.SIGTERM, stop)
    print("serving", flush=True)
    served.serve_forever()
    print("served all", flush=True)


def health() -> None:
    urllib.request.urlopen(f"http://{os.environ['HOST']}:{os.environ['PORT']}/health", timeout=10).close()


def migrate() -> None:
    print(f"migrate as {os.environ['SECRET']} in {Path.cwd()}", flush=True)
    while not Path(os.environ.get("MIGRATE_UNTIL", "/")).exists():
        time.sleep(0.02)
    sys.exit(int(os.environ.get("MIGRATE_EXIT", "0")))


def deaf() -> None:
    """Hear no SIGTERM, and leave a child behind."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    print(f"child {child.pid}", flush=True)
    time.sleep(600)


def environment() -> None:
    for name, value in sorted(os.environ.items()):
        print(f"{name}={value}", flush=True)
    print("end")


def crash() -> None:
    sys.exit(3)


if __name__ == "__main__":
    globals()[sys.argv[1]]()
