"""Print what parliament or cloudsplaining says of policies. It runs in their environment, which has not this project.

Argument: which of the two. Standard input: [[template, resource, document], ...]. Output: [[template, rule, resource,
text], ...].
"""

import json
import sys
from typing import Any

RISKS = (
    "infrastructure_modification",
    "allows_privilege_escalation",
    "allows_data_exfiltration_actions",
    "permissions_management_without_constraints",
    "credentials_exposure",
    "service_wildcard",
)


def parliament(document: dict[str, Any]) -> list[tuple[str, Any]]:
    from parliament import analyze_policy_string

    policy = analyze_policy_string(json.dumps(document), include_community_auditors=True)
    return [(one.issue, one.detail) for one in policy.findings]


def cloudsplaining(document: dict[str, Any]) -> list[tuple[str, Any]]:
    from cloudsplaining.scan.policy_document import PolicyDocument

    policy = PolicyDocument(document)
    return [(risk, said) for risk in RISKS if (said := getattr(policy, risk))]


judge = {"parliament": parliament, "cloudsplaining": cloudsplaining}[sys.argv[1]]
print(
    json.dumps(
        [
            [template, rule, resource, str(text)]
            for template, resource, document in json.load(sys.stdin)
            for rule, text in judge(document)
        ]
    )
)
