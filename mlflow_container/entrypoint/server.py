"""Runs MLflow's server in this process and its children: MLflow's own command would leave orphans, and exit 0 (P52)."""

from __future__ import annotations

import gc
import os
import socket
import tempfile
import uuid
from importlib import import_module
from pathlib import Path
from typing import Any

from . import workers
from .database import url
from .environment import Database, Server

# Seconds that a connection may idle: longer than the balancer's 60, or it would send requests into closed ones.
KEEP_ALIVE = 75
GRACE = 80  # seconds for requests in flight at the end; the task's stop timeout is 90
# Connections of each store in each worker, kept and at most: 4 tasks of 2 workers with 3 stores have 120, of the 138
# that a db.t4g.small takes.
POOL, OVERFLOW = 2, 3


def run(server: Server, database: Database) -> int:
    """Serve until the process is told to end; return its exit code. Raises what `migrate` would have to mend."""
    # Before anything of mlflow.server is imported: that makes the application, with the names that it answers.
    os.environ.update(environment(server, database))
    for name in ("DB_PASSWORD", "AUTH_ADMIN_PASSWORD", "AUTH_SECRET_KEY"):
        os.environ.pop(name, None)
    if database.has_auth:
        _import_auth(database)
    from . import migrate

    migrate.check(database)
    app = _app(database)
    listening = socket.create_server((server.host, server.port), backlog=2048)
    gc.collect()
    gc.freeze()  # the workers share what is there already
    print(f"serving on {server.host}:{server.port}, {server.workers} workers", flush=True)
    return workers.run(server.workers, lambda: _serve(app, listening), listening, GRACE + 5)


def environment(server: Server, database: Database) -> dict[str, str]:
    """Return MLflow's own variables: those that `mlflow server` sets for its workers, and what it leaves to its users.

    The addresses hold the password: they are in no argument, which others could read.
    """
    # What older experiments have, `mlflow-artifacts:`, is served in any case.
    root = "mlflow-artifacts:/" if server.proxied else server.artifact_root
    return {
        "_MLFLOW_SERVER_FILE_STORE": url(database, database.name).render_as_string(hide_password=False),
        "_MLFLOW_SERVER_ARTIFACT_ROOT": root,
        "_MLFLOW_SERVER_ARTIFACT_DESTINATION": server.artifact_root,
        "_MLFLOW_SERVER_SERVE_ARTIFACTS": "true",
        "_MLFLOW_SERVER_BOOT_ID": uuid.uuid4().hex,
        "_MLFLOW_IN_JOB_EXECUTOR": "false",
        "_MLFLOW_SGI_NAME": "uvicorn",
        "MLFLOW_SERVER_ALLOWED_HOSTS": ",".join(server.allowed_hosts),
        "MLFLOW_SERVER_CORS_ALLOWED_ORIGINS": ",".join(server.allowed_origins),
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
        "MLFLOW_ENABLE_WORKSPACES": "false",
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "MLFLOW_MODEL_CATALOG_URI": "",  # MLflow's list of other vendors' models, on the internet
        "MLFLOW_SQLALCHEMYSTORE_POOL_SIZE": str(POOL),
        "MLFLOW_SQLALCHEMYSTORE_MAX_OVERFLOW": str(OVERFLOW),
        "MLFLOW_FLASK_SERVER_SECRET_KEY": server.secret_key,
        "MLFLOW_AUTH_ADMIN_USERNAME": server.admin_username,
        "MLFLOW_AUTH_ADMIN_PASSWORD": server.admin_password,
    }


def _import_auth(database: Database) -> None:
    """Import MLflow's basic auth, which reads a file of settings when it is imported, and only then."""
    address = url(database, database.auth_name).render_as_string(hide_password=False)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "auth.ini")
        file.touch(mode=0o600)
        file.write_text(f"[mlflow]\ndefault_permission = READ\ndatabase_uri = {address.replace('%', '%%')}\n")
        os.environ["MLFLOW_AUTH_CONFIG_PATH"] = str(file)
        import_module("mlflow.server.auth")


def _app(database: Database) -> Any:
    """Return MLflow's application, when it has made what the workers would race each other for."""
    from mlflow.server import handlers

    handlers.initialize_backend_stores()
    engines = [handlers._get_tracking_store().engine, handlers._get_model_registry_store().engine]
    if database.has_auth:
        auth = import_module("mlflow.server.auth")
        app = auth.create_app()
        engines.append(auth.store.engine)
    else:
        app = import_module("mlflow.server.fastapi_app").app
    for engine in engines:
        engine.dispose()  # two processes cannot share a connection
    return app


def _serve(app: Any, listening: socket.socket) -> None:
    """Serve on a socket until SIGTERM, and then until the requests in flight are answered."""
    import uvicorn
    from mlflow.server import _UVICORN_LOG_CONFIG

    config = uvicorn.Config(
        app,
        log_config=str(_UVICORN_LOG_CONFIG),
        timeout_keep_alive=KEEP_ALIVE,
        timeout_graceful_shutdown=GRACE,
        server_header=False,
    )
    server = uvicorn.Server(config)
    server.run(sockets=[listening])
    if not server.started:
        raise RuntimeError("the server did not start")
