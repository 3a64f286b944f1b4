"""The options of `verify`, each declared once, for all who take them: the command, pytest and the load tests.

Who takes an option has words for it here: `help` the command, `pytest_help` pytest, `load_help` a load test. How a text
becomes a value stands with them, because click, pytest and Locust each do that in their own way.

This module imports nothing from frontsim: pytest loads it with every run.
"""

from typing import Any, NamedTuple


class VerifyOption(NamedTuple):
    """An option.

    Attributes:
        name: without the dashes; also its key in the configuration file.
        default: what holds if it is not given. None: nothing, or what the help says.
        least, most: bounds of a number, inclusive.
        choices: what it takes.
    """

    name: str
    metavar: str = ""
    help: str = ""
    pytest_help: str = ""
    load_help: str = ""
    default: Any = ""
    least: float = 0
    most: float = 0
    choices: tuple[str, ...] = ()

    @property
    def pytest_name(self) -> str:
        """Its name among the options of all plugins: `--receiver-observe-url`."""
        return f"--receiver-{'url' if self.name == 'receiver' else self.name.removeprefix('receiver-')}"


_ALL = (
    # The receiver, and what runs it.
    VerifyOption(
        "receiver",
        "URL",
        "The receiver's URL: frontsim delivers every event there.",
        "URL of the receiver: frontsim delivers every event there. Without it, pytest skips the contract suite.",
        "URL of the receiver that gets every event.",
    ),
    VerifyOption(
        "receiver-cmd",
        "CMD",
        "Command that starts the receiver, so that scenarios can kill -9 and restart it.",
        "A command that starts the receiver; lets the suite kill -9 and restart it.",
    ),
    VerifyOption(
        "dependency",
        "NAME=HOST:PORT[@PORT]",
        "The receiver's database, broker or API. The receiver must connect to frontsim in its place, so that "
        "scenarios can break the connection: {NAME_port} in --receiver-cmd is the port, and FRONTSIM_DEPENDENCY_NAME "
        "has host:port; @PORT fixes it. Repeatable.",
        "The database, broker or API behind the receiver, for scenarios to break: NAME=HOST:PORT,...",
    ),
    VerifyOption(
        "dependency-away",
        "TIME",
        "How long the scenario dependency-away keeps each dependency away, such as 30s; a quarter of --budget at most. "
        "With --receiver-cmd it kills the receiver meanwhile.",
        default=10.0,
        most=3600,
    ),
    # How effects are read and compared.
    VerifyOption(
        "observe-url",
        "URL",
        "Effects: a JSON list, of ids or of objects.",
        "Effects: a URL that answers with a JSON list, of ids or of objects.",
        "Read effects from a URL: a JSON list of ids or objects.",
    ),
    VerifyOption(
        "observe-sql",
        "DSN QUERY",
        "Effects: one per row. sqlite:///FILE is built in, other databases need the extra [sql].",
        "Effects: 'DSN QUERY', such as 'sqlite:///shop.db SELECT event_id FROM sales'.",
        "Read effects with a query: one row each; sqlite:///FILE is built in.",
        default=None,
    ),
    VerifyOption(
        "observe-cmd",
        "CMD",
        "Effects: one per line of output.",
        load_help="Read effects with a command: one line of output each.",
    ),
    VerifyOption(
        "observe-sink",
        "NAME",
        "Effects: what the receiver sent to /_sim/sink/NAME.",
        load_help="Read effects from /_sim/sink/NAME, to which the receiver posts.",
    ),
    VerifyOption("observe-import", "PKG.MOD:ATTR", "Effects: a Python list, or a function that returns one."),
    VerifyOption(
        "observe-key",
        "PATH",
        "Path of the event's id in an effect, or 'business' if effects have the type's own identity, such as saleId.",
        "Where an effect has the event's id (webhookEventId), or 'business'.",
        "Path of the event's id in an effect, or 'business'.",
        default="webhookEventId",
    ),
    VerifyOption(
        "observe-ignore",
        "COLUMN=VALUE",
        "Leave out effects that other systems write: those with this text at a dotted path; COLUMN= leaves out those "
        "with none there. Repeatable.",
        "Leave out effects that other systems write: COLUMN=VALUE. Repeatable.",
    ),
    VerifyOption(
        "observe-map",
        "FILE",
        "A TOML or JSON file that says which columns of an effect hold which fields of the payload. Others accuse no "
        "receiver: the report lists those that look like a field.",
        default=None,
    ),
    VerifyOption(
        "observe-state",
        "URL|SQL",
        "Stock levels or customers that the receiver keeps, a row for each, to be compared with the events: a URL "
        "with a JSON list of objects, a query for the database of --observe-sql, or 'DSN QUERY'.",
        "Stock levels or customers that the receiver keeps: a URL, a query, or 'DSN QUERY'.",
        "Stock levels or customers that the receiver keeps, to be compared with the events at the end: a URL, a query "
        "for the database of --observe-sql, or 'DSN QUERY'.",
    ),
    VerifyOption(
        "check-content",
        help="How to compare copies of the payload and named columns: exact (every key and value), known (up to a "
        "short list of what databases and JSON libraries change) or off.",
        pytest_help="How to compare an effect's copy of the payload: exact, known (default) or off.",
        default="known",
        choices=("exact", "known", "off"),
    ),
    # Which scenarios are played, and with which events.
    VerifyOption("scenario", "NAME", "Only this one, or a .toml file. Repeatable."),
    VerifyOption(
        "events",
        "TYPE,...",
        "Only these event types, each of which must be booked; all: each type. auto: leave out those that the receiver "
        "refuses with the same answer every time; the verdict lists them.  [default: all types; if at most half are "
        "booked, those that are only acknowledged are no finding]",
        "Only these event types, each of which must be booked: TYPE,TYPE or all.",
    ),
    VerifyOption(
        "payloads",
        pytest_help="Payloads: strict, typical (default) or adversarial, or the file of a record.",
        load_help="Payloads: strict, typical or adversarial, or the file of a record. With --simulator: its own.",
    ),
    VerifyOption(
        "set",
        "PATH=VALUE",
        "Change a field in the payloads of all types that have it: a dotted path, =, and JSON or a text. Repeatable.",
        "Change a field in all payloads that have it: PATH=VALUE. Repeatable.",
    ),
    VerifyOption("contracts", "DIR", "A folder with your own event types.", default=None),
    VerifyOption(
        "delivery-shape",
        "NAME|FILE",
        pytest_help="Shape of a delivery's body: bare, typed, event, envelope, or a TOML or JSON file.",
        load_help="Shape of a delivery's body: bare, typed, event, envelope, or a TOML or JSON file. With --simulator: "
        "its own.",
    ),
    VerifyOption(
        "seed",
        help="Repeat a run.  [default: drawn, and printed]",
        pytest_help="A number that repeats a run.",
        default=None,
        most=2**63 - 1,
    ),
    # How long things may take, and how many scenarios are played at once.
    VerifyOption(
        "settle",
        "SECONDS",
        "How long effects must stay unchanged before verify judges them. While one is missing, verify waits ten times "
        "as long, and once in a run at least 15 s.",
        default=0.3,
        least=0.05,
        most=600,
    ),
    VerifyOption("timeout", "SECONDS", "How long one scenario may take.", default=60.0, least=1, most=3600),
    VerifyOption(
        "answer-timeout",
        "SECONDS",
        "How long the receiver may take to answer a delivery.",
        default=5.0,
        least=0.1,
        most=600,
    ),
    VerifyOption(
        "memory",
        "TIME",
        "How long the receiver must remember an event, such as 60s: the scenario long-memory waits that long.  "
        "[default: as long as the run takes]",
        default=0.0,
        most=7 * 86_400,
    ),
    VerifyOption(
        "time-travel",
        "TIME",
        "Before long-memory sends its events again, restart the receiver with its clock this far ahead, such as 8d. "
        "Needs --receiver-cmd and libfaketime.",
        default=0.0,
        most=3650 * 86_400,
    ),
    VerifyOption(
        "budget",
        "SECONDS",
        "Start no scenario that would end later than this; the rest are reported as skipped. A receiver that answers "
        "slowly gets fewer events in a scenario, and a note says so.  "
        "[default: 120, with --receiver-cmd 240]",
        default=None,
        least=1,
        most=86_400,
    ),
    VerifyOption(
        "explore",
        "TIME",
        "After the scenarios, search so long for an outage that none of them has, such as 60s: see frontsim explore.",
        "After the scenarios, search so long for an outage that none of them has, such as 60s.",
        default=0.0,
        most=7 * 86_400,
    ),
    VerifyOption(
        "jobs",
        "N",
        "Scenarios to play side by side, if the receiver answers fast. With --receiver-cmd or --base-url always one.  "
        "[default: 4, or 16 if it books late]",
        default=None,
        least=1,
        most=16,
    ),
)

VERIFY_OPTIONS = {option.name: option for option in _ALL}
"""By name."""
