"""What a stack is, shown on stacks of three lines."""

from __future__ import annotations

import pytest
from troposphere import Equals, Not, Ref
from troposphere.s3 import Bucket
from troposphere.sqs import Queue

from templates_py.inputs import NUMBER, STRING, STRINGS, Like, asked, camel, flag, name, optional, wired
from templates_py.nesting import Nested
from templates_py.stack import Outputs, Rules, Stack, nested, resource, rule


class Store(Stack):
    """A bucket."""

    size = asked(NUMBER, None, "Size", unit="GiB", least=1, most=9)
    bucket_name = name("Name of the bucket", Like("[a-z]+", "small letters"))
    people = optional(STRINGS, "Who may read")
    unused = asked(STRING, "", "Nothing uses it")

    @resource
    def bucket(self) -> Bucket:
        return Bucket("Bucket", BucketName=self.bucket_name.or_none, Metadata={"Size": self.size, "To": self.people})

    @resource
    def absent(self) -> Bucket | None:
        return None

    def rules(self) -> Rules:
        return {"Sized": rule(Not(Equals(self.size, "7")), "Seven is taken")}

    def outputs(self) -> Outputs:
        return {"bucket": (Ref(self.bucket), "Name of the bucket")}


class Reader(Stack):
    """A queue about a bucket."""

    bucket_name = wired(STRING, "Name of the bucket to read")
    groups = wired(STRINGS, "Groups")

    @resource
    def queues(self) -> list[Queue]:
        return [Queue(f"Queue{n}", QueueName=self.bucket_name, Metadata={"G": self.groups}) for n in (1, 2)]


class System(Stack):
    """Both."""

    people = optional(STRINGS, "Who may read")

    @nested
    def store(self) -> Nested:
        return self.nest(Store())

    @nested
    def reader(self) -> Nested:
        return self.nest(Reader(), bucket_name=self.store.bucket, groups=[self.store.bucket, "b"])

    def outputs(self) -> Outputs:
        return self.store.outputs({"bucket": "the_"})


def body(stack: Stack) -> dict:
    assert stack.asks() is not None
    return stack.template.to_dict()


def test_inputs_become_parameters_with_their_constraints() -> None:
    made = body(Store())["Parameters"]
    assert made["Size"] == {"Type": "Number", "Description": "Size (GiB)", "MinValue": 1, "MaxValue": 9}
    assert made["BucketName"] == {
        "Type": "String",
        "Default": "",
        "Description": "Name of the bucket; empty: generated",
        "AllowedPattern": "^(|[a-z]+)$",
        "ConstraintDescription": "must be empty, or small letters",
    }


def test_what_no_resource_uses_is_no_parameter() -> None:
    assert list(body(Store())["Parameters"]) == ["Size", "BucketName", "People"]


def test_a_condition_is_registered_by_its_use() -> None:
    assert body(Store())["Conditions"] == {
        "BucketNameGiven": {"Fn::Not": [{"Fn::Equals": [{"Ref": "BucketName"}, ""]}]}
    }


def test_a_list_is_given_where_its_text_is_not_empty() -> None:
    class Lists(Stack):
        """Lists."""

        people = optional(STRINGS, "Who may read")

        @resource
        def bucket(self) -> Bucket:
            return Bucket("Bucket", Metadata={"To": self.people.besides("me")})

    made = body(Lists())
    assert made["Conditions"]["PeopleGiven"] == {
        "Fn::Not": [{"Fn::Equals": [{"Fn::Join": ["", {"Ref": "People"}]}, ""]}]
    }
    joined = {"Fn::Split": [",", {"Fn::Join": [",", ["me", {"Fn::Join": [",", {"Ref": "People"}]}]]}]}
    assert made["Resources"]["Bucket"]["Metadata"]["To"] == {"Fn::If": ["PeopleGiven", joined, ["me"]]}


def test_a_parent_asks_for_what_it_does_not_give() -> None:
    made = body(System())
    assert list(made["Parameters"]) == ["Size", "People", "BucketName"]  # without a default first (P69)
    fed = made["Resources"]["Store"]["Properties"]["Parameters"]
    assert fed["Size"] == {"Ref": "Size"}
    assert fed["People"] == {"Fn::Join": [",", {"Ref": "People"}]}  # P45


def test_values_travel_by_attribute() -> None:
    fed = body(System())["Resources"]["Reader"]["Properties"]["Parameters"]
    bucket = {"Fn::GetAtt": ["Store", "Outputs.Bucket"]}
    assert fed == {"BucketName": bucket, "Groups": {"Fn::Join": [",", [bucket, "b"]]}}
    assert body(System())["Outputs"] == {"TheBucket": {"Value": bucket, "Description": "Name of the bucket"}}


def test_a_rule_of_a_nested_stack_is_its_parents_too() -> None:
    assert body(System())["Rules"] == body(Store())["Rules"]


def test_a_renamed_row_has_its_rule_renamed() -> None:
    class Renaming(Stack):
        """Renames."""

        @nested
        def store(self) -> Nested:
            return self.nest(Store(), rename={"size": "store_size"})

    made = body(Renaming())
    assert "StoreSize" in made["Parameters"]
    assert made["Rules"]["StoreSized"]["Assertions"][0]["Assert"] == {
        "Fn::Not": [{"Fn::Equals": [{"Ref": "StoreSize"}, "7"]}]
    }


def test_a_rule_about_what_another_stack_gives_stays_below() -> None:
    class Feeding(Stack):
        """Feeds."""

        @nested
        def store(self) -> Nested:
            return self.nest(Store(), size=3)

    assert "Rules" not in body(Feeding())


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"bucket_name": "a"}, r"does not give test_stack its groups"),
        ({"bucket_name": "a", "groups": "b", "grops": "c"}, r"gives test_stack grops, which it does not take"),
    ],
    ids=["left out", "misspelt"],
)
def test_bad_wiring_fails_in_python_and_names_both(given: dict[str, str], said: str) -> None:
    class Wrong(Stack):
        """Wrong."""

        @nested
        def store(self) -> Nested:
            return self.nest(Reader(), **given)

    with pytest.raises(TypeError, match=said):
        Wrong().asks()


def test_a_misspelt_output_fails_in_python_and_names_both() -> None:
    class Wrong(Stack):
        """Wrong."""

        def outputs(self) -> Outputs:
            return {"buckets": (self.nest(Store()).buckets, "")}

    with pytest.raises(AttributeError, match="test_stack: test_stack has no output buckets"):
        Wrong().asks()


def test_one_name_cannot_ask_for_two_things() -> None:
    class Other(Stack):
        """Other."""

        size = asked(STRING, "L", "Size")

        @resource
        def bucket(self) -> Bucket:
            return Bucket("Bucket", BucketName=self.size)

    class Wrong(Stack):
        """Wrong."""

        @nested
        def store(self) -> Nested:
            return self.nest(Store())

        @nested
        def other(self) -> Nested:
            return self.nest(Other())

    with pytest.raises(TypeError, match="asks for size in other words"):
        Wrong().asks()


def test_names_become_logical_ids() -> None:
    assert [camel(text) for text in ("rds_subnets", "hydra-ml-queue", "g5", "aB")] == [
        "RdsSubnets",
        "HydraMlQueue",
        "G5",
        "AB",
    ]


def test_a_flag_is_true_or_false() -> None:
    assert flag(True, "On").constraints == {"Default": "true", "AllowedValues": ["true", "false"]}
