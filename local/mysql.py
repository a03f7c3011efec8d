"""A real MySQL or MariaDB on this machine, set up as RDS sets its own up: TLS alone, a master user who is not root."""

from __future__ import annotations

import os
import shutil
import socket
import stat
import subprocess
import time
from getpass import getuser
from pathlib import Path
from typing import BinaryIO, Self

import trustme

from local.debian import made_once
from local.programs import Programs, new_data, server_line

PATIENCE = 60  # seconds that a server may take to start, or to stop

# What RDS gives its master user: neither SUPER nor FILE, nor what stops a server.
PRIVILEGES = (
    "SELECT, INSERT, UPDATE, DELETE, CREATE, DROP, RELOAD, PROCESS, REFERENCES, INDEX, ALTER, SHOW DATABASES, "
    "CREATE TEMPORARY TABLES, LOCK TABLES, EXECUTE, REPLICATION SLAVE, REPLICATION CLIENT, CREATE VIEW, SHOW VIEW, "
    "CREATE ROUTINE, ALTER ROUTINE, CREATE USER, EVENT, TRIGGER"
)


class Server:
    """A server in a folder of its own, whose data stay when it stops; as a context, it runs for that long.

    It listens on 127.0.0.1 alone, to TLS alone, with a certificate for localhost out of the authority that is given,
    else one made here (`ca`, a PEM file).
    """

    def __init__(
        self,
        programs: Programs,
        folder: Path,
        user: str = "admin",
        password: str = "password",
        port: int = 0,
        authority: trustme.CA | None = None,
    ) -> None:
        self.programs, self.folder, self.user, self.password = programs, folder.resolve(), user, password
        self.authority = authority
        self.host, self.port = "localhost", port or _free_port()
        self.ca = self.folder / "ca.pem"
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def alive(self) -> bool:
        """Whether the server that was started is still there."""
        return self._process is not None and self._process.poll() is None

    @property
    def account(self) -> str:
        """Who runs the server: nobody instead of root, wherever nobody can get at its files."""
        searched = (*self.folder.parents, *self.programs.prefix.parents)
        public = all(path.stat().st_mode & stat.S_IXOTH for path in searched)
        return "nobody" if os.geteuid() == 0 and public else getuser()

    def start(self, *options: str) -> None:
        """Start it on the data that are there, else on new ones, and return when it answers.

        Options of mysqld may follow. Raises RuntimeError, with the end of its log, where it does not start.
        """
        self._set_up()
        with (self.folder / "log").open("wb") as log:
            line = [*server_line(self.programs, self.folder / "data", self.account), *self._options(), *options]
            # A session of its own: Ctrl-C is for whoever started it, who then stops it.
            self._process = subprocess.Popen(
                line, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )
        deadline = time.monotonic() + PATIENCE
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                raise RuntimeError(
                    "The server did not start: " + (self.folder / "log").read_text(errors="replace")[-2000:]
                )
            time.sleep(0.02)

    def stop(self) -> None:
        """Let it write all it holds, and wait for its end."""
        if self._process:
            self._process.terminate()
            self._process.wait(PATIENCE)

    def kill(self) -> None:
        """Kill it where it stands (SIGKILL)."""
        if self._process:
            self._process.kill()
            self._process.wait()

    def client(
        self, sql: str | bytes, database: str | None = None, *options: str
    ) -> subprocess.CompletedProcess[bytes]:
        """Run a script through the command-line client, in batch mode; nothing is raised where it fails."""
        line = [*self.programs.client, f"--defaults-file={self.folder / 'client.cnf'}", "--batch", *options]
        script = sql.encode() if isinstance(sql, str) else sql
        return subprocess.run([*line, *([database] if database else [])], input=script, capture_output=True)

    def dump(self, database: str) -> str:
        """Return a dump of all that a database holds, the same for databases that are the same."""
        done = self.mysqldump("--order-by-primary", database, stdout=subprocess.PIPE)
        return done.stdout.decode(errors="surrogateescape")

    def mysqldump(self, *arguments: str, stdout: int | BinaryIO) -> subprocess.CompletedProcess[bytes]:
        """Dump what the arguments say as one moment sees it. Raises CalledProcessError, with what was said."""
        options = "--routines --triggers --events --hex-blob --skip-comments --skip-dump-date"
        if not self.programs.is_mariadb:
            options += " --set-gtid-purged=OFF"
        line = [*self.programs.dump, f"--defaults-file={self.folder / 'client.cnf'}", *options.split(), *arguments]
        return subprocess.run(line, stdout=stdout, stderr=subprocess.PIPE, check=True)

    def write_certificates(self) -> None:
        """Make an authority and a certificate by it for localhost and 127.0.0.1; a server takes them at its start."""
        authority = self.authority or trustme.CA()
        certificate = authority.issue_cert("localhost", "127.0.0.1")
        certificate.private_key_and_cert_chain_pem.write_to_path(str(self.folder / "server.pem"))
        authority.cert_pem.write_to_path(str(self.ca))

    def _set_up(self) -> None:
        """Write what a start reads: data where there are none, certificates, the client's options, the master user."""
        if not (self.folder / "data").exists():
            with made_once(self.folder / "data") as partial:
                shutil.copytree(new_data(self.programs), partial, dirs_exist_ok=True)
        (self.folder / "tmp").mkdir(exist_ok=True)  # its own: two servers would take each other's temporary tables
        if self.authority or not self.ca.exists():
            self.write_certificates()
        in_options = self.password.replace("\\", r"\\")
        in_sql = in_options.replace("'", "''")
        verified = "ssl-verify-server-cert" if self.programs.is_mariadb else "ssl-mode=VERIFY_IDENTITY"
        (self.folder / "client.cnf").write_text(
            f"[client]\nhost={self.host}\nport={self.port}\nprotocol=TCP\nuser={self.user}\n"
            f'password="{in_options}"\nssl-ca={self.ca}\n{verified}\ndefault-character-set=utf8mb4\n'
        )
        # At each start, so that a changed password is taken over. MySQL wants a statement on a line.
        (self.folder / "init.sql").write_text(
            f"CREATE USER IF NOT EXISTS '{self.user}'@'%';\n"
            f"ALTER USER '{self.user}'@'%' IDENTIFIED BY '{in_sql}';\n"
            f"GRANT {PRIVILEGES} ON *.* TO '{self.user}'@'%' WITH GRANT OPTION;\n"
            "DROP USER IF EXISTS 'root'@'localhost';\n"
        )
        if self.account == "nobody":
            for path in (self.folder, *self.folder.rglob("*")):
                shutil.chown(path, "nobody")

    def _options(self) -> list[str]:
        folder = self.folder
        return [
            f"--port={self.port}",
            "--bind-address=127.0.0.1",
            f"--tmpdir={folder / 'tmp'}",
            "--socket=socket",  # in the data: a path from the root may be longer than a socket's may be
            "--pid-file=pid",
            f"--init-file={folder / 'init.sql'}",
            f"--ssl-ca={self.ca}",
            f"--ssl-cert={folder / 'server.pem'}",
            f"--ssl-key={folder / 'server.pem'}",
            "--require-secure-transport=ON",
            "--character-set-server=utf8mb4",
            "--log-bin=binlog",
            "--server-id=1",
            "--log-bin-trust-function-creators=1",
            "--innodb-flush-log-at-trx-commit=2",  # what is committed outlives the server, if not the machine
            "--sync-binlog=0",
            "--innodb-buffer-pool-size=64M",
            "--performance-schema=OFF",
        ]

    def _answers(self) -> bool:
        """Tell whether the server greets whoever connects: it listens well before that."""
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE) as connection:
                return bool(connection.recv(1))
        except ConnectionError:
            return False


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])
