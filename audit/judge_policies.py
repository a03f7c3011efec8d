"""Print what parliament and cloudsplaining say of policies. It runs in their environment, which has not this project.

Standard input: [[template, resource, document], ...]. Output: [[tool, template, rule, resource, text], ...].
"""

import json
import sys

from cloudsplaining.scan.policy_document import PolicyDocument
from parliament import analyze_policy_string

RISKS = (
    "infrastructure_modification",
    "allows_privilege_escalation",
    "allows_data_exfiltration_actions",
    "permissions_management_without_constraints",
    "credentials_exposure",
    "service_wildcard",
)

found = []
for template, resource, document in json.load(sys.stdin):
    for one in analyze_policy_string(json.dumps(document), include_community_auditors=True).findings:
        found.append(["parliament", template, one.issue, resource, str(one.detail)])
    policy = PolicyDocument(document)
    for risk in RISKS:
        if said := getattr(policy, risk):
            found.append(["cloudsplaining", template, risk, resource, str(said)])
print(json.dumps(found))
