"""How the batch system is wired: which nested stack gives what to which. A root of its own, or nested by the root."""

from __future__ import annotations

from typing import TYPE_CHECKING

from templates_py.batch import batch, tracking_uri_parameter
from templates_py.batch.job_definitions import JobDefinitions
from templates_py.batch.lambda_ import Lambda
from templates_py.batch.lambda_invocation import LambdaInvocation
from templates_py.batch.permissions import Permissions
from templates_py.batch.security import Security
from templates_py.batch.storage import Storage
from templates_py.nesting import Nested
from templates_py.shared import db_port, of_system
from templates_py.shared.database import Database
from templates_py.shared.networking import Networking
from templates_py.shared.secrets import Secrets
from templates_py.stack import Outputs, Rules, Stack, nested

if TYPE_CHECKING:
    from templates_py import settings

CODE_URI = "../../functions/db_init"  # from build/batch/, where lambda.json stands


class Batch(Stack):
    """Hydra's batch system: AWS Batch, the database of its jobs, and the function that sets that up."""

    db_port = db_port()
    tracking_uri_parameter = tracking_uri_parameter()

    def __init__(self, settings: settings.Batch) -> None:
        self.settings = settings
        super().__init__()

    @nested
    def security(self) -> Nested:
        return self.nest(Security(self.settings.deletion_policy))

    @nested
    def networking(self) -> Nested:
        return self.nest(Networking(self.settings.deletion_policy))

    @nested
    def secrets(self) -> Nested:
        return self.nest(Secrets(self.settings.deletion_policy))

    @nested
    def storage(self) -> Nested:
        return self.nest(Storage())

    @nested
    def permissions(self) -> Nested:
        return self.nest(
            Permissions(self.settings),
            username_secret=self.secrets.username_arn,
            password_secret=self.secrets.password_arn,
            script_bucket=self.storage.table_setup_script_bucket_name,
            script_key=self.storage.table_setup_script_bucket_key,
        )

    @nested
    def database(self) -> Nested:
        return self.nest(
            Database(self.settings.deletion_policy),
            db_username=self.secrets.username_arn,
            db_password=self.secrets.password_arn,
            db_subnet_group_name=self.networking.db_subnet_group,
            database_security_group=self.security.database_group,
        )

    @nested
    def function(self) -> Nested:
        return self.nest(
            Lambda(CODE_URI),
            function_group=self.security.function_group,
            lambda_service_role_arn=self.permissions.lambda_service_role_arn,
            lambda_service_role_name=self.permissions.lambda_service_role_name,
        )

    @nested
    def invocation(self) -> Nested:
        return self.nest(
            LambdaInvocation(self.settings.packaged_script, self.settings.script_sha256()),
            function_arn=self.function.function_arn,
            database_hostname=self.database.db_host,
            database_port=self.db_port,
            database_username_secret=self.secrets.username_arn,
            database_password_secret=self.secrets.password_arn,
            database_default_name=self.database.db_name,
            table_setup_script_bucket_name=self.storage.table_setup_script_bucket_name,
            table_setup_script_bucket_key=self.storage.table_setup_script_bucket_key,
        )

    @nested
    def batch(self) -> Nested:
        return self.nest(
            batch.Batch(self.settings),
            compute_environment_group=self.security.compute_environment_group,
            compute_environment_instance_profile_arn=self.permissions.compute_environment_instance_profile_arn,
            **self.permissions.those("compute_environment_service_role_arn"),
        )

    @nested
    def job_definitions(self) -> Nested | None:
        if not self.settings.job_definitions:
            return None
        return self.nest(
            JobDefinitions(self.settings),
            job_log_group=self.batch.job_log_group,
            **self.permissions.those("job_role_arn", "job_execution_role_arn"),
        )

    def outputs(self) -> Outputs:
        return {
            "db_host": (self.database.db_host, "Host name of the job database"),
            "db_instance_identifier": (
                self.database.db_instance_identifier,
                "Identifier of the job database",
            ),
            "username_secret": (self.secrets.username_arn, "ARN of the secret with the job database's user name"),
            "password_secret": (self.secrets.password_arn, "ARN of the secret with the job database's password"),
            "compute_environment_group": (self.security.compute_environment_group, "ID of the jobs' security group"),
            **self.storage.outputs(),
            **self.invocation.outputs(),
            **self.batch.outputs(),
            **self.permissions.outputs(),
        }

    def rules(self) -> Rules:
        return of_system(self)
