"""What the database initialiser costs, beside the command-line client: `make bench`, or this file with .venv's python.

Both run one script over TLS against one real MySQL, in turns; the client's process starts, and the function connects.
Ratios hold between machines, times do not.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "functions/db_init")]

import app  # noqa: E402  as in Lambda, where the package is the root
from request import Request  # noqa: E402

from local import programs  # noqa: E402
from local.mysql import Server  # noqa: E402

BOUNDS = {"ours to the client's time": 1.5, "peak memory on 20 MB, MB": 256, "package, MB zipped": 10}
SECONDS = 600  # that a run may take
IMPORT = (
    "import sys, time; sys.path[:0] = sys.argv[1:2]; sys.path += sys.argv[2:]; import app; print(time.process_time())"
)


def main() -> int:
    """Measure, print, and return 1 where a bound is not met."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=5, help="measured runs of each (default: 5)")
    parser.add_argument("--json", type=Path, help="write the figures to this file too")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(dir="/dev/shm" if Path("/dev/shm").is_dir() else None) as folder:
        os.chmod(folder, 0o755)
        with Server(programs.mysql(), Path(folder) / "server") as server:
            os.environ["DATABASE_CA_FILE"] = str(server.ca)
            server.client("CREATE DATABASE bench")
            times = in_turns(server, script(10), args.runs)
            memory = peak(server, script(20))
    client, ours = (statistics.median(times[who]) for who in ("client", "ours"))
    print(f"10 MB, 100,000 INSERTs: the client {client:.2f} s, ours {ours:.2f} s")
    figures = {"ours to the client's time": ours / client, "peak memory on 20 MB, MB": memory, **package()}
    for what, value in figures.items():
        most = BOUNDS.get(what)
        print(f"{what}: {value:.2f}" + (f", at most {most}{'' if value <= most else ': NOT MET'}" if most else ""))
    if args.json:
        args.json.write_text(json.dumps({**figures, "client, s": client, "ours, s": ours}, indent=1) + "\n")
    return int(any(figures[what] > most for what, most in BOUNDS.items()))


def script(megabytes: int) -> bytes:
    """Return a script of INSERTs in one transaction, a hundred bytes each."""
    row = "INSERT INTO t VALUES ({0:06}, 'it''s row {0:06}; of many', '{1}');\n"
    rows = "".join(row.format(number, "x" * 37) for number in range(megabytes * 10_000))
    table = "DROP TABLE IF EXISTS t;\nCREATE TABLE t (a INT PRIMARY KEY, b TEXT, c TEXT);\n"
    return f"{table}BEGIN;\n{rows}COMMIT;\n".encode()


def in_turns(server: Server, content: bytes, runs: int) -> dict[str, list[float]]:
    """Return the seconds that the client and ours take, one after the other, the first of each not counted."""
    ways: dict[str, Callable[[], object]] = {
        "client": lambda: server.client(content, "bench").check_returncode(),
        "ours": lambda: initialise(server, content),
    }
    times: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(runs + 1):
        for name, run in ways.items():
            server.client("DROP TABLE IF EXISTS t, db_init_script, db_init_statement", "bench")
            start = time.perf_counter()
            run()
            times[name].append(time.perf_counter() - start)
    return {name: taken[1:] for name, taken in times.items()}


def initialise(server: Server, content: bytes) -> None:
    """Run a script as the function does between S3 and its answer, the journal included."""
    request = Request(server.host, "", "", "bench", "", "", server.port)
    scripts = [(1, "bench.sql", content)]
    app.initialise(request, server.user, server.password, scripts, time.monotonic() + SECONDS, app.Count())


def peak(server: Server, content: bytes) -> float:
    """Return the megabytes that a process of its own has at most."""
    server.client("DROP TABLE IF EXISTS t, db_init_script, db_init_statement", "bench")
    with tempfile.NamedTemporaryFile() as file:
        file.write(content)
        file.flush()
        code = f"import sys; sys.path[:0] = [{str(Path(__file__).parent)!r}]; import run; run.child(*sys.argv[1:])"
        line = [sys.executable, "-c", code, server.user, server.password, str(server.port), file.name]
        done = subprocess.run(line, check=True, capture_output=True, text=True)
    return float(done.stdout)


def child(user: str, password: str, port: str, file: str) -> None:
    """Run a script in this process, and print the megabytes that it had at most."""
    request = Request("localhost", "", "", "bench", "", "", int(port))
    content = Path(file).read_bytes()
    app.initialise(request, user, password, [(1, "bench.sql", content)], time.monotonic() + SECONDS, app.Count())
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def package() -> dict[str, float]:
    """Return the size of the function's package, and the CPU seconds of its import with and without bytecode."""
    with tempfile.TemporaryDirectory() as folder:
        built = Path(folder) / "package"
        subprocess.run(["make", "-s", "build_lambda", f"ARTIFACTS_DIR={built}"], cwd=ROOT, check=True)
        archive = Path(shutil.make_archive(f"{folder}/package", "zip", built))
        figures = {"package, MB zipped": archive.stat().st_size / 1e6}
        if python := lambdas_python():
            figures["cold import, CPU s"] = cold(python, built)
            for cache in built.rglob("__pycache__"):
                shutil.rmtree(cache)
            figures["the same without bytecode, CPU s"] = cold(python, built)
    return figures


def lambdas_python() -> str | None:
    """Return a Python of Lambda's version, if one is at hand."""
    line = ["python3.13", "-c", "import sys; print(sys.executable)"]
    try:
        done = subprocess.run(line, capture_output=True, text=True, env={**os.environ, "PYENV_VERSION": "3.13"})
    except OSError:
        return None
    return done.stdout.strip() if done.returncode == 0 else None


def cold(python: str, built: Path) -> float:
    """Return the median CPU seconds of a process that imports the handler; boto3 is where Lambda's is, outside."""
    boto3 = next(path for path in sys.path if (Path(path) / "boto3").is_dir())
    line = [python, "-ISB", "-c", IMPORT, str(built), boto3]
    return statistics.median(float(subprocess.check_output(line, text=True)) for _ in range(9))


if __name__ == "__main__":
    sys.exit(main())
