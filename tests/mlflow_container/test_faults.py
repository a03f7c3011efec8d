"""What a database does to its clients: not there yet, gone, another's certificate, a password of every character."""

from __future__ import annotations

import string
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pymysql
import pytest

from local.mysql import Server
from tests.mlflow_container.conftest import free_port
from tests.mlflow_container.harness import PATIENCE, Entrypoint, Running, until
from tests.servers import running

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("mlflow_faults")]

PRINTABLE = "".join(character for character in string.printable if character.isprintable())


@pytest.fixture(scope="module")
def own_server(mysql: Server) -> Iterator[Server]:
    """A server that the tests here may kill: each of them starts it again, whatever became of it."""
    yield from running(lambda: mysql.programs)


@pytest.fixture
def mortal(own_server: Server, entrypoint_on: Callable[[Server], Entrypoint]) -> Iterator[Entrypoint]:
    """The command on a new, empty database of a server that may be killed."""
    made = entrypoint_on(own_server)
    yield made
    own_server.kill()
    own_server.start()


def line_of(entrypoint: Entrypoint) -> str:
    """Migrate with what should be refused as a setting, and return the one line that says so."""
    done = entrypoint.migrate()
    assert done.code == 2, done.output
    (line,) = (line for line in done.output.splitlines() if not line.startswith("statements: "))
    return line


def test_another_authority_is_refused(entrypoint: Entrypoint, own_server: Server) -> None:
    """P50."""
    line = line_of(entrypoint.having(DB_CA_FILE=str(own_server.ca)))
    assert line.startswith("entrypoint migrate: DB_HOST, DB_CA_FILE: the certificate of localhost:")
    assert "does not verify by" in line


def test_another_name_is_refused(entrypoint: Entrypoint) -> None:
    """The certificate is for localhost and 127.0.0.1: this is the same machine by another name."""
    assert "Hostname mismatch" in line_of(entrypoint.having(DB_HOST="127.1"))


def test_a_wrong_password_is_refused(entrypoint: Entrypoint) -> None:
    line = line_of(entrypoint.having(DB_PASSWORD="not the password"))
    assert line.startswith("entrypoint migrate: DB_USERNAME, DB_PASSWORD: localhost:")
    assert "Access denied for user 'admin'" in line


def test_a_database_that_is_not_there_is_refused(entrypoint: Entrypoint) -> None:
    assert "DB_NAME='nowhere': localhost:" in line_of(entrypoint.having(DB_NAME="nowhere"))


def test_a_password_of_every_character(entrypoint: Entrypoint) -> None:
    """Through our address and MLflow's own, and into no line that is printed."""
    in_sql = PRINTABLE.replace("\\", "\\\\").replace("'", "''")
    rights = "SELECT, INSERT, UPDATE, DELETE, CREATE, DROP, REFERENCES, INDEX, ALTER, TRIGGER"
    user = f"CREATE USER all_of_them IDENTIFIED BY '{in_sql}';"
    grant = f"GRANT {rights} ON `{entrypoint.database}%`.* TO all_of_them"
    assert not entrypoint.server.client(user + grant).returncode
    try:
        secrets = {"AUTH_ADMIN_PASSWORD": PRINTABLE, "AUTH_SECRET_KEY": PRINTABLE}
        odd = entrypoint.having(DB_USERNAME="all_of_them", DB_PASSWORD=PRINTABLE, AUTH="basic", **secrets)
        made = odd.migrate()
        assert made.code == 0, made.output
        with odd.serving() as running:
            assert running.status == 401
            assert PRINTABLE not in running.text + made.output
    finally:
        entrypoint.server.client("DROP USER all_of_them")


def test_what_a_user_may_not_do_is_said_in_one_line(entrypoint: Entrypoint) -> None:
    """MLflow makes triggers, too; with the right to, the next run makes it whole."""
    rights = "SELECT, INSERT, UPDATE, DELETE, CREATE, DROP, REFERENCES, INDEX, ALTER"
    on = f"ON `{entrypoint.database}`.* TO few_rights"
    done = entrypoint.server.client(f"CREATE USER few_rights IDENTIFIED BY 'password'; GRANT {rights} {on}")
    assert not done.returncode, done.stderr
    try:
        few = entrypoint.having(DB_USERNAME="few_rights")
        refused = few.migrate()
        assert refused.code == 1
        assert "Traceback" not in refused.output
        assert "TRIGGER command denied to user 'few_rights'" in refused.output.splitlines()[-2]
        assert not entrypoint.server.client(f"GRANT TRIGGER {on}").returncode
        assert few.migrate().code == 0
    finally:
        entrypoint.server.client("DROP USER few_rights")


def test_a_database_that_is_starting_is_waited_for(mortal: Entrypoint) -> None:
    mortal.server.kill()
    with mortal.popen("migrate") as migrating, mortal.popen("server") as serving:
        until(lambda: "waiting for localhost:" in migrating.text, "it waits")
        until(lambda: "waiting for localhost:" in serving.text, "the server waits")
        mortal.server.start()
        assert migrating.process.wait(PATIENCE) == 0, migrating.text
        assert "done, at" in migrating.text


@contextmanager
def held(entrypoint: Entrypoint, lock: str, *arguments: str) -> Iterator[Running]:
    """A migration that has come to where it waits for a lock of ours, in a server that is then killed."""
    server = entrypoint.server
    account = {"host": server.host, "port": server.port, "user": server.user, "password": server.password}
    ours = pymysql.connect(**account, database=entrypoint.database, ssl={"ca": str(server.ca)})
    ours.cursor().execute(lock)
    waiting = "SELECT id FROM information_schema.processlist WHERE state LIKE 'Waiting for % lock'"
    with entrypoint.popen("migrate", *arguments) as migrating:
        until(lambda: entrypoint.rows(waiting), "it waits for the lock")
        server.kill()
        yield migrating


def test_gone_while_an_empty_database_is_made_it_is_made_again(mortal: Entrypoint) -> None:
    assert mortal.migrate(die_at=200).code == -9
    with held(mortal, "FLUSH TABLES WITH READ LOCK") as migrating:
        until(lambda: "the connection was lost" in migrating.text, "it has seen that")
        mortal.server.start()
        assert migrating.process.wait(PATIENCE) == 0, migrating.text
        assert migrating.text.count("dropped and made again") == 2
    assert mortal.migrate().statements == 0


def test_gone_while_data_are_upgraded_it_says_the_way_back(mortal: Entrypoint) -> None:
    (made,) = mortal.forge.run("old", "97727af70f4d", variables=mortal.variables)
    assert made.code == 0, made.output
    with held(mortal, "LOCK TABLES params WRITE", "--snapshot", "nightly") as migrating:
        assert migrating.process.wait(PATIENCE) == 5, migrating.text
        assert "restore snapshot nightly" in migrating.text.splitlines()[-1]
    mortal.server.start()
    assert mortal.migrate().code == 5


def test_gone_under_a_server_that_lives_on(mortal: Entrypoint) -> None:
    """P51: 503 for as long as it lasts, healthy all the while, and then as before."""
    assert mortal.migrate().code == 0
    served = mortal.having(PORT=free_port())
    with served.serving() as running:
        workers = running.workers()
        mortal.server.kill()
        until(lambda: running.status == 503, "the API says so")
        assert served.run("health").code == 0
        mortal.server.start()
        until(lambda: running.status == 200, "the API is back")
        assert running.workers() == workers
        assert "mysql+pymysql" not in running.text
