"""Sphinx builds the site from these pages: `make docs`. It works offline, search included."""

from sphinx.application import Sphinx

project = "frontsim"
extensions = ["myst_parser"]
myst_heading_anchors = 3
smartquotes = False  # `--json` stays as it is typed
html_theme = "furo"
html_title = "frontsim"
html_copy_source = False
html_show_copyright = False

KINDS = {
    "tutorial": ["first-outage", "verify-your-receiver"],
    "how-to": [
        "show-effects",
        "dependency",
        "use-the-page",
        "examples",
        "unknown-verdict",
        "ci",
        "test-in-python",
        "configure",
        "container",
        "load-test",
        "reconcile-job",
        "real-days",
        "agents",
        "own-event-type",
        "own-scenario",
        "explore",
        "delivery-shape",
        "contribute",
    ],
    "reference": [
        "cli",
        "settings",
        "vendor-api",
        "control-api",
        "faults",
        "event-types",
        "payloads",
        "scenarios",
        "clauses",
        "content",
        "broken-receivers",
        "recovery-jobs",
        "wire",
        "load-options",
        "python-api",
        "pytest",
        "verify-report",
    ],
    "explanation": [
        "why",
        "glossary",
        "right-receiver",
        "verdicts",
        "architecture",
        "durability",
        "speed",
        "limits",
    ],
}
"""The pages of each folder, in the order of the site's menu."""


def add_menu(_app: Sphinx, page: str, source: list[str]) -> None:
    """Append the menu to the index. It stands here because other Markdown readers would show its syntax as text."""
    if page == "index":
        for kind, names in KINDS.items():
            entries = "\n".join(f"{kind}/{name}" for name in names)
            source[0] += f"\n```{{toctree}}\n:hidden:\n:caption: {kind.capitalize()}\n\n{entries}\n```\n"


def setup(app: Sphinx) -> None:
    """Sphinx calls this once."""
    app.connect("source-read", add_menu)
