"""The page in a real browser, by the balancer's name: the runs of an experiment, and a chart of them."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from selenium import webdriver

from local.mysql import Server
from tests.browser import CURVES, NAME, wait_for
from tests.mlflow_container.harness import PYTHON, Entrypoint, Running

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("mlflow_page")]

ROOT = Path(__file__).parents[2]
RUNS = """
import mlflow
mlflow.set_experiment("on the page")
for number, name in enumerate(("graceful-owl", "bold-hare")):
    with mlflow.start_run(run_name=name):
        mlflow.log_param("rate", 0.1 * (number + 1))
        for step in range(20):
            mlflow.log_metric("loss", 1 / (step + 1 + number), step=step)
print(mlflow.get_experiment_by_name("on the page").experiment_id)
"""


@pytest.fixture(scope="module")
def served(entrypoint_on: Callable[[Server], Entrypoint], mysql: Server) -> Iterator[tuple[Running, str]]:
    """A server with two runs, and their experiment's address."""
    made = entrypoint_on(mysql)
    assert made.migrate().code == 0
    with made.serving() as running:
        variables = {**made.variables, "MLFLOW_TRACKING_URI": f"http://localhost:{running.port}"}
        done = subprocess.run([str(PYTHON), "-c", RUNS], env=variables, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        yield running, f"http://{NAME}:{running.port}/#/experiments/{done.stdout.split()[-1]}/runs"


def screenshot(browser: webdriver.Chrome, folder: Path) -> Path:
    """Keep what is seen: in docs/ where that is asked for, else where tests' files go."""
    path = ROOT / "docs/mlflow.png" if os.environ.get("KEEP_SCREENSHOT") else folder / "mlflow.png"
    assert browser.save_screenshot(str(path))
    return path


def test_runs_are_listed_and_drawn(browser: webdriver.Chrome, served: tuple[Running, str], tmp_path: Path) -> None:
    running, address = served
    browser.get(address)
    for name in ("graceful-owl", "bold-hare"):
        wait_for(browser, f"document.body.innerText.includes('{name}')")
    browser.get(f"{address}?compareRunsMode=CHART")
    wait_for(browser, f"document.querySelectorAll('{CURVES}').length >= 2")
    assert screenshot(browser, tmp_path).stat().st_size > 20_000
    assert " 403 " not in running.text
    assert not [entry for entry in browser.get_log("browser") if "status of 403" in entry["message"]]
