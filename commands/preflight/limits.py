"""CloudFormation's limits of one template (P41): 500 resources, 200 parameters, 200 outputs, 1 MB in S3."""

from __future__ import annotations

from collections.abc import Iterator

from commands.preflight.ground import Ground
from commands.preflight.outcome import Outcome, fault

# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
COUNTS = {"Resources": 500, "Parameters": 200, "Outputs": 200}
BYTES = 1_000_000


def limits(ground: Ground) -> Iterator[Outcome]:
    fix = "make fewer of them in hydra.toml, or a second deployment of the platform"
    for path, template in ground.template.tree():
        where = path or "the root"
        for section, most in COUNTS.items():
            if (count := len(template.body.get(section, {}))) > most:
                yield fault(f"{where} has {count} {section.lower()}, of which a template takes {most}", fix)
        if template.size > BYTES:
            yield fault(f"{where} has {template.size} bytes, of which a template takes {BYTES}", fix)
