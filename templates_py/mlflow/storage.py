"""The bucket of MLflow's artifacts: half of what Hydra's storage module made; its database stands in `database`.

Apart from the database, so that the task role, which names the bucket, does not wait for it.
"""

from __future__ import annotations

from troposphere import Equals, Ref
from troposphere.s3 import Bucket, BucketPolicy

from templates_py.buckets import bucket_name, existing_bucket, private_bucket, tls_only_policy
from templates_py.stack import Outputs, Stack, resource


class Storage(Stack):
    """The bucket of MLflow's models and artifacts."""

    mlflow_artifact_store = bucket_name("of MLflow's artifacts")
    existing_artifact_store = existing_bucket("of MLflow's artifacts")

    @property
    def _new(self) -> str:
        return self.condition("NewBucket", Equals(self.existing_artifact_store, ""))

    @resource
    def artifact_store(self) -> Bucket:
        return private_bucket("ArtifactStore", self.mlflow_artifact_store.or_none, Condition=self._new)

    @resource
    def artifact_store_policy(self) -> BucketPolicy:
        return tls_only_policy(self.artifact_store, Condition=self._new)

    def outputs(self) -> Outputs:
        bucket = self.existing_artifact_store.otherwise(Ref(self.artifact_store))
        return {"s3_bucket": (bucket, "Name of the artifact bucket")}
