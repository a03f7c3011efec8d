"""What a changed property replaces on the emulator is what CloudFormation's schemas say."""

from __future__ import annotations

import pytest
from cfnlint.schema import PROVIDER_SCHEMA_MANAGER

from local.aws.replacements import known


@pytest.mark.parametrize("kind", known())
def test_create_only_properties_are_those_of_the_schema(kind: str) -> None:
    schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", kind).schema
    fixed, conditional = (
        [path.split("/")[2:] for path in schema.get(key, [])]
        for key in ("createOnlyProperties", "conditionalCreateOnlyProperties")
    )
    always = {path[0] for path in fixed if len(path) == 1}
    sometimes = {path[0] for path in [*fixed, *conditional]} - always
    assert {when: set(names) for when, names in known()[kind].items()} == {"Always": always, "Conditionally": sometimes}
