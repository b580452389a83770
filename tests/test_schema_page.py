"""schemas/README.md says what the schema says, and its links, as well as those of the rules, lead somewhere."""

from __future__ import annotations

import json
import re
import runpy
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from tokenflow.config.rules import EXPLANATIONS

if TYPE_CHECKING:
    from collections.abc import Iterator

FOLDER: Final = Path(__file__).parent.parent / "schemas"
PAGE: Final = (FOLDER / "README.md").read_text(encoding="utf-8")
SCHEMA: Final = json.loads((FOLDER / "profile.schema.json").read_text(encoding="utf-8"))


def anchors() -> list[str]:
    """Return the headings as GitHub links to them: lower case, blanks as hyphens, no other punctuation."""
    headings = re.findall(r"^#+ (.+)$", PAGE, re.MULTILINE)
    return [re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings]


def descriptions(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("description"), str):
            yield node["description"]
        for key, member in node.items():
            if key != "examples":
                yield from descriptions(member)
    elif isinstance(node, list):
        for member in node:
            yield from descriptions(member)


def test_the_page_is_what_the_schema_makes_it() -> None:
    made = runpy.run_path(str(FOLDER / "render.py"))["page"]()
    assert made == PAGE, "run `make schema-page`"


def test_every_description_stands_on_the_page() -> None:
    missing = [text for text in descriptions(SCHEMA) if text.replace("|", "\\|") not in PAGE]
    assert missing == []


def test_every_key_has_its_heading_and_no_two_are_alike() -> None:
    found = anchors()
    assert set(SCHEMA["properties"]) <= set(found)
    assert len(found) == len(set(found))


def test_every_link_on_the_page_leads_to_a_heading() -> None:
    links = re.findall(r"\]\(#([^)]+)\)", PAGE)
    assert links
    assert set(links) <= set(anchors())


def test_every_rule_that_cites_the_page_cites_a_heading() -> None:
    cited = {name: re.findall(r"schemas/README\.md#([\w-]+)", each.section) for name, each in EXPLANATIONS.items()}
    assert any(cited.values())
    assert [name for name, links in cited.items() if not set(links) <= set(anchors())] == []


def test_a_table_has_as_many_cells_in_every_row() -> None:
    rows = [line for line in PAGE.splitlines() if line.startswith("| ")]
    assert rows
    assert {len(re.findall(r"(?<!\\)\|", row)) for row in rows} == {5}
