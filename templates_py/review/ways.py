"""How to make a change that would cost data, without losing any: what no program can work out.

A resource that holds data is replaced, removed or given a new value by no change but these; the same goes for what is
protected, and for what CloudFormation refuses. A row: parameter (as its own system asks for it) or setting, and the
resource (or a pattern of it) -> the way.
"""

from __future__ import annotations

from fnmatch import fnmatchcase

from templates_py.review.changes import EITHER, REMOVES, Change
from templates_py.review.data import HOLDS_DATA
from templates_py.review.facts import REFUSED, RENEWS, REPLACES

DATABASE, USERNAME, PASSWORD = "Database/Instance", "Secrets/UsernameSecret", "Secrets/PasswordSecret"
ACCESS_LOGS = "Storage/AccessLogs"
SCRIPTS, ARTIFACTS = "Storage/TableSetupScriptBucket", "Storage/ArtifactStore"
ENVIRONMENTS = "Batch/*ComputeEnvironment"
IMAGES, BALANCER = "ContainerRepository/Repository", "LoadBalancing/LoadBalancer"
PROTECTED = frozenset({"AWS::ElasticLoadBalancingV2::LoadBalancer"})  # besides databases


def _restored(copied: str = "") -> str:
    return (
        f"Stop what writes and take a snapshot (`aws rds create-db-snapshot`){copied}. In the same deployment give it "
        "as `DbSnapshotIdentifier`, with its user as `DbSnapshotUsername` (or in `ExistingUsernameSecret`), and "
        "another `BackendStoreIdentifier` where there is one: the new database begins as it. The old one leaves a "
        "final snapshot, or stays where deletion protection is on"
    )


RESTORED = _restored()
SAME_USER = (
    "Only in the deployment that restores a snapshot: from then on the user is the snapshot's, and no secret of it "
    "replaces the database. " + RESTORED
)
FIXED = (
    "Leave it as it was at creation. A new password: put it into the secret (`aws secretsmanager put-secret-value`) "
    "and into the database (`aws rds modify-db-instance --master-user-password`), then start the tasks anew"
)
ONE_KEY = "A database has one key for good, and a restored one that of its snapshot. " + _restored(
    ", and copy it with the new key (`aws rds copy-db-snapshot --kms-key-id`)"
)
NEW_PASSWORD = (
    "The database takes the new secret's value in the same deployment, and new tasks read it. Let jobs end first: "
    "those that run keep the old one. A secret that the stack made is deleted at once"
)
OLD_BUCKET = "The old bucket stays, with all in it, outside of the stack: copy what is needed (`aws s3 sync`)"
OLD_ARTIFACTS = (
    "Leave it: MLflow's database names the bucket with each run, and MLflow's role reaches one bucket alone. The old "
    "one stays, outside of the stack. To move: stop the tasks, `aws s3 sync`, then change the bucket in "
    "`experiments.artifact_location`, `runs.artifact_uri`, `logged_models.artifact_location`, `model_versions` "
    "(`source`, `storage_location`) and the tags `mlflow.artifactLocation`"
)
OLD_IMAGES = (
    "Make the other repository first and push the running tag to it, then name it in `ExistingContainerRepository`. "
    "The old one, with images in it, is not deleted unless `EmptyOnDelete` is true: it stays, outside of the stack"
)
OLD_ADMIN = (
    "MLflow's database keeps its users and the hash of `admin`'s password; the secret goes (with "
    '`deletion_policy = "Retain"` it stays). Note its value before: coming back to `basic` makes another, which '
    "`admin` does not have"
)
OTHER_BALANCER = (
    "Another balancer has another address: clients need the new `TrackingUri`. Turn `LbDeletionProtection` off in a "
    "deployment before, or the old one stays beside it. Where `LbTargetGroup` is given, give another with it: a target "
    "group belongs to one balancer"
)
OTHER_VPC = (
    "Not in one stack: database, balancer and target group cannot leave their VPC, and the update is rolled back. A "
    "new stack there from a snapshot (`DbSnapshotIdentifier`), with the existing buckets; then delete the old one"
)
OTHER_ENVIRONMENT = (
    "To, from and between Fargate's kinds: add an environment of another name, give it to a queue in place of the old "
    "one, deploy; then take that away"
)

