"""The bucket of MLflow's artifacts: half of what Hydra's storage module made; its database stands in `database`.

Apart from the database, so that the task role, which names the bucket, does not wait for it.
"""

from __future__ import annotations

from troposphere import Equals, If, Ref
from troposphere.s3 import Bucket, BucketPolicy

from templates_py.buckets import bucket_name, existing_bucket, private_bucket, tls_only_policy
from templates_py.keys import kms_key_arn
from templates_py.mlflow.access_logs import artifact_logs, log_bucket, log_bucket_policy
from templates_py.policies import arn
from templates_py.shared import log_retention
from templates_py.stack import Outputs, Stack, resource


class Storage(Stack):
    """The bucket of MLflow's models and artifacts, and that of access logs."""

    mlflow_artifact_store = bucket_name("of MLflow's artifacts")
    existing_artifact_store = existing_bucket("of MLflow's artifacts")
    access_log_store = bucket_name("of access logs")
    log_retention = log_retention()
    kms_key_arn = kms_key_arn()

    @property
    def _new(self) -> str:
        return self.condition("NewBucket", Equals(self.existing_artifact_store, ""))

    @resource
    def artifact_store(self) -> Bucket:
        logs = artifact_logs(self.access_logs)
        name = self.mlflow_artifact_store.or_none
        return private_bucket(
            "ArtifactStore", name, key=self.kms_key_arn, Condition=self._new, LoggingConfiguration=logs
        )

    @resource
    def artifact_store_policy(self) -> BucketPolicy:
        return tls_only_policy(self.artifact_store, Condition=self._new)

    @resource
    def access_logs(self) -> Bucket:
        return log_bucket("AccessLogs", self.access_log_store.or_none, self.log_retention)

    @resource
    def access_logs_policy(self) -> BucketPolicy:
        return log_bucket_policy(self.access_logs, arn("s3", self._bucket))

    @property
    def _bucket(self) -> If:
        return self.existing_artifact_store.otherwise(Ref(self.artifact_store))

    def outputs(self) -> Outputs:
        return {
            "s3_bucket": (self._bucket, "Name of the artifact bucket"),
            "access_log_bucket": (Ref(self.access_logs), "Name of the bucket of access logs"),
        }
