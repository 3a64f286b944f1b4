"""Write the tables of the docs from the registries in the code: `make docs`.

A page holds a table between two comments:

    <!-- generated: faults -->
    | fault | does | params |
    <!-- end -->

`TABLES` maps each name to the function that renders it. Everything outside the comments is written by hand. A test
renders every page again and compares, so a registry and its page cannot disagree.
"""

import re
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

from docs.generate.calls import control_calls, vendor_calls
from docs.generate.commands import command_list, commands
from docs.generate.contracts import (
    broken_jobs,
    broken_receivers,
    causes,
    classes,
    clause_findings,
    clause_table,
    combined_receivers,
    event_type_paths,
    event_type_usage,
    event_types,
    faults,
    job_cases,
    job_clause_table,
    receivers,
    receivers_on_stacks,
    right_receivers,
    scenarios,
)
from docs.generate.examples import EXAMPLES, STACKS, example, source
from docs.generate.openapi import DOCUMENT
from docs.generate.openapi import rendered as document
from docs.generate.options import load_options, pytest_options, settings
from docs.generate.place import ROOT
from docs.generate.python_api import python_api
from docs.generate.rooms import rooms

_MARKED = re.compile(r"(<!-- generated: ([a-z-]+) -->\n).*?(<!-- end -->)", re.DOTALL)

TABLES: Mapping[str, Callable[[], str]] = {
    "broken-jobs": broken_jobs,
    "broken-receivers": broken_receivers,
    "combined-receivers": combined_receivers,
    "causes": causes,
    "classes": classes,
    "clause-findings": clause_findings,
    "clauses": clause_table,
    "command-list": command_list,
    "commands": commands,
    "control-calls": control_calls,
    "event-type-paths": event_type_paths,
    "event-type-usage": event_type_usage,
    "event-types": event_types,
    **{f"example-{folder}": partial(example, folder) for folder in STACKS},
    "example-laravel": partial(source, EXAMPLES / "php" / "laravel.php"),
    "faults": faults,
    "job-cases": job_cases,
    "job-clauses": job_clause_table,
    "load-options": load_options,
    "pytest-options": pytest_options,
    "python-api": python_api,
    "receivers": receivers,
    "receivers-on-stacks": receivers_on_stacks,
    "right-receivers": right_receivers,
    "rooms": partial(rooms, "rooms"),
    "rooms-of-play": partial(rooms, "rooms of verification.play"),
    "rooms-of-payloads": partial(rooms, "rooms of payloads"),
    "rooms-of-verification": partial(rooms, "rooms of verification"),
    "scenarios": scenarios,
    "settings": settings,
    "vendor-calls": vendor_calls,
}


def pages() -> list[Path]:
    """README.md and every page under docs/."""
    return [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def rendered(text: str) -> str:
    """The page with every table as the registries have it now.

    Raises:
        KeyError: a comment names a table that does not exist.
    """
    return _MARKED.sub(lambda found: f"{found[1]}\n{TABLES[found[2]]()}\n{found[3]}", text)


def main(arguments: Sequence[str] | None = None) -> int:
    """Rewrite the pages whose tables have changed, and name them; with --check only name them, and end with 1."""
    parser = ArgumentParser(description=__doc__, formatter_class=RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="write nothing; fail if a page is older than the code")
    check = parser.parse_args(arguments).check
    older = 0
    for page in (DOCUMENT, *pages()):  # the pages are written from the document
        text = page.read_text("utf-8")
        if (now := document(text) if page == DOCUMENT else rendered(text)) != text:
            older += 1
            if not check:
                page.write_text(now, "utf-8")
            hint = " is older than the code: run `make docs`" if check else ": written"
            print(f"{page.relative_to(ROOT)}{hint}")
    return 1 if check and older else 0
