"""Whatever valid settings say ends in templates that CloudFormation takes, whatever invalid ones do in one line.

What hypothesis draws is the same in each run, so that a red test stays red.
"""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st

from templates_py.emission import LIMITS, emit
from templates_py.settings import Settings
from templates_py.settings.loading import SettingsError, load
from templates_py.synthesis import stacks
from tests import strategies
from tests.emitted import Body, emitted, nested, resources
from tests.linting import lint_body
from tests.strategies import Data, places

FIXED = settings(
    derandomize=True,
    deadline=None,
    database=None,
    phases=[Phase.generate, Phase.shrink],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
VARYING = [
    *("template", "batch/template", "batch/batch", "batch/job_definitions", "batch/permissions", "connection"),
    *("mlflow/template", "mlflow/security", "mlflow/permissions", "mlflow/load_balancing", "mlflow/task_deployment"),
]


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("settings") / "hydra.toml"


def loaded(file: Path, data: Data) -> Settings:
    file.write_text(strategies.text(data))
    return load(file)


@pytest.mark.slow
@settings(FIXED, max_examples=5)
@given(data=strategies.FULL)
def test_valid_settings_lint_clean(data: Data, file: Path) -> None:
    templates = emitted(loaded(file, data))
    assert {path: found for path in VARYING if path in templates and (found := lint_body(templates[path]))} == {}


def are_sound(templates: dict[str, Body]) -> bool:
    """Whether templates keep to the limits, and each nested stack is given what it takes."""
    for path, body in templates.items():
        assert all(len(body.get(section, {})) <= most for section, most in LIMITS.items())
        for child in nested(body).values():
            template = (Path("/") / path).parent / child["Properties"]["TemplateURL"].removesuffix(".json")
            takes = templates[str(template.resolve())[1:]].get("Parameters", {})
            assert child["Properties"]["Parameters"].keys() == takes.keys()
    return True


@pytest.mark.slow
@settings(FIXED, max_examples=100)
@given(data=strategies.SETTINGS)
def test_valid_settings_become_sound_templates(data: Data, file: Path) -> None:
    settings = loaded(file, data)
    templates = emitted(settings, "batch")
    assert are_sound(templates)
    made = templates["batch/batch"]
    environments = resources(made, "AWS::Batch::ComputeEnvironment")
    policies = resources(made, "AWS::Batch::SchedulingPolicy")
    queues = resources(made, "AWS::Batch::JobQueue")
    ids = dict(zip([env.name for env in settings.batch.compute_environments], environments, strict=True))
    fair = dict(zip([policy.name for policy in settings.batch.scheduling_policies], policies, strict=True))
    for queue, props in zip(settings.batch.job_queues, [made["Properties"] for made in queues.values()], strict=True):
        assert props["JobQueueName"]["Fn::Join"][1][-1] == queue.name
        assert props["ComputeEnvironmentOrder"] == [
            {"ComputeEnvironment": {"Ref": ids[name]}, "Order": order}
            for order, name in enumerate(queue.compute_environments, start=1)
        ]
        policy = fair[queue.scheduling_policy] if queue.scheduling_policy else "AWS::NoValue"
        assert props["SchedulingPolicyArn"] == {"Ref": policy}


@pytest.mark.slow
@settings(FIXED, max_examples=40)
@given(data=strategies.SETTINGS, more=strategies.ENVIRONMENTS, name=strategies.NAMES)
def test_one_more_environment_changes_no_other_resource(data: Data, more: Data, name: str, file: Path) -> None:
    batch = data.get("batch", {})
    there = batch.get("compute_environments", [])
    kinds = {strategies.group(env) for env in there}
    assume("FARGATE" in kinds or strategies.group(more) != "FARGATE")  # the first on Fargate brings roles for its jobs
    larger = {**data, "batch": {**batch, "compute_environments": [*there, {"name": f"{name}-new", **more}]}}
    before, after = emitted(loaded(file, data), "batch"), emitted(loaded(file, larger), "batch")
    for path, body in before.items():
        kept = {title: made for title, made in body["Resources"].items() if title not in nested(body)}
        assert {title: after[path]["Resources"][title] for title in kept} == kept
    new = after["batch/batch"]["Resources"].keys() - before["batch/batch"]["Resources"].keys()
    assert len([title for title in new if not title.startswith("LaunchTemplate")]) == 1


@pytest.mark.slow
@settings(FIXED, max_examples=20)
@given(data=strategies.FULL)
def test_the_same_settings_give_the_same_bytes(data: Data, file: Path) -> None:
    one, other = loaded(file, data), loaded(file, strategies.backwards(data))
    files = emit(stacks(one), one.tags)
    assert list(files.items()) == list(emit(stacks(other), other.tags).items())
    assert are_sound({path.removesuffix(".json"): json.loads(content) for path, content in files.items()})


# --- Invalid settings: a valid file with some of everything, made wrong in one place ----------------------------------

NAMED = ("compute_environments", "job_queues", "scheduling_policies", "job_definitions")


def wrong_type(data: Data, draw: st.DrawFn) -> None:
    table, key = draw(st.sampled_from(places(data)))
    table[key] = "7" if isinstance(table[key], bool | int | float) else 7


def unknown_key(data: Data, draw: st.DrawFn) -> None:
    free = ("tags", "environment")
    closed = [place for place in places(data) if place[1] not in free and isinstance(place[0][place[1]], dict)]
    table, key = draw(st.sampled_from([*closed, ({"": data}, "")]))
    table[key][draw(strategies.NAMES) + "-"] = draw(st.integers(0, 9))


def missing_key(data: Data, draw: st.DrawFn) -> None:
    required = ("name", "image", "compute_environment", "reason", "max_time_seconds", "share_identifier")
    table, key = draw(st.sampled_from([place for place in places(data) if place[1] in required]))
    del table[key]


def bad_name(data: Data, draw: st.DrawFn) -> None:
    table = draw(st.sampled_from(data["batch"][draw(st.sampled_from(NAMED))]))
    table["name"] = draw(st.sampled_from(["", "-", "a b", "a.b", "a\n", "ä", "a" * 129]))


def taken_name(data: Data, draw: st.DrawFn) -> None:
    tables = data["batch"][draw(st.sampled_from(NAMED))]
    table = draw(st.sampled_from(tables))
    tables.append({**table, "name": table["name"] + draw(st.sampled_from(["", "-", "_"]))})


def min_above_max(data: Data, draw: st.DrawFn) -> None:
    table = draw(st.sampled_from([env for env in data["batch"]["compute_environments"] if "min_vcpus" in env]))
    table["min_vcpus"] = table["max_vcpus"] + draw(st.integers(1, 9))


def field_of_instances(data: Data, draw: st.DrawFn) -> None:
    table = draw(st.sampled_from([env for env in data["batch"]["compute_environments"] if "min_vcpus" not in env]))
    fields = {"instance_type": "g5", "min_vcpus": 0, "root_volume_size": 50, "bid_percentage": 50}
    table.update([draw(st.sampled_from(list(fields.items())))])


def bad_instance_type(data: Data, draw: st.DrawFn) -> None:
    table = draw(st.sampled_from([env for env in data["batch"]["compute_environments"] if "min_vcpus" in env]))
    table["instance_type"] = draw(st.sampled_from(["g5.", "nonsense", "M5.xlarge", "5xl", "", ["m5", "m7g"], []]))


def bad_queue(data: Data, draw: st.DrawFn) -> None:
    queue = draw(st.sampled_from(data["batch"]["job_queues"]))
    queue[draw(st.sampled_from(["compute_environment", "scheduling_policy"]))] = "no-such-name-as-this"


def bad_job(data: Data, draw: st.DrawFn) -> None:
    job = draw(st.sampled_from(data["batch"]["job_definitions"]))
    fargate = {"memory": 513} if job.get("resource_type") == "FARGATE" else {"retries": 0}
    job.update(draw(st.sampled_from([fargate, {"vcpus": 3.5}, {"image": "a b"}, {"environment": {"AWS_BATCH": ""}}])))


def bad_block(data: Data, draw: st.DrawFn) -> None:
    blocks = draw(st.sampled_from([[], ["10.0.0.1/8"], ["10.0.0.0"], ["x"], ["::/0", "::/0"]]))
    data["mlflow"] = {"cidr_blocks": blocks}


def bad_tag(data: Data, draw: st.DrawFn) -> None:
    key = draw(st.sampled_from(["", "aws:a", "a*", "k" * 129]))
    data["tags"] = draw(st.sampled_from([{key: ""}, {"a": "v" * 257}, {"A": "", "a": ""}]))


MUTATORS = [
    *(wrong_type, unknown_key, missing_key, bad_name, taken_name, min_above_max, field_of_instances),
    *(bad_instance_type, bad_queue, bad_job, bad_block, bad_tag),
]


@st.composite
def mutated(draw: st.DrawFn) -> Data:
    data = copy.deepcopy(draw(strategies.FULL))
    draw(st.sampled_from(MUTATORS))(data, draw)
    return data


def refused(file: Path) -> bool:
    with pytest.raises(SettingsError) as error:
        load(file)
    said = str(error.value)
    return said.startswith(f"{file}: ") and len(said.splitlines()) == 1 and ("expected " in said or "did you " in said)


@pytest.mark.slow
@settings(FIXED, max_examples=120)
@given(data=mutated())
def test_invalid_settings_end_in_one_line(data: Data, file: Path) -> None:
    file.write_text(strategies.text(data))
    assert refused(file)


@pytest.mark.slow
@settings(FIXED, max_examples=120)
@given(data=strategies.SETTINGS, value=strategies.ANYTHING, draw=st.data())
def test_whatever_is_written_is_settings_or_ends_in_one_line(
    data: Data, value: Any, draw: st.DataObject, file: Path
) -> None:
    data = {"batch": {}, **copy.deepcopy(data)}
    table, key = draw.draw(st.sampled_from(places(data)))
    table[key] = value
    try:
        settings = loaded(file, data)
    except SettingsError:
        assert refused(file)
    else:
        emitted(settings, "batch")
