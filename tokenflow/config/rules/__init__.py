"""Rules across keys: what no schema can say. One function a rule, one file a theme, and one table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tokenflow.config.rules import (
    addresses,
    clients,
    deliveries,
    flows,
    identifiers,
    lifetimes,
    redirects,
    requests,
    scopes,
    verification,
)
from tokenflow.config.rules.grammar import GRAMMAR

if TYPE_CHECKING:
    from tokenflow.config.facts import Facts
    from tokenflow.config.rules.rule import Explanation, Rule
    from tokenflow.errors import Problem

RULES: Final[tuple[Rule, ...]] = (
    *flows.RULES,
    *requests.RULES,
    *clients.RULES,
    *addresses.RULES,
    *redirects.RULES,
    *scopes.RULES,
    *identifiers.RULES,
    *lifetimes.RULES,
    *verification.RULES,
    *deliveries.RULES,
)
# Every id that a problem may have.
EXPLANATIONS: Final[dict[str, Explanation]] = {each.id: each for each in (*GRAMMAR, *RULES)}


def broken_rules(facts: Facts) -> list[Problem]:
    """Return a problem for every place that breaks a rule."""
    return [
        facts.document.problem(path, message, advice, severity=rule.severity, rule=rule.id)
        for rule in RULES
        for path, message, advice in rule.check(facts)
    ]
