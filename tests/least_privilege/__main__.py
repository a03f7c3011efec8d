"""Writes docs/least-privilege.md: python -m tests.least_privilege > docs/least-privilege.md."""

from tests.least_privilege.page import page

print(page(), end="")
