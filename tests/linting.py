"""cfn-lint in this process, its rules loaded once."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from cfnlint.config import ConfigMixIn
from cfnlint.decode.decode import decode_str
from cfnlint.runner import Runner

from templates_py.review.lint import IGNORED, REGIONS


@cache
def _runner() -> Runner:
    return Runner(ConfigMixIn(regions=REGIONS, ignore_checks=IGNORED))


def lint_body(body: dict[str, Any]) -> list[tuple[str, str]]:
    """Return the findings in one template by itself: (rule, message). One that was looked at before is not again."""
    return _findings(json.dumps(body))


@cache
def _findings(text: str) -> list[tuple[str, str]]:
    template, errors = decode_str(text)
    assert not errors
    return [(match.rule.id, match.message) for match in _runner().validate_template(template)]
