"""What MLflow's server takes here, beside MLflow as it installs itself: `make bench`, or this file with .venv's python.

Both serve the same real MySQL over TLS, one after the other: the environment's size on disk, the seconds until the API
answers, and the memory of all its processes (PSS) when it idles. Then ours under clients, by its number of workers:
what docs/mlflow.md chooses a task's size by. Ratios hold between machines, times do not.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from local import programs  # noqa: E402
from local.mysql import Server  # noqa: E402

OURS, PLAIN = ROOT / ".local/mlflow", ROOT / "bench/mlflow/out/plain"
VERSION = "3.17.2"
API = "/api/2.0/mlflow/experiments/get?experiment_id=0"
BOUNDS = {"size": 0.7, "memory": 0.6}  # ours to plain
PATIENCE = 300  # seconds that a server may take to start


def main() -> int:
    """Measure, print, and return 1 where a bound is not met."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=15, help="how long clients run, for each row (default: 15)")
    parser.add_argument("--json", type=Path, help="write the figures to this file too")
    args = parser.parse_args()
    set_up()
    figures: dict[str, Any] = {}
    with tempfile.TemporaryDirectory(dir="/dev/shm" if Path("/dev/shm").is_dir() else None) as folder:
        os.chmod(folder, 0o755)
        with Server(programs.mysql(), Path(folder) / "server") as server:
            figures["plain"] = {"size": megabytes(PLAIN), **idle(plain(server, folder))}
            figures["ours"] = {"size": megabytes(OURS), **idle(ours(server, folder, workers=2))}
            figures["clients"] = [
                {"workers": workers, "clients": clients, **under_load(server, folder, workers, clients, args.seconds)}
                for workers in (1, 2, 4)
                for clients in (1, 10)
            ]
    told(figures)
    if args.json:
        args.json.write_text(json.dumps(figures, indent=1) + "\n")
    return int(any(figures["ours"][what] > most * figures["plain"][what] for what, most in BOUNDS.items()))


def set_up() -> None:
    """Set up both environments where they are not: ours by make, the plain one by pip's own resolution."""
    subprocess.run(["make", "--silent", ".local/mlflow/.ready"], cwd=ROOT, check=True)
    if not (PLAIN / ".ready").exists():
        uv = [str(ROOT / ".venv/bin/uv")]
        python = str((OURS / "bin/python").resolve())
        subprocess.run([*uv, "venv", "--quiet", "--clear", "--python", python, str(PLAIN)], check=True)
        packages = [f"mlflow=={VERSION}", "pymysql", "cryptography", "boto3"]
        line = [*uv, "pip", "install", "--quiet", "--python", str(PLAIN / "bin/python"), "--compile-bytecode"]
        subprocess.run([*line, *packages], check=True)
        (PLAIN / ".ready").touch()


