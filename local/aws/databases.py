"""RDS instances that are servers.

What it mends: in ministack an instance of a stack is a record alone; it is not protected from deletion, leaves no
snapshot when it is replaced, and another DBSnapshotIdentifier does not replace it. Here each record has a server of its
own on 127.0.0.1, as long as the record is there; a snapshot is a dump.
"""

from __future__ import annotations

import contextvars
from typing import Any

from local import dumps
from local.aws import servers
from local.aws.servers import Record

Attributes = dict[str, str]
KIND = "AWS::RDS::DBInstance"
# The policy that the resource now at hand is treated by: (attribute, policy).
POLICY: contextvars.ContextVar[tuple[str, str]] = contextvars.ContextVar("policy", default=("", ""))


def install() -> None:
    from ministack.services import rds
    from ministack.services.cloudformation import provisioners, stacks

    provisioners._RDS_DB_INSTANCE_CREATE_ONLY += ("DBSnapshotIdentifier",)
    for name, wrapper in (("create", _created), ("delete", _deleted)):
        wrapped = wrapper(getattr(provisioners, f"_rds_db_instance_{name}"))
        setattr(provisioners, f"_rds_db_instance_{name}", wrapped)
        provisioners._RESOURCE_HANDLERS[KIND][name] = wrapped
    provisioners._RESOURCE_HANDLERS[KIND]["update"] = _updated(provisioners._rds_db_instance_update)
    rds._create_snapshot_internal = _snapshot(rds._create_snapshot_internal)
    rds._handle_request_sync = _asked(rds._handle_request_sync)
    runs_on_thread, policy_of = stacks._runs_on_worker_thread, stacks._resource_policy

    def policy(definition: Any, attribute: str, *more: Any) -> str:
        found = str(policy_of(definition, attribute, *more))
        POLICY.set((attribute, found))
        return found

    stacks._resource_policy = policy
    stacks._runs_on_worker_thread = lambda kind: kind == KIND or runs_on_thread(kind)


def resume() -> None:
    """Start the servers of the instances of the last time, and what looks after them."""
    servers.look_after()


def stop() -> None:
    servers.stop()


def _created(create: Any) -> Any:
    def created(logical_id: str, properties: dict[str, Any], stack: str) -> tuple[str, Attributes]:
        from ministack.services import rds

        properties = dict(properties)
        if snapshot := properties.get("DBSnapshotIdentifier"):
            if snapshot not in rds._snapshots:
                raise ValueError(f"DBSnapshot {snapshot} not found")
            properties["MasterUsername"] = rds._snapshots[snapshot]["MasterUsername"]
        existing = properties.get("DBInstanceIdentifier")
        if existing and existing in rds._instances:
            raise ValueError(f"DB Instance {existing} already exists")
        name, attributes = create(logical_id, properties, stack)
        record = rds._instances[name]
        record.update(DBName=properties.get("DBName", ""), _snapshot=snapshot or "")
        record["Endpoint"]["Address"] = "localhost"
        try:
            servers.match(name)
        except Exception:
            rds._instances.pop(name)
            servers.match()
            raise
        return name, {**attributes, "Endpoint.Address": "localhost"}

    return created


def _updated(update: Any) -> Any:
    def updated(*arguments: Any, **more: Any) -> Any:
        name, attributes = update(*arguments, **more)
        servers.match(name)
        return name, {**attributes, "Endpoint.Address": "localhost"}

    return updated


def _deleted(delete: Any) -> Any:
    def deleted(physical_id: str, properties: dict[str, Any]) -> None:
        from ministack.services import rds

        if not (record := rds._instances.get(physical_id)):
            return
        if record["DeletionProtection"]:
            raise ValueError("Cannot delete protected DB Instance, please disable deletion protection and try again.")
        if POLICY.get() == ("UpdateReplacePolicy", "Snapshot"):
            rds._create_snapshot_internal(f"{physical_id}-final-snapshot", record)
        delete(physical_id, properties)
        servers.match()

    return deleted


def _snapshot(make: Any) -> Any:
    def snapshot(name: str, record: Record) -> Any:
        dumps.write(servers.of(record), name)
        return make(name, record)

    return snapshot


def _asked(handle: Any) -> Any:
    """What RDS's own API changes reaches the servers, before the answer does."""

    def asked(method: str, path: str, headers: Any, body: bytes, query: Any) -> Any:
        answer = handle(method, path, headers, body, query)
        if b"Action=Describe" not in body:
            servers.match()
        return answer

    return asked
