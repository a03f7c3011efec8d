"""Good settings: what may be written, what it means, and what holds where nothing was said."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from templates_py.settings import ROOT, Batch, ComputeEnvironment, JobQueue, Mlflow, Settings
from templates_py.settings.loading import SettingsError, load
from tests.emitted import Body, emitted, with_batch

# As in the issue that asked for it.
DOCUMENTED = """
[batch]
service_role = "service-linked"        # or "custom": Hydra's own service role, by name and policy ARNs
jobs_use_instance_role = true          # Hydra's jobs have no role of their own (P70)
deletion_policy = "Snapshot"           # Hydra's skip_final_snapshot = true is "Delete"; also "Retain" (P63)

[[batch.compute_environments]]         # Hydra: a list of maps
name = "ml"                            # seeds the logical ID; use_real_name = true gives the AWS name too
instance_type = "optimal"              # Hydra's key: a string, or a list; families ("g5") and sizes ("m5.xlarge"); P71
resource_type = "EC2"                  # EC2, SPOT, FARGATE, FARGATE_SPOT
type = "MANAGED"                       # or UNMANAGED
min_vcpus = 0
max_vcpus = 256

[[batch.job_queues]]
name = "hydra-ml-queue"                # kept as the real name (a prefix parameter, default empty, goes before it)
compute_environment = "ml"             # a string, or a list in order of preference
priority = 1
state = "ENABLED"                      # or DISABLED

