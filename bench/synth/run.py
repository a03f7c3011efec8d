"""What synthesis costs, beside a bare process and AWS CDK: `make bench`, or `.venv/bin/python bench/synth/run.py`.

Medians over whole cold processes that run in turns. Ratios hold between machines; times do not.
"""

from __future__ import annotations

import argparse
import json
import marshal
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from processes import Commands, Figures, in_turns

HERE, ROOT = Path(__file__).resolve().parent, Path(__file__).resolve().parents[2]
CDK, VENV = HERE / "cdk", HERE / "out/venv"
BOUNDS = {2: 1.6, 50: 1.75}  # compute environments (and as many queues; AWS Batch takes 50) -> ours over bare, at most
IDLE_BOUND = 10  # ms
# No variables of the make that runs this; bytecode is kept, as by default: the round that warms up writes it.
UNWANTED = ("MAKEFLAGS", "MAKELEVEL", "MFLAGS", "PYTHONDONTWRITEBYTECODE")
ENV = {
    **{key: value for key, value in os.environ.items() if key not in UNWANTED},
    "UV_SYSTEM_CERTS": "true",
    "JSII_RUNTIME_PACKAGE_CACHE_ROOT": str(VENV / "jsii"),
    "JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION": "20,22",
}
# CDK's Python unpacks its JavaScript once, and indexes it in the background of a process that lives long enough: after
# that it takes half the time and a seventh of the memory.
INDEX = "import aws_cdk, time; aws_cdk.App(); time.sleep(10)"
PROBE = """
import sys
from templates_py.__main__ import main
main(sys.argv[1:])
print(*(name for name in sys.modules if name.split(".")[0] in ("troposphere", "awacs")))
"""


def main() -> int:
    """Measure all of it, print it, and return 1 if a bound is not met."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=9, help="measured runs of each (default: 9)")
    parser.add_argument("--json", type=lambda name: Path(name).absolute(), help="write the figures to this file too")
    parser.add_argument("--validate", action="store_true", help="leave CDK's own validation on: 20 s a run")
    args = parser.parse_args()
    os.chdir(ROOT)
    ENV["CDK_VALIDATION"] = str(args.validate).lower()
    apps = peers()
    synth = {size: synthesis(size, args.runs, apps) for size in BOUNDS}
    makes = {"make": ["make", "-s", "-C", str(ROOT), "synth"], "make -v": ["make", "-v"]}
    idle = in_turns(makes, ENV, args.runs, base="make -v")
    if args.json:
        args.json.write_text(json.dumps({"runs": args.runs, "synth": synth, "make": idle}, indent=1) + "\n")
    return report(synth, idle)


def peers() -> Commands:
    """Set up AWS CDK, for Node.js and for Python, and return how to start each app."""
    if missing := [name for name in ("node", "npm") if not shutil.which(name)]:
        sys.exit(f"bench/synth needs Node.js 20 or later, for AWS CDK; not found: {', '.join(missing)}")
    uv, python = [sys.executable, "-m", "uv"], str(VENV / "bin/python")
    install(CDK / "package-lock.json", CDK / "node_modules", ["npm", "ci", "--silent"])
    install(
        CDK / "requirements.txt",
        VENV,
        [*uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(VENV)],
        [*uv, "pip", "install", "--quiet", "--python", python, "--require-hashes", "-r", "requirements.txt"],
        [python, "-c", INDEX],
    )
    node = subprocess.check_output(["node", "-p", "process.execPath"], text=True).strip()  # past a version manager
    ENV["JSII_NODE"] = node
    return {"CDK, JavaScript": [node, str(CDK / "app.js")], "CDK, Python": [python, str(CDK / "app.py")]}


def install(lock: Path, into: Path, *commands: list[str]) -> None:
    """Install what `lock` says, unless it is there already."""
    stamp = into / ".lock"
    if not (stamp.is_file() and stamp.read_bytes() == lock.read_bytes()):
        for command in commands:
            subprocess.run(command, cwd=CDK, env=ENV, check=True)
        shutil.copyfile(lock, stamp)


def settings(size: int) -> str:
    """Return a settings file of `size` compute environments and as many queues."""
    tables = '[[batch.compute_environments]]\nname = "env-{0}"\n[[batch.job_queues]]\nname = "queue-{0}"\n'
    return "".join((tables + 'compute_environment = "env-{0}"\n').format(number) for number in range(size))


def synthesis(size: int, runs: int, apps: Commands) -> Figures:
    """Measure ours, bare and the apps of AWS CDK, all of them making the same templates."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "hydra.toml").write_text(settings(size), encoding="utf-8")
        synth = ["synth", "--settings", f"{folder}/hydra.toml", "--build", f"{folder}/ours"]
        probed = subprocess.check_output([sys.executable, "-c", PROBE, *synth], text=True)
        bodies = {path: json.loads(content) for path, content in read(folder / "ours").items()}
        (folder / "bodies").write_bytes(marshal.dumps((probed.splitlines()[-1].split(), bodies)))
        commands = {
            "ours": [sys.executable, "-m", "templates_py", *synth],
            "bare": [sys.executable, str(HERE / "bare.py"), f"{folder}/bodies", f"{folder}/bare"],
            **{app: [*start, f"{folder}/ours", f"{folder}/{app}"] for app, start in apps.items()},
        }
        figures = in_turns(commands, ENV, runs, base="ours")
        if read(folder / "bare") != read(folder / "ours"):
            sys.exit("bare.py does not write what ours writes: does it encode as templates_py/emission.py does?")
        for path, body in bodies.items():
            stack = path.removesuffix(".json").replace("/", "-").replace("_", "-")
            for app in apps:
                if members(json.loads((folder / app / f"{stack}.template.json").read_bytes())) != members(body):
                    sys.exit(f"{app}: {path} is not ours: it has other resources, parameters, ...")
    return figures


def read(folder: Path) -> dict[str, bytes]:
    """Return the templates under `folder`: path -> content."""
    return {file.relative_to(folder).as_posix(): file.read_bytes() for file in folder.rglob("*.json")}


def members(body: dict[str, Any]) -> set[tuple[str, str, str | None]]:
    """Return what a template has: section, logical ID, type if it has one."""
    sections = ("Parameters", "Conditions", "Rules", "Resources", "Outputs")
    return {(part, title, row.get("Type")) for part in sections for title, row in body.get(part, {}).items()}


def report(synth: dict[int, Figures], idle: Figures) -> int:
    """Print the figures, and say where a bound is not met."""
    print(" " * 16 + "".join(f"{f'N = {size}':>19}" + " " * 8 for size in synth))
    print(" " * 16 + "    to ours      ms     MiB" * len(synth))
    for name in synth[2]:
        rows = [synth[size][name] for size in synth]
        print(f"{name:16}" + "".join(f"{row['ratio']:11.2f}{row['ms']:8.0f}{row['mib']:8.0f}" for row in rows))
    bounds = [(f"ours to bare, N = {size}", 1 / synth[size]["bare"]["ratio"], most) for size, most in BOUNDS.items()]
    idle_ms, idle_ratio = idle["make"]["ms"], idle["make"]["ratio"]
    bounds.append((f"make with nothing to do, ms ({idle_ratio:.1f} times `make -v`)", idle_ms, IDLE_BOUND))
    for what, value, most in bounds:
        print(f"{what}: {value:.2f}, at most {most}{'' if value <= most else ': NOT MET'}")
    return int(any(value > most for _, value, most in bounds))


if __name__ == "__main__":
    sys.exit(main())
