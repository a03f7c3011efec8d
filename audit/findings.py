"""A finding, and where one is written down: `checkov CKV_AWS_18 MlflowStorageArtifactStore`."""

from __future__ import annotations

from typing import NamedTuple

WHOLE = "template"  # the resource of what is about no one resource


class Finding(NamedTuple):
    """What a scanner says of one resource of one template."""

    template: str  # name of the flattened template; empty: of the code
    tool: str
    rule: str
    resource: str  # logical ID, WHOLE, or a file
    text: str = ""  # in the scanner's words

    @property
    def entry(self) -> str:
        return f"{self.tool} {self.rule} {self.resource}"