@contextmanager
def running(line: list[str], environment: dict[str, str], port: int) -> Iterator[tuple[int, float]]:
    """Run a server, and yield its process group and the seconds until its API answered."""
    start = time.perf_counter()
    process = subprocess.Popen(
        line, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    try:
        while answer(port) != 200:
            if process.poll() is not None or time.perf_counter() - start > PATIENCE:
                raise SystemExit(f"{line[:4]} does not serve")
            time.sleep(0.05)
        yield process.pid, time.perf_counter() - start
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@contextmanager
def plain(server: Server, folder: str) -> Iterator[tuple[int, float, int]]:
    """`mlflow server` as it is when nobody sets anything but its database and its port."""
    server.client("CREATE DATABASE plain")
    port = free_port()
    address = f"mysql+pymysql://{server.user}:{server.password}@localhost:{server.port}/plain?ssl_ca={server.ca}"
    environment = {**os.environ, "MLFLOW_DISABLE_TELEMETRY": "true", "MLFLOW_BACKEND_STORE_URI": address}
    subprocess.run([PLAIN / "bin/mlflow", "db", "upgrade", address], env=environment, check=True, capture_output=True)
    line = [str(PLAIN / "bin/mlflow"), "server", "--port", str(port), "--artifacts-destination", folder]
    with running(line, environment, port) as (group, seconds):
        yield group, seconds, port


@contextmanager
def ours(server: Server, folder: str, workers: int) -> Iterator[tuple[int, float, int]]:
    """The container's own commands, its database migrated first."""
    name = f"ours{workers}"
    server.client(f"CREATE DATABASE IF NOT EXISTS {name}")
    port = free_port()
    environment = {
        **{key: value for key, value in os.environ.items() if key in ("PATH", "OPENBLAS_CORETYPE")},
        "PYTHONPATH": str(ROOT / "mlflow_container"),
        "TMPDIR": folder,
        "DB_HOST": "localhost",
        "DB_PORT": str(server.port),
        "DB_NAME": name,
        "DB_USERNAME": server.user,
        "DB_PASSWORD": server.password,
        "DB_CA_FILE": str(server.ca),
        "ARTIFACT_ROOT": "s3://bench/mlflow",
        "ALLOWED_HOSTS": "localhost",
        "HOST": "127.0.0.1",
        "PORT": str(port),
        "WORKERS": str(workers),
    }
    line = [str(OURS / "bin/python"), "-m", "entrypoint"]
    subprocess.run([*line, "migrate"], env=environment, check=True, capture_output=True)
    with running([*line, "server"], environment, port) as (group, seconds):
        yield group, seconds, port


def idle(started: Any) -> dict[str, float]:
    """Return what a server that nobody asks anything takes."""
    with started as (group, seconds, _):
        time.sleep(10)  # until what it starts later is there: memory is what is measured, not the time
        return {"memory": memory(group), "seconds": seconds}


def under_load(server: Server, folder: str, workers: int, clients: int, seconds: int) -> dict[str, float]:
    """Return the requests a second, their 95th percentile and the memory while so many clients log metrics."""
    taken: list[float] = []
    with ours(server, folder, workers) as (group, _, port):
        experiment = call(port, "experiments/create", {"name": f"bench-{time.time()}"})["experiment_id"]
        runs = [
            call(port, "runs/create", {"experiment_id": experiment})["run"]["info"]["run_id"] for _ in range(clients)
        ]
        end = time.perf_counter() + seconds

        def log(run: str) -> None:
            while (start := time.perf_counter()) < end:
                call(port, "runs/log-metric", {"run_id": run, "key": "m", "value": start, "timestamp": 0})
                taken.append(time.perf_counter() - start)

        threads = [threading.Thread(target=log, args=(run,)) for run in runs]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        used = memory(group)
    return {"requests": len(taken) / seconds, "p95": statistics.quantiles(taken, n=20)[-1] * 1000, "memory": used}


def call(port: int, path: str, body: dict[str, Any]) -> Any:
    """Call MLflow's API."""
    connection = http.client.HTTPConnection("localhost", port, timeout=60)
    connection.request("POST", f"/api/2.0/mlflow/{path}", json.dumps(body), {"Content-Type": "application/json"})
    response = connection.getresponse()
    content = response.read()
    connection.close()
    if response.status != 200:
        raise SystemExit(f"{path}: {response.status} {content[:200]!r}")
    return json.loads(content)


def answer(port: int) -> int:
    """Return the status that the API answers, 0 where nobody does."""
    connection = http.client.HTTPConnection("localhost", port, timeout=10)
    try:
        connection.request("GET", API)
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return 0
    finally:
        connection.close()


def memory(group: int) -> float:
    """Return the megabytes of a process group: each page by the share that each process has in it."""
    total = 0
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if os.getpgid(int(process.name)) == group:
                total += int(
                    next(x for x in (process / "smaps_rollup").read_text().splitlines() if "Pss:" in x).split()[1]
                )
    return total / 1024


def megabytes(folder: Path) -> float:
    """Return the size of a folder, each file once."""
    files = {(info.st_ino, info.st_size) for path in folder.rglob("*") if (info := path.lstat()) and path.is_file()}
    return sum(size for _, size in files) / 1e6


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


def told(figures: dict[str, Any]) -> None:
    """Print it as docs/mlflow.md has it."""
    print("|  | plain `mlflow server` | ours | ratio |\n|---|---|---|---|")
    for what, unit in (("size", "MB on disk"), ("memory", "MB idle"), ("seconds", "s to the first answer")):
        one, other = figures["plain"][what], figures["ours"][what]
        print(f"| {unit} | {one:.1f} | {other:.1f} | {other / one:.2f} |")
    print("\n| workers | clients | metrics a second | p95, ms | memory, MB |\n|---|---|---|---|---|")
    for row in figures["clients"]:
        print(
            f"| {row['workers']} | {row['clients']} | {row['requests']:.0f} | {row['p95']:.0f} | {row['memory']:.0f} |"
        )
    for what, most in BOUNDS.items():
        ratio = figures["ours"][what] / figures["plain"][what]
        print(f"{what}, ours to plain: {ratio:.2f}, at most {most}{'' if ratio <= most else ': NOT MET'}")


if __name__ == "__main__":
    sys.exit(main())
