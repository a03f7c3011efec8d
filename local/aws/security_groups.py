"""Rules of security groups that are resources of their own (P46); ministack knows them only inside a group."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import Any

KINDS = {"Ingress": "IpPermissions", "Egress": "IpPermissionsEgress"}


def install() -> None:
    from ministack.services.cloudformation.provisioners import _RESOURCE_HANDLERS

    for kind, field in KINDS.items():
        _RESOURCE_HANDLERS[f"AWS::EC2::SecurityGroup{kind}"] = _handlers(field)


def _handlers(field: str) -> dict[str, Any]:
    from ministack.services import ec2
    from ministack.services.cloudformation.provisioners import _ec2_sg_permissions

    def create(logical_id: str, properties: dict[str, Any], stack: str) -> tuple[str, dict[str, str]]:
        group = ec2._security_groups.get(properties["GroupId"])
        if group is None:
            raise ValueError(f"The security group '{properties['GroupId']}' does not exist")
        (rule,) = _ec2_sg_permissions([properties])
        drawn = sha256(json.dumps([stack, logical_id, properties], sort_keys=True).encode()).hexdigest()[:17]
        rule["SecurityGroupRuleId"] = name = f"sgr-{drawn}"
        delete(name, properties)
        group[field].append(rule)
        return name, {"Id": name}

    def update(
        _physical_id: str, _old: dict[str, Any], new: dict[str, Any], stack: str, logical_id: str
    ) -> tuple[str, dict[str, str]]:
        return create(logical_id, new, stack)  # another ID: the engine then deletes the one of before

    def delete(physical_id: str, properties: dict[str, Any]) -> None:
        if group := ec2._security_groups.get(properties["GroupId"]):
            group[field][:] = [rule for rule in group[field] if rule.get("SecurityGroupRuleId") != physical_id]

    return {"create": create, "update": update, "delete": delete, "update_with_logical_id": True}
