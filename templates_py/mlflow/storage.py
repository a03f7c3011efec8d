"""The bucket of MLflow's artifacts: half of what Hydra's storage module made; its database stands in `database`.

Apart from the database, so that the task role, which names the bucket, does not wait for it.
"""

from __future__ import annotations

from troposphere import Equals, If, Ref
from troposphere.s3 import Bucket, BucketPolicy

from templates_py.buckets import (
    bucket_name,
    existing_access_logs,
    existing_bucket,
    logged,
    private_bucket,
    tls_only_policy,
)
from templates_py.keys import kms_key_arn
from templates_py.mlflow.access_logs import ARTIFACTS, log_bucket, log_bucket_policy
from templates_py.policies import arn
from templates_py.shared import log_retention
from templates_py.stack import Outputs, Stack, resource


class Storage(Stack):
    """The bucket of MLflow's models and artifacts, and that of access logs."""

    mlflow_artifact_store = bucket_name("of MLflow's artifacts")
    existing_artifact_store = existing_bucket("of MLflow's artifacts")
    access_log_store = bucket_name("of access logs")
    existing_access_log_store = existing_access_logs()
    log_retention = log_retention()
    kms_key_arn = kms_key_arn()

    @property
    def _new(self) -> str:
        return self.condition("NewBucket", Equals(self.existing_artifact_store, ""))

    @resource
    def artifact_store(self) -> Bucket:
        logs = logged(self._log_bucket, ARTIFACTS)
        name = self.mlflow_artifact_store.or_none
        return private_bucket(
            "ArtifactStore", name, key=self.kms_key_arn, Condition=self._new, LoggingConfiguration=logs
        )

    @resource
    def artifact_store_policy(self) -> BucketPolicy:
        return tls_only_policy(self.artifact_store, Condition=self._new)

    @resource
    def access_logs(self) -> Bucket:
        return log_bucket("AccessLogs", self.access_log_store.or_none, self.log_retention, Condition=self._new_logs)

    @resource
    def access_logs_policy(self) -> BucketPolicy:
        return log_bucket_policy(self.access_logs, arn("s3", self._bucket), Condition=self._new_logs)

    @property
    def _new_logs(self) -> str:
        return self.condition("NewAccessLogs", Equals(self.existing_access_log_store, ""))

    @property
    def _log_bucket(self) -> If:
        return self.existing_access_log_store.otherwise(Ref(self.access_logs))

    @property
    def _bucket(self) -> If:
        return self.existing_artifact_store.otherwise(Ref(self.artifact_store))

    def outputs(self) -> Outputs:
        return {
            "s3_bucket": (self._bucket, "Name of the artifact bucket"),
            "access_log_bucket": (self._log_bucket, "Name of the bucket of access logs"),
        }