WAYS = {
    ("RdsSubnetGroupName", DATABASE): RESTORED,
    ("BackendStoreIdentifier", DATABASE): RESTORED,
    ("DbDefaultName", DATABASE): "Leave it: another database in the instance is made by SQL. To rename one: dump it, "
    "deploy a second stack with the name, load it there",
    ("DbSnapshotIdentifier", DATABASE): "Once given it stays for good (P77): emptied, the database is replaced by an "
    "empty one. To go back to a snapshot: " + RESTORED[0].lower() + RESTORED[1:],
    ("DbSnapshotUsername", DATABASE): SAME_USER,
    ("DbSnapshotUsername", USERNAME): SAME_USER,
    ("KmsKeyArn", DATABASE): ONE_KEY,
    ("KmsKeyArn", IMAGES): "A repository has its key for good. " + OLD_IMAGES,
    ("UsernameLength", DATABASE): FIXED,
    ("UsernameLength", USERNAME): FIXED,
    ("PasswordLength", PASSWORD): FIXED,
    ("UsernameSecretName", DATABASE): SAME_USER,
    ("UsernameSecretName", USERNAME): SAME_USER,
    ("ExistingUsernameSecret", DATABASE): SAME_USER,
    ("ExistingUsernameSecret", USERNAME): SAME_USER,
    ("PasswordSecretName", PASSWORD): NEW_PASSWORD,
    ("ExistingPasswordSecret", PASSWORD): NEW_PASSWORD,
    ("TableSetupScriptBucketName", SCRIPTS): OLD_BUCKET + ". The function puts the script into the new one itself",
    ("ExistingTableSetupScriptBucket", SCRIPTS): OLD_BUCKET
    + ". The function puts the script into the other one itself",
    ("MlflowArtifactStore", ARTIFACTS): OLD_ARTIFACTS,
    ("ExistingArtifactStore", ARTIFACTS): OLD_ARTIFACTS,
    (
        "AccessLogStore",
        ACCESS_LOGS,
    ): "The old bucket stays, outside of the stack, and goes on forgetting; new logs go to the new one",
    ("MlflowContainerRepository", IMAGES): OLD_IMAGES,
    ("ExistingContainerRepository", IMAGES): OLD_IMAGES,
    ("VpcId", "LoadBalancing/TargetGroup"): OTHER_VPC,
    ("LbName", BALANCER): OTHER_BALANCER,
    ("mlflow.internet_facing", BALANCER): OTHER_BALANCER + ". Where `LbName` is given, another of that too",
    ("CloudwatchLogGroup", "TaskDeployment/LogGroup"): "The old group goes with what is in it: export it first "
    "(`aws logs create-export-task`)",
    ("RemoteStateBucketName", "Bucket"): OLD_BUCKET + ", and give Terraform and `sam deploy --s3-bucket` the new name",
    ("RemoteLocksDynamodbName", "Locks"): "The old table stays, outside of the stack. Change it while nobody holds a "
    "lock, and give Terraform the new name",
    ("LambdaFunctionName", "LambdaInvocation/DbInit"): "Leave it as it was at creation: a custom resource keeps its "
    "function for good. What is deployed stays as it is, the update is rolled back",
    ("mlflow.auth", "BasicAuth/AdminPassword"): OLD_ADMIN,
    ("mlflow.auth", "BasicAuth/SecretKey"): "Who is logged in logs in again",
    ("batch.resource_type", ENVIRONMENTS): OTHER_ENVIRONMENT,
    ("batch.compute_environments.resource_type", ENVIRONMENTS): OTHER_ENVIRONMENT,
    ("batch.service_role", ENVIRONMENTS): "An environment keeps the kind of its role: give each another name in the "
    "same deployment, so that new ones are made and their queues go over to them. Jobs that run on the old ones end",
    ("batch.job_queues.scheduling_policy", "Batch/*JobQueue"): "A queue has a policy for good, or has none: add one of "
    "another name, let clients submit to that; then take the old one away",
}


def at_stake(change: Change) -> bool:
    """Whether a change costs data, takes what is protected, or is one that CloudFormation refuses."""
    kept = change.type in HOLDS_DATA | PROTECTED
    return change.does == REFUSED or (kept and change.does in (REMOVES, REPLACES, RENEWS, EITHER))


def way(name: str, change: Change) -> str:
    """How a parameter or a setting is changed without loss. Raises LookupError where nobody has said."""
    system, own = change.path.partition("/")[0], _own(change.path)
    asked = (name, name.removeprefix(system))  # both systems' root asks for BatchDbPort
    for (whose, pattern), text in WAYS.items():
        if whose in asked and fnmatchcase(own, pattern):
            return text
    why = "is refused" if change.does == REFUSED else "holds data" if change.type in HOLDS_DATA else "is protected"
    by = f" by its {', '.join(change.properties)}" if change.properties else ""
    raise LookupError(
        f"a change of {name} {change.does} {change.path}{by}, which {why}: expected no such change, or a row "
        f"({name!r}, {own!r}) in templates_py/review/ways.py that says how to lose none"
    )


def _own(path: str) -> str:
    """The path as its own system has it."""
    for system in ("Batch/", "Mlflow/"):
        rest = path.removeprefix(system)
        if rest != path and "/" in rest:
            return rest
    return path
