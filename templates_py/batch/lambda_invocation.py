"""The custom resource that triggers the database initialiser.

A stack of its own, so that it alone waits for the database, and the function is made in the meantime.
"""

from __future__ import annotations

from troposphere import Region, Sub
from troposphere.cloudformation import CustomResource

from templates_py.inputs import NUMBER, STRING, STRINGS, Like, optional, wired
from templates_py.stack import Outputs, Stack, resource

TABLE = Like("[^,`]{1,64}", "names of tables")


class DbInit(CustomResource):
    """What the function is told; its answer's data are the attributes of this resource."""

    resource_type = "Custom::DbInit"


class LambdaInvocation(Stack):
    """The trigger of the database initialiser."""

    allow_data_loss = optional(
        STRINGS, "Tables whose rows the table setup script may take away, for as long as they stand here", TABLE
    )
    function_arn = wired(STRING, "ARN of the database initialiser's function")
    database_hostname = wired(STRING, "Host name of the job database")
    database_port = wired(NUMBER, "Port of the job database")
    database_username_secret = wired(STRING, "ARN of the secret that holds the user name")
    database_password_secret = wired(STRING, "ARN of the secret that holds the password")
    database_default_name = wired(STRING, "Name of the database in the instance")
    table_setup_script_bucket_name = wired(STRING, "S3 bucket of the table setup script")
    table_setup_script_bucket_key = wired(STRING, "S3 key of the table setup script")

    def __init__(self, script: str, script_sha256: str) -> None:
        self.script, self.script_sha256 = script, script_sha256
        super().__init__()

    @resource
    def db_init(self) -> DbInit:
        return DbInit(
            "DbInit",
            ServiceToken=self.function_arn,
            ServiceTimeout=960,  # seconds: a function that cannot answer, 900 at most, fails the stack by then (P12)
            AwsRegion=Region,
            DatabaseHostname=self.database_hostname,
            DatabasePort=self.database_port,
            DatabaseUsernameSecret=self.database_username_secret,
            DatabasePasswordSecret=self.database_password_secret,
            DatabaseDefaultName=self.database_default_name,
            TableSetupScriptBucketName=self.table_setup_script_bucket_name,
            TableSetupScriptBucketKey=self.table_setup_script_bucket_key,
            AllowDataLoss=self.allow_data_loss,
            TableSetupScript=self.script,
            TableSetupScriptSha256=self.script_sha256,  # P16: another script runs, the same one does not
        )

    def outputs(self) -> Outputs:
        said = "schema ${DbInit.SchemaVersion}: ${DbInit.StatementsRun} statements, ${DbInit.StatementsSkipped} skipped"
        return {"lambda_invocation_response": (Sub(said), "What the database initialiser answered")}
