"""Where Hydra's rows went: what is not simply the same name, in CamelCase, in the template of the same module.

Rows are (system, module, kind, name) as docs/hydra-interface.csv has them; where only the name is given, it is the same
in every module that has it.
"""

MODULES = {  # Hydra's module -> the templates that do its job, in the default shape
    ("remote_state", "remote_state"): ["artifacts/template"],
    ("batch", "permissions"): ["batch/permissions"],
    ("batch", "secrets"): ["shared/secrets-snapshot"],
    ("batch", "networking"): ["shared/networking-snapshot"],
    ("batch", "storage"): ["batch/storage", "shared/database-snapshot"],
    ("batch", "batch"): ["batch/batch"],
    ("batch", "lambda"): ["batch/lambda", "batch/lambda_invocation"],
    ("mlflow", "container_repository"): ["mlflow/container_repository"],
    ("mlflow", "permissions"): ["mlflow/permissions", "mlflow/security"],
    ("mlflow", "networking"): ["shared/networking-snapshot"],
    ("mlflow", "secrets"): ["shared/secrets-snapshot"],
    ("mlflow", "load_balancing"): ["mlflow/load_balancing"],
    ("mlflow", "storage"): ["mlflow/storage", "shared/database-snapshot"],
    ("mlflow", "task_deployment"): ["mlflow/task_deployment"],
    ("mlflow", "autoscaling"): ["mlflow/autoscaling"],
}

NAMES = {  # Hydra's name -> ours, in snake case
    "compute_envionment_service_role_name": "compute_environment_service_role_name",
    "compute_envionment_service_iam_policy_arn": "compute_environment_service_iam_policy_arn",
    "compute_envionment_instance_role_name": "compute_environment_instance_role_name",
    "compute_envionment_instance_iam_policy_arn": "compute_environment_instance_iam_policy_arn",
    "compute_environmnet_instance_profile_arn": "compute_environment_instance_profile_arn",
    "batch_backend_store_identifier": "backend_store_identifier",
    "mlflow_backend_store_identifier": "backend_store_identifier",
    # A value would stand in plain text (P67), and an ARN is taken wherever a secret's name is.
    "username": "username_arn",
    "password": "password_arn",
    "username_secret": "username_arn",
    "password_secret": "password_arn",
}

SETTINGS = {  # Hydra's name -> the key in hydra.toml, and what a change of it does
    "table_setup_script_local_path": ("batch.table_setup_script_local_path", "runs the database initialiser"),
    "compute_environments": ("batch.compute_environments", "adds or removes ComputeEnvironment"),
    "compute_environment_resource_type": ("batch.resource_type", "updates ComputeEnvironment"),
    "compute_environment_max_vcpus": ("batch.max_vcpus", "updates ComputeEnvironment"),
    "compute_environment_min_vcpus": ("batch.min_vcpus", "updates ComputeEnvironment"),
    "compute_environment_type": ("batch.type", "replaces ComputeEnvironment"),
    "job_queues": ("batch.job_queues", "adds or removes JobQueue"),
    "job_queue_priority": ("batch.priority", "updates JobQueue"),
    "job_queue_state": ("batch.state", "updates JobQueue"),
    "skip_final_snapshot": ("{system}.deletion_policy", "nothing until the database is deleted"),
    "cidr_blocks": ("mlflow.cidr_blocks", "adds or removes SecurityGroupIngress"),
}

REASONS = {  # what CloudFormation does another way, or cannot do
    "aws_region": "The Region that the stack is deployed to: `sam deploy --region`, `AWS::Region` in templates",
    "lambda_function_file_path": "`sam build` packages `functions/db_init/`, and `sam deploy` uploads the package",
    "username_recovery_window": "CloudFormation deletes a secret without a recovery window (P20); with "
    '`deletion_policy = "Retain"` the secret stays, and a database takes a new password at any time',
    "password_recovery_window": "As `username_recovery_window`",
}
