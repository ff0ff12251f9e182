"""Accessibility rules of axe-core, run inside a page."""

from collections.abc import Sequence
from typing import Any

from playwright.async_api import Frame, Page

from support.backends import ROOT

AXE = ROOT / "web" / "node_modules" / "axe-core" / "axe.min.js"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
"""WCAG 2.2, levels A and AA, and what axe calls best practice."""


async def violations(place: Page | Frame, *, without: Sequence[str] = ()) -> list[str]:
    """What breaks a rule in this document, as `rule: selector`; frames inside it are not looked into."""
    await place.evaluate(AXE.read_text("utf-8"))
    found: list[dict[str, Any]] = await place.evaluate(
        """async ([tags, without]) => {
            const rules = Object.fromEntries(without.map((each) => [each, { enabled: false }]));
            const runOnly = { type: 'tag', values: tags };
            const options = { runOnly, rules, iframes: false };
            const { violations } = await axe.run(document, options);
            const told = ({ target, failureSummary }) => `${target} ${failureSummary}`;
            return violations.map(({ id, nodes }) => ({ id, nodes: nodes.map(told) }));
        }""",
        [TAGS, list(without)],
    )
    return [f"{each['id']}: {node}" for each in found for node in each["nodes"]]
