"""Where a MySQL or a MariaDB comes from, and new data for it: what is on PATH, else Debian's packages."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from getpass import getuser
from hashlib import sha256
from pathlib import Path

from local.debian import LOCAL, UnavailableError, command, locked, made_once, unpacked

SEARCHED = os.pathsep.join((os.environ.get("PATH", os.defpath), "/usr/sbin", "/usr/local/sbin"))

# What fills the system tables of a new MariaDB, in this order.
MARIADB_TABLES = (
    "mysql_system_tables.sql",
    "mysql_performance_tables.sql",
    "mysql_system_tables_data.sql",
    "fill_help_tables.sql",
    "maria_add_gis_sp_bootstrap.sql",
    "mysql_sys_schema.sql",
)


@dataclass(frozen=True)
class Programs:
    """The command lines that start a server, its client and its dump; options may follow, --no-defaults first."""

    server: tuple[str, ...]
    client: tuple[str, ...]
    dump: tuple[str, ...]

    @property
    def is_mariadb(self) -> bool:
        return "mariadb" in self.server[-1]

    @property
    def prefix(self) -> Path:
        """Where the server's share/ and lib/ are."""
        return Path(self.server[-1]).resolve().parents[1]

    @property
    def share(self) -> Path:
        """Where the server's messages, character sets and system tables are."""
        names = (self.prefix / "share" / name for name in ("mysql", "mariadb"))
        return next((path for path in names if path.is_dir()), self.prefix / "share")

    @property
    def version(self) -> str:
        """What the server says of itself, in one line."""
        return subprocess.run([*self.server, "--version"], capture_output=True, text=True, check=True).stdout.strip()


def mysql() -> Programs:
    """Return the MySQL on PATH, else Debian's, fetched once. Raises UnavailableError that says what to install."""
    return _find("MySQL", ("mysqld", "mysql", "mysqldump"), "sid", ("mysql-server-core", "mysql-client-core"))


def mariadb() -> Programs:
    """Return the MariaDB on PATH, else Debian's 10.11, as mysql() does."""
    names = ("mariadbd", "mariadb", "mariadb-dump")
    return _find("MariaDB", names, "bookworm", ("mariadb-server-core", "mariadb-client"))


def _find(what: str, names: tuple[str, str, str], suite: str, packages: tuple[str, str]) -> Programs:
    paths = [shutil.which(name, path=SEARCHED) for name in names]
    # A mysqld may be MariaDB's by its old name: its own name is where the link leads.
    if all(path and ("mariadb" in Path(path).resolve().name) == ("mariadb" in path) for path in paths):
        return Programs(*((str(path),) for path in paths))
    try:
        folder = unpacked(what.lower(), suite, packages)
    except UnavailableError as error:
        raise UnavailableError(f"No {what} here: install {', '.join(names)} ({error})") from None
    return Programs(*(command(folder, name) for name in names))


def server_line(programs: Programs, data: Path, account: str) -> list[str]:
    """Return the command line of a server on these data, which reads no file of options."""
    places = {"basedir": programs.prefix, "lc-messages-dir": programs.share}
    places["character-sets-dir"] = programs.share / "charsets"
    return [
        *programs.server,
        "--no-defaults",
        f"--datadir={data}",
        # An installed one knows where its files are.
        *(f"--{option}={place}" for option, place in places.items() if len(programs.server) > 1),
        "--secure-file-priv=" + ("" if programs.is_mariadb else "NULL"),
        *([] if programs.is_mariadb else ["--mysqlx=OFF"]),
        f"--user={account}",
    ]


def new_data(programs: Programs) -> Path:
    """Return the data of a server that has just been initialised, to copy: initialising takes seconds."""
    folder = LOCAL / f"data-{sha256(programs.version.encode()).hexdigest()[:12]}"
    with locked("data"):
        if not folder.exists():
            print(f"Initialising {programs.version}", file=sys.stderr)
            with made_once(folder) as partial:
                _initialise(programs, partial)
    return folder


def _initialise(programs: Programs, data: Path) -> None:
    if not programs.is_mariadb:
        line, script = [*server_line(programs, data, getuser()), "--initialize-insecure"], ""
    else:
        line = [*server_line(programs, data, getuser()), "--bootstrap"]
        tables = (programs.share / name for name in MARIADB_TABLES)
        script = "CREATE DATABASE mysql;\nUSE mysql;\n" + "".join(path.read_text() for path in tables)
        script += "DELETE FROM global_priv WHERE User = 'root';\n"
    done = subprocess.run(line, input=script, capture_output=True, text=True)
    if done.returncode:
        raise UnavailableError(f"{programs.version} cannot initialise its data: {done.stderr[-500:]}")
