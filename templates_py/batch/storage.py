"""The bucket of the table setup script: half of what Hydra's storage module made; its database stands in `database`.

Apart from the database, so that the roles that name the bucket do not wait for it.
"""

from __future__ import annotations

from troposphere import Equals, Ref
from troposphere.s3 import Bucket, BucketPolicy

from templates_py.buckets import (
    bucket_name,
    existing_access_logs,
    existing_bucket,
    logged_where_given,
    private_bucket,
    tls_only_policy,
)
from templates_py.inputs import STRING, Like, asked
from templates_py.keys import kms_key_arn
from templates_py.stack import Outputs, Stack, resource

KEY = Like(r"[\w!.*'()-][\w!.*'()/-]{0,1023}", "an S3 key of up to 1024 characters that does not begin with /")


class Storage(Stack):
    """The bucket of the table setup script."""

    table_setup_script_bucket_name = bucket_name("of the table setup script")
    existing_table_setup_script_bucket = existing_bucket("of the table setup script")
    table_setup_script_bucket_key = asked(STRING, "table_setup.sql", "Key of the table setup script", like=KEY)
    existing_access_log_store = existing_access_logs()
    kms_key_arn = kms_key_arn()

    @property
    def _new(self) -> str:
        return self.condition("NewBucket", Equals(self.existing_table_setup_script_bucket, ""))

    @resource
    def table_setup_script_bucket(self) -> Bucket:
        return private_bucket(
            "TableSetupScriptBucket",
            self.table_setup_script_bucket_name.or_none,
            key=self.kms_key_arn,
            Condition=self._new,
            LoggingConfiguration=logged_where_given(self.existing_access_log_store, "table-setup-script"),
        )

    @resource
    def table_setup_script_bucket_policy(self) -> BucketPolicy:
        return tls_only_policy(self.table_setup_script_bucket, Condition=self._new)

    def outputs(self) -> Outputs:
        bucket = self.existing_table_setup_script_bucket.otherwise(Ref(self.table_setup_script_bucket))
        return {
            "table_setup_script_bucket_name": (bucket, "S3 bucket of the table setup script"),
            "table_setup_script_bucket_key": (self.table_setup_script_bucket_key, "S3 key of the table setup script"),
        }
