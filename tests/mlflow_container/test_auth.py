"""MLflow's own logins, on MySQL: two servers share them, and users come and go."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator

import pytest

from local.mysql import Server
from tests.mlflow_container.conftest import free_port
from tests.mlflow_container.harness import API, SECRETS, Entrypoint, Running
from tests.mlflow_container.test_server import client_flow

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("mlflow_auth")]

USERS = "/api/2.0/mlflow/users"


@pytest.fixture(scope="module")
def basic(entrypoint_on: Callable[[Server], Entrypoint], mysql: Server) -> Entrypoint:
    made = entrypoint_on(mysql).having(AUTH="basic", **SECRETS)
    assert made.migrate().code == 0
    return made


@pytest.fixture(scope="module")
def served(basic: Entrypoint) -> Iterator[Running]:
    with basic.serving() as running:
        yield running


def login(username: str = "admin", password: str = SECRETS["AUTH_ADMIN_PASSWORD"]) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{username}:{password}".encode()).decode()}


def change(running: Running, method: str, path: str, said: dict[str, str], **headers: str) -> int:
    headers = {"Content-Type": "application/json", **headers}
    return running.ask(method, path, json.dumps(said).encode(), headers=headers)[0]


def test_without_a_login_there_is_nothing_but_health(basic: Entrypoint, served: Running) -> None:
    assert [served.get(path)[0] for path in ("/", API, "/version")] == [401] * 3
    assert served.get(API, **login(password="another password"))[0] == 401
    assert served.get("/health")[0] == 200
    assert basic.run("health").code == 0


def test_an_admin_has_the_page_and_the_api(served: Running) -> None:
    assert served.get(API, **login())[0] == 200
    assert b"<title>MLflow</title>" in served.get("/", **login())[1]


def test_users_come_and_go(basic: Entrypoint, served: Running) -> None:
    """P49: deleting one reads tables that MLflow's models do not have (1146)."""
    user, password = "ada", "the password of ada"
    assert change(served, "POST", f"{USERS}/create", {"username": user, "password": password}, **login()) == 200
    assert served.get(API, **login(user, password))[0] == 200
    with basic.having(PORT=free_port()).serving() as another:
        assert another.get(API, **login(user, password))[0] == 200
    assert change(served, "DELETE", f"{USERS}/delete", {"username": user}, **login(user, password)) == 403
    assert change(served, "DELETE", f"{USERS}/delete", {"username": user}, **login()) == 200
    assert served.get(API, **login(user, password))[0] == 401


def test_a_client_works_with_a_login(basic: Entrypoint, served: Running) -> None:
    given = {"MLFLOW_TRACKING_USERNAME": "admin", "MLFLOW_TRACKING_PASSWORD": SECRETS["AUTH_ADMIN_PASSWORD"]}
    # Briefly: each request costs a check of the password, and so some tenth of a second.
    assert client_flow(basic, served, "with a login", "--briefly", **given)["run_id"]


def test_the_users_tables_are_in_a_database_of_their_own(basic: Entrypoint, served: Running) -> None:
    assert basic.rows("SHOW TABLES LIKE 'users'") == []
    assert basic.rows("SELECT username, is_admin FROM users", f"{basic.database}_auth") == [["admin", "1"]]


def test_nothing_secret_is_said(served: Running) -> None:
    assert served.get(API, **login())[0] == 200
    assert not any(secret in served.text for secret in SECRETS.values())
