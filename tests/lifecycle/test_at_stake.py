"""(a) What a change costs: nothing that holds data is replaced but by a listed change, with the way to do it."""

from __future__ import annotations

import copy
from collections.abc import Callable
from fnmatch import fnmatchcase

import pytest

from templates_py.review import telling
from templates_py.review.changes import changes, changes_of
from templates_py.review.data import HOLDS_DATA
from templates_py.review.lifecycle import page
from templates_py.review.samples import keys, samples
from templates_py.review.transitions import templates
from templates_py.review.tree import flatten
from templates_py.review.ways import WAYS, at_stake, way
from templates_py.settings import ROOT
from tests.emitted import Body, emitted, with_mlflow

pytestmark = pytest.mark.slow

DATABASE, STORAGE = "shared/database-snapshot", "mlflow/storage"
Mutation = Callable[[dict[str, Body]], object]


def mutated(change: Mutation) -> dict[str, Body]:
    """The default templates, with a change that somebody might make."""
    bodies = copy.deepcopy(emitted())
    change(bodies)
    return bodies


def properties(bodies: dict[str, Body], path: str, title: str) -> Body:
    made: Body = bodies[path]["Resources"][title]["Properties"]
    return made


def test_the_page_is_as_the_code_would_write_it() -> None:
    fresh = (ROOT / "docs" / "updates.md").read_text() == page()
    assert fresh, "docs/updates.md is stale, run: python -m templates_py reference"


@pytest.mark.parametrize("shape", telling.shapes())
def test_every_parameter_of_every_root_is_told_and_costs_only_what_is_listed(shape: str) -> None:
    bodies = templates(telling.shapes()[shape])
    for system in ("batch", "mlflow", "artifacts", "endpoints"):
        tree = flatten(bodies, f"{system}/template")
        assert tree.parameters.keys() <= {name for _, name, _ in telling.told(system)}
        assert telling.unlisted(tree) == []
    assert telling.unlisted(flatten(bodies, "template")) == []


def test_every_setting_is_tried() -> None:
    assert {sample.setting for sample in samples()} == set(keys())


def test_no_way_is_dead() -> None:
    told = {(name, change.path) for s in telling.ROOTS for _, name, found in telling.told(s) for change in found}
    told |= {(setting, change.path.split("/", 1)[1]) for setting, _, found in telling.tried() for change in found}
    used = {key for key in WAYS for name, path in told if name == key[0] and fnmatchcase(path, key[1])}
    assert WAYS.keys() - used == set()
    assert telling.rows()


MUTATIONS: dict[str, tuple[Mutation, str, str, str]] = {
    "a create-only property out of a parameter": (
        lambda b: properties(b, DATABASE, "Instance").update(Timezone={"Ref": "StorageType"}),
        "BatchStorageType",
        "Batch/Database/Instance",
        "Timezone",
    ),
    "a bucket named by another parameter": (
        lambda b: (
            properties(b, STORAGE, "ArtifactStore").update(BucketName={"Ref": "S3BucketFolder"}),
            b[STORAGE]["Parameters"].update(S3BucketFolder={"Type": "String"}),
            properties(b, "mlflow/template", "Storage")["Parameters"].update(S3BucketFolder={"Ref": "S3BucketFolder"}),
        ),
        "S3BucketFolder",
        "Mlflow/Storage/ArtifactStore",
        "BucketName",
    ),
    "a subnet group in the way": (
        lambda b: properties(b, "shared/networking-snapshot", "SubnetGroup").update(
            DBSubnetGroupName={"Fn::Select": ["0", {"Ref": "RdsSubnets"}]}
        ),
        "RdsSubnets",
        "Mlflow/Database/Instance",
        "DBSubnetGroupName",
    ),
    "a condition on a parameter": (
        lambda b: (
            b[DATABASE]["Conditions"].update(Wanted={"Fn::Equals": [{"Ref": "MultiAz"}, "true"]}),
            b[DATABASE]["Resources"]["Instance"].update(Condition="Wanted"),
        ),
        "BatchMultiAz",
        "Batch/Database/Instance",
        "",
    ),
}


@pytest.mark.parametrize("mutation", MUTATIONS)
def test_a_template_that_newly_replaces_what_holds_data_is_named(mutation: str) -> None:
    change, parameter, path, by = MUTATIONS[mutation]
    found = telling.unlisted(flatten(mutated(change), "template"))
    assert any(f"a change of {parameter} " in text and path in text and by in text for text in found), found
    assert all("which holds data" in text for text in found)


def test_a_setting_that_newly_replaces_what_holds_data_is_named() -> None:
    outward = copy.deepcopy(dict(templates(with_mlflow(internet_facing=True))))
    properties(outward, STORAGE, "ArtifactStore")["BucketName"] = "outward"
    found = changes(flatten(emitted(with_mlflow()), "template"), flatten(outward, "template"))
    (bucket,) = [change for change in found if change.path == "Mlflow/Storage/ArtifactStore"]
    assert at_stake(bucket)
    with pytest.raises(LookupError, match=r"mlflow\.internet_facing replaces Mlflow/Storage/ArtifactStore by its Buck"):
        way("mlflow.internet_facing", bucket)


def test_the_default_templates_have_none() -> None:
    assert telling.unlisted(flatten(emitted(), "template")) == []


def test_a_fixed_function_and_what_holds_data_are_what_is_at_stake() -> None:
    found = {
        change.type for change in changes_of(flatten(emitted(), "template"), "LambdaFunctionName") if at_stake(change)
    }
    assert found == {"Custom::DbInit"}
    assert "AWS::RDS::DBInstance" in HOLDS_DATA
