"""What each command is called with: the `Examples:` of every `--help`, and of the reference.

A line that ends in a backslash goes on in the next one. A test reads each example with the real command.
"""

import inspect
from collections.abc import Mapping

import click

_WEBHOOK, _EVENT = "0198c1d2-5a7e-7c1e-801a-5043b4e98e4e", "0198c1d3-7b10-7a55-9d2c-0c1fb7a3c2d1"
_RECEIVER = "http://127.0.0.1:8500/hook"
_EFFECTS = "http://127.0.0.1:8500/effects"
_VERIFY = f"frontsim verify --receiver {_RECEIVER} \\\n    --observe-url {_EFFECTS}"
_VERIFY_SALES = f"frontsim verify --receiver {_RECEIVER} --events SaleCreated"
_BROKEN_JOB = "frontsim verify-recovery --job 'frontsim job --broken only-today'"

EXAMPLES: Mapping[str, tuple[str, ...]] = {
    "": ("frontsim demo", "frontsim serve", _VERIFY),
    "serve": (
        "frontsim serve",
        "frontsim serve --port 0 --ephemeral --quiet",
        'frontsim serve --host 0.0.0.0 --token "$TOKEN"',
    ),
    "demo": ("frontsim demo", "frontsim demo --count 1 --json"),
    "init": ("frontsim init", f"frontsim init --receiver {_RECEIVER} \\\n    --observe-url {_EFFECTS} --ci github"),
    "types": ("frontsim types", "frontsim types --json"),
    "schema": ("frontsim schema SaleCreated > SaleCreated.json",),
    "payload": (
        "frontsim payload SaleCreated --count 3 --seed 7",
        "frontsim payload SaleCreated --set total=100 > sale.json",
        "frontsim payload SaleCreated --count 100000 --out sales.jsonl",
    ),
    "webhooks": ("frontsim webhooks list", f"frontsim webhooks create SaleCreated {_RECEIVER}"),
    "webhooks list": ("frontsim webhooks list", "frontsim webhooks list --json"),
    "webhooks create": (
        f"frontsim webhooks create SaleCreated {_RECEIVER}",
        f"frontsim webhooks create --all-types {_RECEIVER}",
    ),
    "webhooks update": (f"frontsim webhooks update {_WEBHOOK} \\\n    --url {_RECEIVER}",),
    "webhooks delete": (f"frontsim webhooks delete {_WEBHOOK}",),
    "trigger": (
        "frontsim trigger SaleCreated --set total=100 --wait",
        "frontsim payload SaleCreated > sale.json\nfrontsim trigger SaleCreated --payload sale.json --count 5",
    ),
    "simulate": ("frontsim simulate sale --count 10", "frontsim simulate day --speed 3600"),
    "events": ("frontsim events --failed", f"frontsim events {_WEBHOOK} --runs"),
    "tail": ("frontsim tail", "frontsim tail --json | grep SaleCreated"),
    "drain": ("frontsim trigger SaleCreated --count 100 && frontsim drain",),
    "clock": ("frontsim clock", "frontsim clock --advance 86400", "frontsim clock --set '2026-12-24 17:00:00'"),
    "stats": ("frontsim stats", "frontsim stats --json"),
    "reset": ("frontsim reset",),
    "resend": (f"frontsim resend {_WEBHOOK} \\\n    {_EVENT}",),
    "reconcile": (
        "frontsim reconcile --dry-run",
        "frontsim reconcile --state reconcile.json --watch 300 --max-attempts 20",
    ),
    "fault": (
        "frontsim fault add lost-response --times 1",
        "frontsim fault list",
        "frontsim fault clear",
    ),
    "fault add": (
        "frontsim fault add lost-response --times 1",
        "frontsim fault add answer --param status=503 --event SaleCreated",
        "frontsim fault add duplicate --probability 0.1",
    ),
    "fault list": ("frontsim fault list",),
    "fault clear": ("frontsim fault clear", "frontsim fault clear 1 2"),
    "contracts": ("frontsim contracts pull --out real", "frontsim contracts diff bundled real"),
    "contracts pull": (
        'frontsim contracts pull --out real \\\n    --base-url https://api.example.com/restapi/V2 --api-key "$API_KEY"',
    ),
    "contracts diff": ("frontsim contracts diff bundled real",),
    "verify": (
        _VERIFY,
        f"{_VERIFY_SALES} \\\n    --observe-sql sqlite:///shop.db 'SELECT event_id FROM processed'",  # noqa: S608 - a command line
        "frontsim verify --list",
    ),
    "verify-recovery": (
        "frontsim verify-recovery --job 'python reconcile.py'",
        f"{_BROKEN_JOB} \\\n    --case every-webhook",
        "frontsim verify-recovery --list",
    ),
    "job": ("frontsim job --list", _BROKEN_JOB),
    "load": (
        "frontsim load steady --headless -u 20 -t 30s \\\n"
        f"    --receiver {_RECEIVER} \\\n    --observe-url '{_EFFECTS}?payload=false'",
        "frontsim load steady -- --help",
    ),
    "receiver": (
        "frontsim receiver",
        "frontsim receiver --broken no-dedupe --port 8501 --db broken.db",
        "frontsim receiver --list",
    ),
}
"""By the words behind `frontsim`."""

_TITLE = "\n\n\b\nExamples:\n"


def with_examples(command: click.Command, *words: str) -> click.Command:
    """Adds its examples to a command's help, and for a group to the help of each of its commands."""
    text = prose_of(command)
    lines = [line for example in EXAMPLES.get(" ".join(words), ()) for line in example.splitlines()]
    command.help = text + _TITLE + "\n".join(f"  {line}" for line in lines) if lines else text
    if isinstance(command, click.Group):
        for name, each in command.commands.items():
            with_examples(each, *words, name)
    return command


def prose_of(command: click.Command) -> str:
    """A command's help without its examples."""
    return inspect.cleandoc(command.help or "").partition(_TITLE)[0]
