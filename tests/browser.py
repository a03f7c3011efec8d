"""A real browser for the tests: Debian's Chromium, headless, by its own driver."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.support.wait import WebDriverWait

from local.apt import installed
from local.debian import UnavailableError

PATIENCE = 180  # seconds for whatever a busy machine takes long over
NAME = "mlflow.example.com"  # the browser is told where it is
CURVES = ".js-plotly-plot .scatterlayer path.js-line"  # what MLflow draws of a metric


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
        f"--host-resolver-rules=MAP {NAME} 127.0.0.1, MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
    ):
        options.add_argument(option)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    started = webdriver.Chrome(options=options, service=Service(driver))
    started.set_page_load_timeout(PATIENCE)
    yield started
    started.quit()


def wait_for(browser: webdriver.Chrome, script: str) -> None:
    """Wait until some JavaScript says true."""
    WebDriverWait(browser, PATIENCE).until(lambda driver: driver.execute_script(f"return {script}"), script)