[mlflow]
cidr_blocks = ["10.0.0.0/8"]           # who may reach the balancer (P65)
deletion_policy = "Snapshot"
"""


def loaded(folder: Path, toml: str) -> Settings:
    (folder / "hydra.toml").write_text(toml)
    return load(folder / "hydra.toml")


def resources(settings: Settings) -> Body:
    """The resources of the stack that has the environments and the queues."""
    return dict(emitted(settings, "batch")["batch/batch"]["Resources"])


def test_documented_example(tmp_path: Path) -> None:
    ml = ComputeEnvironment(name="ml", instance_type="optimal", resource_type="EC2", min_vcpus=0, max_vcpus=256)
    queue = JobQueue(name="hydra-ml-queue", compute_environment="ml", priority=1, state="ENABLED")
    batch = Batch(service_role="service-linked", compute_environments=[ml], job_queues=[queue])
    mlflow = Mlflow(cidr_blocks=["10.0.0.0/8"], deletion_policy="Snapshot")
    assert loaded(tmp_path, DOCUMENTED) == Settings(batch=batch, mlflow=mlflow)


def test_the_example_says_nothing_but_defaults(tmp_path: Path) -> None:
    short = "[[batch.compute_environments]]\nname = 'ml'\n[[batch.job_queues]]\nname = 'hydra-ml-queue'\n"
    assert loaded(tmp_path, DOCUMENTED) == loaded(tmp_path, short + "compute_environment = 'ml'")


def test_our_own_file() -> None:
    settings = load(ROOT / "hydra.toml")
    assert [queue.name for queue in settings.batch.job_queues] == ["hydra-ml-queue", "hydra-gpu-queue"]


def test_empty_file(tmp_path: Path) -> None:
    assert loaded(tmp_path, "") == Settings()


def test_byte_order_mark(tmp_path: Path) -> None:
    (tmp_path / "hydra.toml").write_bytes(b'\xef\xbb\xbf[mlflow]\r\nartifacts = "proxied"\r\n')
    assert load(tmp_path / "hydra.toml").mlflow.artifacts == "proxied"


def test_defaults_of_batch_go_to_all_that_do_not_say_otherwise(tmp_path: Path) -> None:
    batch = loaded(
        tmp_path,
        """
        [batch]
        resource_type = "SPOT"
        type = "UNMANAGED"
        min_vcpus = 2
        max_vcpus = 8
        priority = 5
        state = "DISABLED"
        compute_environments = [
            {name = "a"},
            {name = "b", resource_type = "EC2", type = "MANAGED", min_vcpus = 0, max_vcpus = 4},
        ]
        job_queues = [
            {name = "c", compute_environment = "a"},
            {name = "d", compute_environment = "b", priority = 1, state = "ENABLED"},
        ]
        """,
    ).batch
    a, b = batch.compute_environments
    assert (a.resource_type, a.type, a.min_vcpus, a.max_vcpus) == ("SPOT", "UNMANAGED", 2, 8)
    assert (b.resource_type, b.type, b.min_vcpus, b.max_vcpus) == ("EC2", "MANAGED", 0, 4)
    assert [(queue.priority, queue.state) for queue in batch.job_queues] == [(5, "DISABLED"), (1, "ENABLED")]


@pytest.mark.parametrize("kind", ["resource_type = 'FARGATE'", "resource_type = 'FARGATE_SPOT'", "type = 'UNMANAGED'"])
def test_p07_a_default_for_all_leaves_out_whom_it_does_not_concern(kind: str, tmp_path: Path) -> None:
    toml = f"[batch]\nmin_vcpus = 300\n[[batch.compute_environments]]\nname = 'f'\n{kind}"
    resource = resources(loaded(tmp_path, toml))["FComputeEnvironment"]
    assert "MinvCpus" not in resource["Properties"].get("ComputeResources", {})


def test_p07_a_default_kind_keeps_to_what_an_unmanaged_environment_is(tmp_path: Path) -> None:
    toml = "[batch]\nresource_type = 'FARGATE'\ncompute_environments = [{name = 'own', type = 'UNMANAGED'}]"
    (own,) = loaded(tmp_path, toml).batch.compute_environments
    assert not own.is_fargate
    assert not own.starts_instances


def test_one_is_a_list_of_one() -> None:
    one = ComputeEnvironment(name="ml", instance_type="g5"), JobQueue(name="q", compute_environment="ml")
    many = ComputeEnvironment(name="ml", instance_type=["g5"]), JobQueue(name="q", compute_environment=["ml"])
    made, same = (with_batch(compute_environments=[env], job_queues=[queue]) for env, queue in (one, many))
    assert emitted(made) == emitted(same)


@pytest.mark.parametrize(
    "instance_type",
    [
        *["optimal", "default_x86_64", "default_arm64"],  # P71
        *["g5", "m5.xlarge", "t3.nano", "c7i-flex.large", "r5d.24xlarge", "p4d.24xlarge", "p5en", "trn1n.32xlarge"],
        *["g5g.metal", "c7g.metal-48xl", "x2iedn", "is4gen.8xlarge", "im4gn.large", "hpc7a.96xlarge", "gr6.4xlarge"],
        *["u-6tb1", "u-6tb1.112xlarge", "u7i-12tb.224xlarge", "u7inh-32tb", "mac2-m2", "p6-b200", "p6e-gb200.36xlarge"],
    ],
)
def test_p71_instance_types(instance_type: str, tmp_path: Path) -> None:
    toml = f"[[batch.compute_environments]]\nname = 'ml'\ninstance_type = '{instance_type}'"
    (environment,) = loaded(tmp_path, toml).batch.compute_environments
    assert environment.instance_types == [instance_type]


@pytest.mark.parametrize("instance_type", ["g5.", "nonsense", "M5.xlarge", "5xl", "m5.xl", "m5xlarge", "m5.xlarge "])
def test_p71_not_instance_types(instance_type: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="expected a family"):
        test_p71_instance_types(instance_type, tmp_path)


@pytest.mark.parametrize(
    ("instance_types", "images"),
    [
        (["optimal"], ["ECS_AL2023"]),
        (["m5.xlarge", "c6i", "inf2", "trn1"], ["ECS_AL2023"]),
        (["g5"], ["ECS_AL2023_NVIDIA"]),
        (["g4dn.xlarge", "g6e", "gr6", "p3", "p4d.24xlarge", "p5en"], ["ECS_AL2023_NVIDIA"]),
        (["g5", "m5"], ["ECS_AL2023", "ECS_AL2023_NVIDIA"]),
        (["g4ad"], ["ECS_AL2023"]),  # AMD's
        (["g5g"], ["ECS_AL2023"]),  # on Graviton, for which ECS has no image with the driver
    ],
    ids=str,
)
def test_p10_images_by_family(instance_types: list[str], images: list[str]) -> None:
    assert ComputeEnvironment(name="ml", instance_type=instance_types).image_types == images


def test_p10_an_image_that_was_chosen() -> None:
    environment = ComputeEnvironment(name="ml", instance_type="m5", image_type="ECS_AL2023_NVIDIA")
    assert environment.image_types == ["ECS_AL2023_NVIDIA"]


@pytest.mark.parametrize(
    ("said", "strategy"),
    [
        ({}, "BEST_FIT_PROGRESSIVE"),
        ({"resource_type": "SPOT"}, "SPOT_PRICE_CAPACITY_OPTIMIZED"),
        ({"resource_type": "SPOT", "allocation_strategy": "SPOT_CAPACITY_OPTIMIZED"}, "SPOT_CAPACITY_OPTIMIZED"),
        ({"resource_type": "SPOT", "allocation_strategy": "BEST_FIT_PROGRESSIVE"}, "BEST_FIT_PROGRESSIVE"),
    ],
    ids=str,
)
def test_p04_a_strategy_that_updates_in_place(said: dict[str, str], strategy: str) -> None:
    assert msgspec.convert({"name": "ml", **said}, ComputeEnvironment).strategy == strategy


X86, ARM, SPOT = "{name = 'x'}", "{name = 'arm', instance_type = 'm7g'}", "{name = 's', resource_type = 'SPOT'}"
FARGATE, FARGATE_SPOT = "{name = 'f', resource_type = 'FARGATE'}", "{name = 'fs', resource_type = 'FARGATE_SPOT'}"
OWN, ARM_2 = "{name = 'own', type = 'UNMANAGED'}", "{name = 'arm2', instance_type = ['c6gn', 'default_arm64', 'g5g']}"


@pytest.mark.parametrize(
    "environments",
    [(X86, SPOT, OWN), (FARGATE, FARGATE_SPOT), (ARM, ARM_2), (OWN, ARM)],
    ids=lambda those: str(len(those)),
)
def test_environments_that_share_a_queue(environments: tuple[str, ...], tmp_path: Path) -> None:
    names = [text.split("'")[1] for text in environments]
    toml = f"compute_environments = [{', '.join(environments)}]\n[[batch.job_queues]]\nname = 'q'\n"
    (queue,) = loaded(tmp_path, f"[batch]\n{toml}compute_environment = {names}").batch.job_queues
    assert queue.compute_environments == names


def test_p60_fifty_of_each(tmp_path: Path) -> None:
    toml = "".join(
        f"[[batch.compute_environments]]\nname = 'n{number}'\nroot_volume_size = {30 + number}\n"
        f"[[batch.job_queues]]\nname = 'n{number}'\ncompute_environment = 'n{number}'\n"
        for number in range(50)
    )
    policies = "".join(f"[[batch.scheduling_policies]]\nname = 'n{number}'\n" for number in range(300))
    assert len(resources(loaded(tmp_path, toml + policies))) == 50 * 3 + 300 + 1


def test_p44_one_name_for_different_things(tmp_path: Path) -> None:
    """The kind is a part of the logical ID, so that names need to differ among their own kind alone."""
    names = ["ml", "ml-job-queue", "launch-template-30", "job-log-group", "compute-environment"]
    environments = ", ".join(f"{{name = '{name}'}}" for name in names)
    queues = ", ".join(f"{{name = '{name}', compute_environment = 'ml'}}" for name in names)
    policies = ", ".join(f"{{name = '{name}'}}" for name in names)
    toml = f"compute_environments = [{environments}]\njob_queues = [{queues}]\nscheduling_policies = [{policies}]"
    assert len(resources(loaded(tmp_path, f"[batch]\n{toml}"))) == 3 * len(names) + 2


def test_forty_nine_tags(tmp_path: Path) -> None:
    tags = {f"Team {number} _.:/=+-@": "ä" * 256 for number in range(49)}
    toml = "[tags]\n" + "".join(f'"{key}" = "{value}"\n' for key, value in tags.items())
    assert loaded(tmp_path, toml).tags == tags


def test_cidr_blocks(tmp_path: Path) -> None:
    blocks = ["10.0.0.0/8", "192.168.1.1/32", "0.0.0.0/0", "2001:db8::/32", "::/0"]
    assert loaded(tmp_path, f"mlflow.cidr_blocks = {blocks}").mlflow.cidr_blocks == blocks


@pytest.mark.parametrize("size", [(0.25, 512), (0.5, 4096), (1, 2048), (4, 30720), (8, 61440), (16, 122880)], ids=str)
def test_fargate_sizes(size: tuple[float, int], tmp_path: Path) -> None:
    toml = (
        f"[[batch.job_definitions]]\nname = 'j'\nimage = 'i'\nresource_type = 'FARGATE'\nvcpus = {size[0]}\nmemory = "
    )
    (job,) = loaded(tmp_path, toml + str(size[1])).batch.job_definitions
    assert (job.vcpus, job.memory) == size


def test_jobs_on_fargate_have_roles_since_they_have_no_instance() -> None:
    fargate = Batch(compute_environments=[ComputeEnvironment(name="f", resource_type="FARGATE")])
    job = msgspec.convert({"job_definitions": [{"name": "j", "image": "i", "resource_type": "FARGATE"}]}, Batch)
    assert fargate.jobs_have_a_role and fargate.jobs_have_an_execution_role
    assert job.jobs_have_a_role and job.jobs_have_an_execution_role
    assert not Batch().jobs_have_a_role
    assert not Batch().jobs_have_an_execution_role


def test_settings_cannot_be_changed_after_they_were_checked() -> None:
    with pytest.raises(AttributeError):
        Settings().batch.min_vcpus = 1  # type: ignore[misc]
