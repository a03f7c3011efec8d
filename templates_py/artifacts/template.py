"""The bucket that `sam deploy --s3-bucket` packages into, and a lock table: a team's Terraform backend lives on."""

from __future__ import annotations

from troposphere import GetAtt, If, Ref
from troposphere.dynamodb import (
    AttributeDefinition,
    KeySchema,
    PointInTimeRecoverySpecification,
    ProvisionedThroughput,
    SSESpecification,
    Table,
)
from troposphere.s3 import Bucket, BucketPolicy

from templates_py.buckets import bucket_name, existing_access_logs, logged_where_given, private_bucket, tls_only_policy
from templates_py.inputs import NUMBER, Like, asked, name
from templates_py.keys import kms_key_arn
from templates_py.shared import RETAINED
from templates_py.stack import Outputs, Stack, resource

TABLE = Like("[A-Za-z0-9_.-]{3,255}", "a table's name of 3 to 255 letters, digits and _ . -")


class Artifacts(Stack):
    """Hydra's remote state: a versioned, encrypted, TLS-only bucket and a lock table."""

    remote_state_bucket_name = bucket_name("of packages and remote state")
    remote_locks_dynamodb_name = name("Name of the table of remote locks", TABLE)
    remote_locks_read_capacity = asked(NUMBER, 1, "Read capacity of the lock table", unit="units", least=1)
    remote_locks_write_capacity = asked(NUMBER, 1, "Write capacity of the lock table", unit="units", least=1)
    existing_access_log_store = existing_access_logs()
    kms_key_arn = kms_key_arn()

    @resource
    def bucket(self) -> Bucket:
        logs = logged_where_given(self.existing_access_log_store, "remote-state")
        name = self.remote_state_bucket_name.or_none
        return private_bucket("Bucket", name, key=self.kms_key_arn, LoggingConfiguration=logs)

    @resource
    def bucket_policy(self) -> BucketPolicy:
        return tls_only_policy(self.bucket)

    @resource
    def locks(self) -> Table:
        return Table(
            "Locks",
            TableName=self.remote_locks_dynamodb_name.or_none,
            AttributeDefinitions=[AttributeDefinition(AttributeName="LockID", AttributeType="S")],  # Terraform's key
            KeySchema=[KeySchema(AttributeName="LockID", KeyType="HASH")],
            ProvisionedThroughput=ProvisionedThroughput(
                ReadCapacityUnits=self.remote_locks_read_capacity, WriteCapacityUnits=self.remote_locks_write_capacity
            ),
            PointInTimeRecoverySpecification=PointInTimeRecoverySpecification(PointInTimeRecoveryEnabled=True),
            SSESpecification=If(
                self.kms_key_arn.given,
                SSESpecification(SSEEnabled=True, SSEType="KMS", KMSMasterKeyId=self.kms_key_arn),
                SSESpecification(SSEEnabled=True),
            ),
            **RETAINED,
        )

    def outputs(self) -> Outputs:
        return {
            "remote_state_bucket": (Ref(self.bucket), "Name of the bucket, for sam deploy --s3-bucket"),
            "remote_state_bucket_arn": (GetAtt(self.bucket, "Arn"), "ARN of the bucket"),
            "remote_locks_table": (Ref(self.locks), "Name of the lock table"),
        }
