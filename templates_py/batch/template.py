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
from templates_py.shared import db_port, of_system
from templates_py.shared.database import Database
from templates_py.shared.networking import Networking
from templates_py.shared.secrets import Secrets
from templates_py.stack import Outputs, Rules, Stack

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

    def wire(self) -> Outputs:
        of = self.settings
        security = self.nest(Security(of.deletion_policy))
        networking = self.nest(Networking(of.deletion_policy))
        secrets = self.nest(Secrets(of.deletion_policy))
        storage = self.nest(Storage())
        permissions = self.nest(
            Permissions(of),
            username_secret=secrets.username_arn,
            password_secret=secrets.password_arn,
            script_bucket=storage.table_setup_script_bucket_name,
            script_key=storage.table_setup_script_bucket_key,
        )
        database = self.nest(
            Database(of.deletion_policy),
            db_username=secrets.username_arn,
            db_password=secrets.password_arn,
            db_subnet_group_name=networking.db_subnet_group,
            database_security_group=security.database_group,
        )
        function = self.nest(
            Lambda(CODE_URI),
            function_group=security.function_group,
            lambda_service_role_arn=permissions.lambda_service_role_arn,
            lambda_service_role_name=permissions.lambda_service_role_name,
        )
        invocation = self.nest(
            LambdaInvocation(of.packaged_script, of.script_sha256()),
            function_arn=function.function_arn,
            database_hostname=database.db_host,
            database_port=self.db_port,
            database_username_secret=secrets.username_arn,
            database_password_secret=secrets.password_arn,
            database_default_name=database.db_name,
            table_setup_script_bucket_name=storage.table_setup_script_bucket_name,
            table_setup_script_bucket_key=storage.table_setup_script_bucket_key,
        )
        environments = self.nest(
            batch.Batch(of),
            compute_environment_group=security.compute_environment_group,
            compute_environment_instance_profile_arn=permissions.compute_environment_instance_profile_arn,
            **permissions.those("compute_environment_service_role_arn"),
        )
        if of.job_definitions:
            self.nest(
                JobDefinitions(of),
                job_log_group=environments.job_log_group,
                **permissions.those("job_role_arn", "job_execution_role_arn"),
            )
        return {
            "db_host": (database.db_host, "Host name of the job database"),
            "username_secret": (secrets.username_arn, "ARN of the secret with the job database's user name"),
            "password_secret": (secrets.password_arn, "ARN of the secret with the job database's password"),
            "compute_environment_group": (security.compute_environment_group, "ID of the jobs' security group"),
            **storage.outputs(),
            **invocation.outputs(),
            **environments.outputs(),
            **permissions.outputs(),
        }

    def rules(self) -> Rules:
        return of_system(self)
