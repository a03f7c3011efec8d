"""The mutation gate: a sample of it, and what no scanner saw. All of it is `make mutate`."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from templates_py.review.mutation import report, survivors
from templates_py.review.mutation.gate import Verdict, all_mutants, judge
from templates_py.review.mutation.mutant import GONE, Mutant, Place, broken
from templates_py.review.mutation.operators import OPERATORS
from templates_py.review.mutation.shapes import CERTIFICATE, SHAPES, deployed, flat
from templates_py.review.relations import RULES
from templates_py.review.scope import STACK
from templates_py.review.transitions import templates
from templates_py.review.tree import defaults, flatten

# Those of which cfn-lint need find none: it takes a minute.
BY_RELATIONS = {
    "exchange_a_reference",
    "name_a_stranger",
    "let_a_group_in",
    "add_a_group",
    "drop_a_condition",
    "widen_an_action",
    "widen_a_resource",
    "change_a_principal",
    "grant_more",
    "leak_a_secret",
    "write_a_secret_down",
    "output_a_secret",
}
DATABASE, TASK = "MlflowDatabaseInstance", "MlflowTaskDeploymentTaskDefinition"
BOX: Place = ("Properties", "ContainerDefinitions", 1)
STATEMENTS: Place = ("Properties", "PolicyDocument", "Statement")

# What passed all scanners when Hydra's port was broken on purpose -> the rule that finds it.
UNSEEN: dict[str, tuple[str, Place, Any, str]] = {
    "the database in the tasks' security group": (
        DATABASE,
        ("Properties", "VPCSecurityGroups"),
        [{"Fn::GetAtt": ["MlflowSecurityTasks", "GroupId"]}],
        "each_group_is_for_one_thing",
    ),
    "an environment without its launch template": (
        "BatchBatchMlComputeEnvironment",
        ("Properties", "ComputeResources", "LaunchTemplate"),
        GONE,
        "instances_have_the_launch_template",
    ),
    "one role for task and execution": (
        TASK,
        ("Properties", "TaskRoleArn"),
        {"Fn::GetAtt": ["MlflowPermissionsExecutionRole", "Arn"]},
        "each_role_is_used_by_one_thing",
    ),
    "an image without a fixed tag": (TASK, (*BOX, "Image"), "mlflow:latest", "containers_are_locked_and_agree"),
    "a database that goes with its stack": (
        DATABASE,
        ("DeletionPolicy",),
        "Delete",
        "what_holds_data_outlives_its_stack",
    ),
    "another database's secret": (
        TASK,
        (*BOX, "Secrets", 1, "ValueFrom"),
        {"Ref": "BatchSecretsPasswordSecret"},
        "clients_have_their_databases_secrets",
    ),
    "an execution role without its secret": (
        "MlflowPermissionsExecutionPolicy",
        (*STATEMENTS, 2, "Resource", 1),
        GONE,
        "actors_may_reach_what_they_are_told_of",
    ),
    "a wrong container port": (
        TASK,
        (*BOX, "PortMappings", 0, "ContainerPort"),
        5001,
        "requests_arrive_at_the_container",
    ),
    "a security group's port where nothing listens": (
        "MlflowSecurityTasksToDatabase",
        ("Properties", "ToPort"),
        3307,
        "every_port_in_a_rule_listens",
    ),
    "a scaling target of another service": (
        "MlflowAutoscalingService",
        ("Properties", "ResourceId"),
        "service/ours/another",
        "scaling_is_this_services",
    ),
    "a ServiceToken of another function": (
        "BatchLambdaInvocationDbInit",
        ("Properties", "ServiceToken"),
        "arn:aws:lambda:eu-west-1:123456789012:function:other",
        "custom_resources_are_our_functions",
    ),
    "a password in a command": (
        TASK,
        (*BOX, "Command"),
        ["server", {"Fn::Join": ["", ["{{resolve:secretsmanager:", {"Ref": "MlflowSecretsPasswordSecret"}, "}}"]]}],
        "no_value_of_a_secret_leaves",
    ),
}


@pytest.mark.parametrize("broke", UNSEEN)
def test_what_no_scanner_saw_is_found(broke: str) -> None:
    resource, place, value, rule = UNSEEN[broke]
    before = deployed(flat("both"), CERTIFICATE)
    after = deployed(broken(flat("both"), resource, place, value), CERTIFICATE)
    assert set(RULES[rule](after)) - set(RULES[rule](before))


def test_a_mutant_leaves_the_template_as_it_was() -> None:
    whole = copy.deepcopy(flat("both"))
    for resource, place, value, _ in UNSEEN.values():
        assert broken(flat("both"), resource, place, value) != whole
    assert flat("both") == whole


def test_there_are_many_mutants_of_each_operator() -> None:
    every = list(all_mutants())
    assert len(every) > 3000
    assert {mutant.operator for _, mutant in every} == {operator.__name__ for operator in OPERATORS}


@pytest.mark.slow
def test_a_sample_of_the_mutants_is_found() -> None:
    sample = [one for one in all_mutants() if one[1].operator in BY_RELATIONS][::10]
    left = [verdict for verdict in map(judge, sample) if verdict.survived and not survivors.reason(verdict)]
    assert len(sample) > 100
    assert left == []


@pytest.mark.parametrize("shape", SHAPES)
def test_a_flattened_template_is_the_same_graph(shape: str) -> None:
    settings, root, parameters = SHAPES[shape]
    made = templates(settings)
    tree = flatten(made, root, {**defaults(made, root), **parameters[0]})
    flattened = deployed(flat(shape), parameters[0])
    paths = {path.replace("/", "") for path, one in tree.resources.items() if one.type != STACK}
    assert flattened.resources.keys() == paths


def verdict(operator: str, kind: str, place: Place, *killers: str) -> Verdict:
    return Verdict("both", Mutant(operator, "One", place, GONE), kind, frozenset(killers), idle=False)


def test_a_survivor_without_a_reason_and_an_idle_rule_are_faults() -> None:
    explained = verdict("flip", "AWS::Batch::JobQueue", ("Properties", "State"))
    strange = verdict("flip", "AWS::RDS::DBInstance", ("Properties", "StorageEncrypted"))
    together = verdict("flip", "AWS::RDS::DBInstance", ("Properties", "Port"), *list(RULES)[:2])
    alone = [verdict("flip", "AWS::RDS::DBInstance", ("Properties", "Port"), rule) for rule in list(RULES)[1:]]
    faults = report.faults([explained, strange, together, *alone])
    assert "survives: flip AWS::RDS::DBInstance StorageEncrypted of One" in faults
    assert f"finds nothing that another does not: {next(iter(RULES))}" in faults
    assert not any(fault.startswith("survives: flip AWS::Batch::JobQueue") for fault in faults)
    assert any(fault.startswith("explains nothing") and "LoadBalancer Type" in fault for fault in faults)
