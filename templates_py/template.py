"""The root: both systems, and what joins them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from troposphere import Sub

from templates_py.batch.template import Batch
from templates_py.connection import Connection
from templates_py.mlflow.template import Mlflow
from templates_py.nesting import Nested
from templates_py.stack import Outputs, Stack, nested

if TYPE_CHECKING:
    from templates_py.settings import Settings

# One answer serves both systems; every other name that both ask for is asked twice, with the system's name before it.
SHARED = {"vpc_id", "rds_subnets", "role_path", "permissions_boundary", "log_retention", "kms_key_arn"}
# By a name that is derived, not taken from MLflow: Batch does not wait for it (P75).
TRACKING_URI_PARAMETER = Sub("/${AWS::StackName}/mlflow-tracking-uri")


class Hydra(Stack):
    """Hydra on CloudFormation: AWS Batch for jobs, MLflow for experiments."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.systems = {"batch": Batch(settings.batch), "mlflow": Mlflow(settings.mlflow)}
        super().__init__()

    @nested
    def batch(self) -> Nested:
        return self._system("batch", tracking_uri_parameter=TRACKING_URI_PARAMETER)

    @nested
    def mlflow(self) -> Nested:
        return self._system("mlflow")

    def _system(self, name: str, **given: Any) -> Nested:
        asked = [system.asks() for system in self.systems.values()]
        twice = set.intersection(*asked) - SHARED
        return self.nest(self.systems[name], rename={row: f"{name}_{row}" for row in twice}, **given)

    @nested
    def connection(self) -> Nested:
        return self.nest(
            Connection(self.settings.mlflow),
            tracking_uri_parameter=TRACKING_URI_PARAMETER,
            tracking_uri=self.mlflow.tracking_uri,
            compute_environment_group=self.batch.compute_environment_group,
            mlflow_sg_id=self.mlflow.mlflow_sg_id,
            listener_port=self.mlflow.listener_port,
            jobs_role_names=self.batch.jobs_role_names,
            s3_bucket=self.mlflow.s3_bucket,
            s3_bucket_folder=self.answer("s3_bucket_folder"),
        )

    def outputs(self) -> Outputs:
        both = set.intersection(*(set(system.outlets) for system in self.systems.values()))
        return {
            **self.batch.outputs(prefix=dict.fromkeys(both, "batch_")),
            **self.mlflow.outputs(prefix=dict.fromkeys(both, "mlflow_")),
        }
