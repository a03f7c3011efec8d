"""The emulator's end: at once, whatever it waits for."""

from __future__ import annotations

import signal
from typing import Any

import pytest

from tests.local.checkout import Checkout, until

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("ecs")]

ROLE = {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": {}}}


def resources(begun: str) -> dict[str, Any]:
    """A stack that waits for a function, which says by a file that it has begun and then takes as long as it may."""
    code = f"import time\ndef handler(event, context):\n    open({begun!r}, 'w').close()\n    time.sleep(900)\n"
    function = {
        "Handler": "index.handler",
        "Runtime": "python3.13",
        "Role": {"Fn::GetAtt": ["Role", "Arn"]},
        "Code": {"ZipFile": code},
        "Timeout": 900,
    }
    return {
        "Role": ROLE,
        "Function": {"Type": "AWS::Lambda::Function", "Properties": function},
        "Waits": {"Type": "Custom::Wait", "Properties": {"ServiceToken": {"Fn::GetAtt": ["Function", "Arn"]}}},
    }


def test_it_ends_in_the_middle_of_a_deployment() -> None:
    with Checkout() as checkout:
        begun = checkout.folder / "begun"
        body = checkout.body(resources(str(begun)))
        checkout.client("cloudformation").create_stack(StackName="waits", TemplateBody=body)
        until(begun.exists, "the function's call")
        checkout.end(signal.SIGTERM)
