"""The register: what it explains, and what is wrong with it."""

from __future__ import annotations

from pathlib import Path

import pytest

from audit.findings import Finding
from audit.page import PAGE, page
from audit.register import Part, Register, Scope, kept, load, new, stale

ACCEPTED = Part("it must be so", ["checkov A Bucket"])
KEY = Part("a key costs", ["checkov K Bucket", "checkov K Secret", "checkov K Table"], {"Key": "k"})
REGISTER = Register([ACCEPTED], [KEY])
SCOPE = Scope(frozenset({"checkov"}), frozenset({"Bucket", "Secret"}))


def found(*entries: str, template: str = "hydra") -> list[Finding]:
    return [Finding(template, *entry.split(" ")) for entry in entries]


def test_what_is_accepted_is_not_new() -> None:
    assert new(found("checkov A Bucket"), REGISTER, SCOPE) == []


@pytest.mark.parametrize("entry", ["checkov A Secret", "checkov B Bucket", "cfripper A Bucket"])
def test_another_resource_rule_or_tool_is_new(entry: str) -> None:
    assert [one.entry for one in new(found(entry), REGISTER, SCOPE)] == [entry]


def test_an_option_explains_what_it_takes_away_where_it_is_off_as_a_whole() -> None:
    assert new(found("checkov K Bucket", "checkov K Secret"), REGISTER, SCOPE) == []  # this template has no table


def test_an_option_that_is_off_for_one_resource_alone_is_new() -> None:
    assert [one.entry for one in new(found("checkov K Secret"), REGISTER, SCOPE)] == ["checkov K Secret"]


def test_an_entry_that_nothing_needs_is_stale() -> None:
    findings = found("checkov A Bucket", "checkov K Bucket", "checkov K Secret")
    assert stale(findings, REGISTER, frozenset({"checkov"})) == ["checkov K Table"]
    assert stale([], REGISTER, frozenset({"cfripper"})) == []  # checkov did not run


def test_an_option_that_takes_nothing_away_is_told() -> None:
    plain = found("checkov K Bucket", "checkov K Secret")
    assert kept(plain, REGISTER) == []
    assert kept([*plain, *found("checkov K Secret", template="hydra-hardened")], REGISTER) == ["checkov K Secret"]


def test_deployments_are_hardened_by_all_options_and_further_by_those_of_their_own() -> None:
    theirs = Part("bring your own", [], {"Existing": "e"}, "existing")
    assert Register([], [theirs, KEY]).deployments == {
        "": {},
        "hardened": {"Key": "k"},
        "existing": {"Key": "k", "Existing": "e"},
    }


def test_every_entry_has_a_reason_and_the_target_holds() -> None:
    """Eleven reasons over forty entries; those of the endpoints, which nobody has by default, are one reason more."""
    register = load()
    assert all(len(part.reason) > 40 for part in register.parts)
    assert len(register.accepted) <= 11
    entries = [entry for part in register.accepted for entry in part.entries]
    assert len([entry for entry in entries if not entry.endswith("Endpoint")]) <= 40


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ('["a b c", "a b c"]', "a b c stands there twice: expected once"),
        ('["a b"]', r"\.accepted\[0\]\.findings\[0\]`: an entry is a tool, a rule and a resource"),
        ('["a b c"]\nwhy = "x"', "unknown field `why`"),
    ],
)
def test_a_wrong_entry_is_named(tmp_path: Path, body: str, said: str) -> None:
    path = tmp_path / "accepted.toml"
    path.write_text(f'[[accepted]]\nreason = "x"\nfindings = {body}\n')
    with pytest.raises(ValueError, match=said):
        load(path)


def test_the_page_is_the_registers() -> None:
    assert PAGE.read_text() == page(load()), "run: python -m audit --page"
