"""an RDS MySQL instance and its parameter group: half of what Hydra's storage module made.

Apart from the buckets, so that no role that names a bucket waits ten minutes for a database.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from troposphere import Equals, GetAtt, If, Join, NoValue, Ref, Select, Split
from troposphere.rds import DBInstance, DBParameterGroup

from templates_py.groups import further_groups
from templates_py.inputs import NUMBER, STRING, Like, asked, flag, name, optional, wired
from templates_py.keys import kms_key_arn
from templates_py.shared import db_port, of_companion, of_database, secret_string
from templates_py.stack import Outputs, Stack, resource

if TYPE_CHECKING:
    from templates_py.settings import DeletionPolicy

CLASS = Like(r"db\.[a-z0-9]+\.[a-z0-9]+", "an RDS instance class, such as db.t4g.small")
IDENTIFIER = Like("[A-Za-z](-?[A-Za-z0-9]){0,62}", "up to 63 letters, digits and single hyphens")
NAME = Like("[A-Za-z][A-Za-z0-9_]{0,63}", "a MySQL name of up to 64 letters, digits and underscores")
VERSION = Like(r"\d+\.\d+\.\d+", "a full MySQL version, such as 8.4.11")
TIME = r"([01]\d|2[0-3]):[0-5]\d"
DAY = "(mon|tue|wed|thu|fri|sat|sun)"
HOURS = Like(f"{TIME}-{TIME}", "such as 03:00-04:00")
DAYS = Like(f"{DAY}:{TIME}-{DAY}:{TIME}", "such as sun:04:30-sun:05:30")
SNAPSHOT = Like("[A-Za-z][A-Za-z0-9:-]{0,254}|arn:[^:]+:rds:.+", "a snapshot's identifier or ARN")


class Database(Stack):
    """A private, encrypted RDS MySQL instance that speaks TLS alone."""

    backend_store_identifier = name("Identifier of the database instance", IDENTIFIER)
    allocated_storage = asked(NUMBER, 20, "Storage of the database instance", unit="GiB", least=20, most=65536)
    max_allocated_storage = asked(
        NUMBER, 100, "Up to what its storage grows by itself; 0: it does not", unit="GiB", least=0, most=65536
    )
    storage_type = asked(STRING, "gp3", "Storage type of the database instance", allowed=["gp3", "gp2"])
    db_engine_version = asked(STRING, "8.4.11", "MySQL version of the database instance", like=VERSION)
    allow_major_version_upgrade = flag(False, "Whether a changed DbEngineVersion may be another major version")
    db_instance_class = asked(STRING, "db.t4g.small", "Instance class of the database instance", like=CLASS)
    db_default_name = asked(STRING, "hydra", "Name of the database that is created in the instance", like=NAME)
    db_port = db_port()
    multi_az = flag(False, "Whether a standby in another Availability Zone takes over when the instance fails")
    publicly_accessible = flag(False, "Whether the database instance has a public address")
    backup_retention_period = asked(NUMBER, 7, "How long automated backups are kept", unit="days", least=1, most=35)
    preferred_backup_window = asked(STRING, "03:00-04:00", "When backups are made", unit="UTC", like=HOURS)
    preferred_maintenance_window = asked(
        STRING, "sun:04:30-sun:05:30", "When maintenance happens", unit="UTC", like=DAYS
    )
    deletion_protection = flag(True, "Whether the database instance refuses to be deleted")
    db_snapshot_identifier = optional(
        STRING, "Snapshot to make the database from, for good", SNAPSHOT, otherwise="an empty database"
    )
    vpc_security_groups = further_groups("the database instance")
    kms_key_arn = kms_key_arn()
    db_username = wired(STRING, "ARN of the secret that holds the admin user name")
    db_password = wired(STRING, "ARN of the secret that holds the admin password")
    db_subnet_group_name = wired(STRING, "Name of the subnet group")
    database_security_group = wired(STRING, "ID of the database's own security group")

    def __init__(self, deletion_policy: DeletionPolicy) -> None:
        self.policy = self.variant = deletion_policy
        super().__init__()

    @resource
    def parameter_group(self) -> DBParameterGroup:
        major = [Select(place, Split(".", self.db_engine_version)) for place in ("0", "1")]
        return DBParameterGroup(
            "ParameterGroup",
            Description="TLS alone; triggers and functions by the admin user",
            Family=Join("", ["mysql", Join(".", major)]),  # P66: create-only, follows the engine, no name
            Parameters={
                "require_secure_transport": "1",
                "log_bin_trust_function_creators": "1",  # RDS gives nobody SUPER; with backups on, triggers need this
            },
            **of_companion(self.policy),
        )

    @resource
    def instance(self) -> DBInstance:
        restored = self.db_snapshot_identifier
        return DBInstance(
            "Instance",
            DBInstanceIdentifier=self.backend_store_identifier.or_none,
            Engine="mysql",
            EngineVersion=self.db_engine_version,
            EngineLifecycleSupport="open-source-rds-extended-support-disabled",  # P23
            AllowMajorVersionUpgrade=self.allow_major_version_upgrade,
            AutoMinorVersionUpgrade=True,
            DBInstanceClass=self.db_instance_class,
            Port=self.db_port,
            DBParameterGroupName=Ref(self.parameter_group),
            DBSnapshotIdentifier=restored.or_none,
            DBName=If(restored.given, NoValue, self.db_default_name),
            # P77: a snapshot has its own.
            MasterUsername=If(restored.given, NoValue, secret_string(self.db_username)),
            MasterUserPassword=secret_string(self.db_password),
            MultiAZ=self.multi_az,
            DeletionProtection=self.deletion_protection,
            EnableCloudwatchLogsExports=["error"],
            **self._storage(),
            **self._network(),
            **self._backups(),
            **of_database(self.policy),
        )

    def _storage(self) -> dict[str, Any]:
        fixed = self.condition("FixedStorage", Equals(self.max_allocated_storage, 0))
        return {
            "AllocatedStorage": self.allocated_storage,
            "MaxAllocatedStorage": If(fixed, NoValue, self.max_allocated_storage),
            "StorageType": self.storage_type,
            "StorageEncrypted": True,
            # A restored one has its snapshot's key: RDS takes no other (RestoreDBInstanceFromDBSnapshot).
            "KmsKeyId": If(self.db_snapshot_identifier.given, NoValue, self.kms_key_arn.or_none),
        }

    def _network(self) -> dict[str, Any]:
        return {
            "DBSubnetGroupName": self.db_subnet_group_name,
            "VPCSecurityGroups": self.vpc_security_groups.besides(self.database_security_group),
            "PubliclyAccessible": self.publicly_accessible,
            "CACertificateIdentifier": "rds-ca-rsa2048-g1",
        }

    def _backups(self) -> dict[str, Any]:
        return {
            "BackupRetentionPeriod": self.backup_retention_period,
            "PreferredBackupWindow": self.preferred_backup_window,
            "PreferredMaintenanceWindow": self.preferred_maintenance_window,
            "CopyTagsToSnapshot": True,
            "DeleteAutomatedBackups": False,
        }

    def outputs(self) -> Outputs:
        return {
            "db_host": (GetAtt(self.instance, "Endpoint.Address"), "Host name of the RDS MySQL instance"),
            "db_instance_identifier": (Ref(self.instance), "Identifier of the RDS MySQL instance, for its snapshots"),
            "db_name": (self.db_default_name, "Name of the default database of the RDS MySQL instance"),
        }
