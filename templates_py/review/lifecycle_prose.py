"""What docs/updates.md says in whole sentences."""

from __future__ import annotations

INTRO = """# What a change does

Written from the code by `python -m templates_py reference`: from the templates and the resource schemas that cfn-lint
ships, and from what those do not say (the last table). Nothing here was asked of AWS.

- **replaces**: a new one is made, what refers to it is changed, and the old one is deleted last, as its
  `UpdateReplacePolicy` says. What has a name of its own is replaced only where that changes too.
- **interrupts**: it is away for a time, and the same one afterwards. RDS does so at once, not in a maintenance window.
- **rolls the tasks**: new tasks serve before old ones stop; no request is lost.
- **updates**: it stays, and goes on.
- **cannot change**: CloudFormation or the service refuses, and the update is rolled back.
- **adds or removes**: as the parameter is given or emptied.

A job queue that is replaced or removed ends the jobs that are in it.

What holds data stands in bold. It is replaced or removed by nothing but what the first table lists, with the way to do
it: a template that would replace it by anything else fails `make test`. Resources are named by their paths, as in
`make deploy ALLOW=...`.
"""

ENDS = """## What a failure and a deletion leave

A first creation that fails is taken back whole, and the same can be made again, with the same names. That was tried
with a failure at each resource in turn, as early and as late as it can come:

{counts}

It holds

- with deletion protection off. A database or a balancer that has it stops the rollback, so that `make deploy` turns it
  on after the first success. By hand: deploy first with `DeletionProtection=false` (both systems:
  `BatchDeletionProtection`, `MlflowDeletionProtection`) and `LbDeletionProtection=false`, then with `true`;
- with an empty repository: `make start` takes its image away when the creation fails. By hand: push after the creation;
- but for the bucket of access logs, which stays: the balancer puts a file into it at once, and a rollback that has to
  delete it would stick. Where `AccessLogStore` names it, delete it, or give another name;
- and with `deletion_policy = "Snapshot"` a database that was made leaves a final snapshot, of nothing.

It is written nowhere whether `RetainExceptOnCreate` holds in a nested stack that was complete when its parent failed.
If not, what is retained stays: the names in the last column are taken then, and generated ones are in nobody's way.

A deletion wants protection off, and an empty repository or `EmptyOnDelete=true`, deployed before. Buckets stay with all
in them, since they may hold the only copy of something; the database goes or stays as its policy says. To make the same
again with names of your own, give the buckets as `ExistingTableSetupScriptBucket` and `ExistingArtifactStore`, and
other names for the rest (`AccessLogStore` too); the artifacts' bucket and table take other names, or CloudFormation's
resource import. The data come back by `DbSnapshotIdentifier`. Besides, what services made by themselves stays:
automated backups for as long as they are kept (`BackupRetentionPeriod`), RDS's log group of each database
(`/aws/rds/instance/...`) and ECS's of the cluster (`/aws/ecs/containerinsights/...`).

"""
