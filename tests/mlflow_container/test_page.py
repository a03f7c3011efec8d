"""The page in a real browser, by the balancer's name: the runs of an experiment, and a chart of them."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.support.wait import WebDriverWait

from local.apt import installed
from local.debian import UnavailableError
from local.mysql import Server
from tests.mlflow_container.harness import PATIENCE, PYTHON, Entrypoint, Running

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("mlflow_page")]

ROOT = Path(__file__).parents[2]
NAME = "mlflow.example.com"  # the browser is told where it is
CURVES = ".js-plotly-plot .scatterlayer path.js-line"
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


def programs() -> tuple[str, str]:
    """Return a Chromium and its driver: those on PATH, else Debian's, installed where that may be."""
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    try:
        installed({"chromedriver": "chromium-driver"} | ({} if chromium else {"chromium": "chromium"}))
    except UnavailableError as error:
        pytest.skip(str(error))
    return chromium or str(shutil.which("chromium")), str(shutil.which("chromedriver"))


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[webdriver.Chrome]:
    """A headless Chromium that knows the balancer's name, and no other place."""
    chromium, driver = programs()
    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    for option in (
        "--headless=new",
        "--no-sandbox",
        "--disable-dev-shm-usage",
        "--disable-gpu",
        "--window-size=1500,1000",
        f"--user-data-dir={tmp_path_factory.mktemp('chromium')}",
        f"--host-resolver-rules=MAP {NAME} 127.0.0.1, MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    ):
        options.add_argument(option)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    started = webdriver.Chrome(options=options, service=Service(driver))
    started.set_page_load_timeout(PATIENCE)
    yield started
    started.quit()


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


def wait_for(browser: webdriver.Chrome, script: str) -> None:
    """Wait until some JavaScript says true."""
    WebDriverWait(browser, PATIENCE).until(lambda driver: driver.execute_script(f"return {script}"), script)


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
