"""`init`: asks, tries, writes the configuration and the CI job."""

import json
import os
import re
import shlex
import sys
import time
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from importlib.metadata import distribution
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import click

from frontsim import bundled
from frontsim.cli.commands.verify import with_nearest_observer
from frontsim.cli.options import NearChoice
from frontsim.errors import BadInput, Unusable
from frontsim.files import opened
from frontsim.hosting.serving import run_in_thread
from frontsim.masking import masked, masked_errors, printable
from frontsim.report.model import GUESSED
from frontsim.user_input.configuration import FILE, PROJECT_FILE, read_configuration
from frontsim.verdicts import Verdict
from frontsim.verification.compare.state_reader import RunState
from frontsim.verification.effects.observers import ObserverFailed
from frontsim.verification.play.clean_round import ProbedTypes
from frontsim.verification.request import AUTO, KEY, Request, selection_of
from frontsim.verification.result import result_of
from frontsim.verification.run import OpenRun, open_run, run
from frontsim.verification.scenario import scenario
from frontsim.wording import counted

_GITHUB = """\
name: frontsim
on: [push, pull_request]
permissions:
  contents: read
jobs:
  verify:
    runs-on: ubuntu-latest
    timeout-minutes: 15
    steps:
      - uses: actions/checkout@v4
      - uses: actions/setup-python@v5
        with:
          python-version: "3.12"
      - run: pip install PACKAGE
      # Your project's own dependencies, such as:
      # - run: pip install -r requirements.txt
      # - run: npm ci
      # - run: composer install --no-interaction
      # Without receiver-cmd in the configuration: start your receiver here, in the background.
      - run: frontsim verify --junit frontsim.xml --html frontsim.html
      - uses: actions/upload-artifact@v4
        if: always()
        with:
          name: frontsim
          path: |
            frontsim.xml
            frontsim.html
"""

_GITLAB = """\
frontsim:
  image: python:3.12-slim
  timeout: 15 minutes
  script:
    - pip install PACKAGE
    # Your project's own dependencies, such as:
    # - pip install -r requirements.txt
    # - npm ci
    # - composer install --no-interaction
    # Without receiver-cmd in the configuration: start your receiver here, in the background.
    - frontsim verify --junit frontsim.xml --html frontsim.html
  artifacts:
    when: always
    paths: [frontsim.html]
    reports:
      junit: frontsim.xml
"""

_AZURE = """\
trigger: ["*"]
pool:
  vmImage: ubuntu-latest
steps:
  - task: UsePythonVersion@0
    inputs:
      versionSpec: "3.12"
  - script: pip install PACKAGE
  # Your project's own dependencies, such as:
  # - script: pip install -r requirements.txt
  # - script: npm ci
  # - script: composer install --no-interaction
  # Without receiver-cmd in the configuration: start your receiver here, in the background.
  - script: frontsim verify --junit frontsim.xml --html frontsim.html
    timeoutInMinutes: 15
  - task: PublishTestResults@2
    condition: always()
    inputs:
      testResultsFiles: frontsim.xml
"""


@dataclass(frozen=True, slots=True)
class CiJob:
    """A job.

    Args:
        file: where it stands in a project.
        template: its text, with PACKAGE for what pip installs.
        then: what the user must do before the job runs; "" for nothing.
    """

    file: str
    template: str
    then: str = ""

    def text(self, package: str) -> str:
        """The file, in which pip installs `package`."""
        return self.template.replace("PACKAGE", package)


JOBS: Mapping[str, CiJob] = {
    "github": CiJob(".github/workflows/frontsim.yml", _GITHUB),
    "gitlab": CiJob(".gitlab/frontsim.yml", _GITLAB, "add `include: .gitlab/frontsim.yml` to .gitlab-ci.yml"),
    "azure": CiJob("azure-pipelines.frontsim.yml", _AZURE, "make a pipeline of that file in Azure DevOps"),
}


@dataclass(frozen=True, slots=True)
class PackageSource:
    """The argument of `pip install`, and what the user must do before that works in CI; "" for nothing."""

    argument: str
    then: str = ""


WHEEL = PackageSource(
    "./frontsim-*.whl",
    "put frontsim's wheel into this project, because CI cannot reach the folder that frontsim came from: "
    "`make release` there builds it in dist/. Or name a URL of frontsim that pip takes in the job",
)
"""For a frontsim that was installed from a folder."""


def package_source() -> PackageSource:
    """Of the frontsim that runs."""
    return source_of(distribution("frontsim").read_text("direct_url.json"))


def source_of(direct_url: str | None) -> PackageSource:
    """By what pip notes of a package that it did not get from a package index (PEP 610); None for one that it did."""
    if direct_url is None:
        return PackageSource("frontsim")
    note = json.loads(direct_url)
    scheme = urlsplit(note["url"]).scheme
    return WHEEL if scheme == "file" else PackageSource(shlex.quote(_url(note)))


def _url(note: Mapping[str, Any]) -> str:
    version_control = note.get("vcs_info")
    if version_control is None:
        return str(note["url"])
    return f"{version_control['vcs']}+{note['url']}@{version_control['commit_id']}"


_NONE = "none"
_MAP = "frontsim-map.toml"
_AGENTS = "AGENTS.md"
_LINK = re.compile(r" \(\[[^\]]+\]\([^)]*\)\)")
_SAMPLES, _LONGEST = 3, 140
"""Effects that are shown, and characters of each."""
_SEED = 1


@click.command()
@click.option("--receiver", metavar="URL", default="", help="The receiver's URL: frontsim delivers every event there.")
@click.option("--observe-url", metavar="URL", default="", help="Effects: a JSON list, of ids or of objects.")
@click.option("--observe-sql", metavar="DSN QUERY", nargs=2, help="Effects: one per row.")
@click.option("--observe-cmd", metavar="CMD", default="", help="Effects: one per line of output.")
@click.option("--observe-state", metavar="URL|SQL", default="", help="Stock levels or customers that it keeps, too.")
@click.option("--receiver-cmd", metavar="CMD", default="", help="The command that starts the receiver, here and in CI.")
@click.option(
    "--events",
    metavar="TYPE,...",
    default=AUTO,
    show_default=True,
    help="The event types that the receiver takes; auto sends one of each to find out.",
)
@click.option("--file", type=NearChoice([FILE, PROJECT_FILE]), default=FILE, show_default=True, help="Where to write.")
@click.option("--ci", type=NearChoice([*JOBS, _NONE]), help="Also write a CI job.  [default: asked, or none]")
@click.option(
    "--agents", type=click.Path(path_type=Path), metavar="FILE", help=f"Also tell coding agents, in {_AGENTS}, say."
)
@click.option("--force", is_flag=True, help="Overwrite existing files.")
@click.pass_context
def init(ctx: click.Context, /, file: str, ci: str | None, agents: Path | None, *, force: bool, **options: Any) -> None:
    """Set up a project: ask for what you do not give, try each answer, and write the file that all commands read."""
    asks = sys.stdin.isatty()
    request = _request(with_nearest_observer(ctx, options), asks=asks)
    job = JOBS.get(ci or (click.prompt("CI job", type=NearChoice([*JOBS, _NONE]), default=_NONE) if asks else _NONE))
    if agents is None and asks and click.confirm(f"Tell coding agents in {_AGENTS} how to verify?", default=False):
        agents = Path(_AGENTS)
    _refuse_files(file, [each for each in (job and Path(job.file), agents) if each], force=force)
    with masked_errors():
        selection_of(request)
        request = _tried(request, asks=asks)
    _write(Path(file), _as_toml(request, table=file == PROJECT_FILE), appended=file == PROJECT_FILE)
    if job:
        package = package_source()
        _write(Path(job.file), job.text(package.argument))
        for task in filter(None, (job.then, package.then)):
            click.echo(f"Then {task}.")
    if agents:
        _write(agents, agents_page())
    click.echo("Now run: frontsim verify")


def agents_page() -> str:
    """The page for coding agents, for a project with a configuration file: without its links and the part on MCP."""
    page = bundled.folder("agents.md", "docs/how-to/agents.md").read_text("utf-8")
    text = page[page.index("## What to run") : page.index("## Over MCP")].rstrip()
    command = re.sub(r"(frontsim verify) --receiver \S+ --observe-url \S+", r"\1", text)
    return f"# Verify the webhook receiver with frontsim\n\n{re.sub(_LINK, '', command)}\n"


def _request(options: Mapping[str, Any], *, asks: bool) -> Request:
    """Takes the options, and asks for what is missing where a terminal can be asked."""
    given = dict(options)
    if not given["receiver"]:
        if not asks:
            raise click.UsageError("expected --receiver URL, such as http://127.0.0.1:8500/hook")
        given["receiver"] = click.prompt("The receiver's URL", default="http://127.0.0.1:8500/hook")
    if not (given["observe_url"] or given["observe_sql"] or given["observe_cmd"]):
        if not asks:
            raise click.UsageError("expected a way to see what the receiver booked: --observe-url, -sql or -cmd")
        given["observe_url"] = click.prompt("A URL that lists what it booked (--observe-sql and -cmd are other ways)")
    events = [name.strip() for name in given.pop("events").split(",") if name.strip()]
    return Request(**{**given, "observe_sql": given["observe_sql"] or None}, events=events)


def _refuse_files(file: str, others: Iterable[Path], *, force: bool) -> None:
    """A project file is added to, so it may exist, but may not have our table yet. Others may not, unless forced."""
    if file == PROJECT_FILE:
        if read_configuration(Path.cwd()).file == Path.cwd() / PROJECT_FILE:
            raise BadInput(f"edit [tool.frontsim] in {PROJECT_FILE}: it exists already")
    elif Path(file).exists() and not force:
        raise BadInput(f"{file} exists already: edit it, or write over it with --force")
    for each in others:
        if each.exists() and not force:
            raise BadInput(f"{each} exists already: edit it, or write over it with --force")
    for each in (Path(file), *others):
        folder = next(parent for parent in each.absolute().parents if parent.exists())
        if not os.access(each if each.exists() else folder, os.W_OK):
            raise Unusable(f"{each}: expected a folder that can be written, got no permission to write to {folder}")


def _tried(request: Request, *, asks: bool) -> Request:
    """The request to write down: with the types and the key that one clean event of each type has shown.

    Raises Unusable where nothing listens, where every event is refused, and where `steady` shows no effect.
    """
    with open_run(request, _SEED, simulators=run_in_thread, pause=time.sleep, tries_types=True) as opened:
        if opened.given.stop:
            raise Unusable(f"nothing is written: {opened.given.stop}")
        click.echo(printable(f"ok  something listens at {masked(request.receiver)}"))
        if opened.given.state:
            _tell_state(opened.given.state)
        probed, booked = opened.probed, opened.given.selection.booked
        found = replace(request, events=_types(request, probed, booked), observe_key=opened.given.request.observe_key)
        _tell_effects(opened)
    if found.observe_key != request.observe_key and asks:
        click.confirm(f"Write observe-key = {found.observe_key!r}?", default=True, abort=True)
    if found.events != request.events and asks:
        click.confirm(f"Write events = {', '.join(found.events)}?", default=True, abort=True)
    columns = _prove(found)
    if columns and asks and not Path(_MAP).exists():
        click.echo("Columns that showed what was sent in every event:")
        click.echo(printable("".join(f"      {each}\n" for each in columns)), nl=False)
        if click.confirm(f"Write them to {_MAP}, so that each is compared?", default=True):
            _write(Path(_MAP), "".join(f"{each}\n" for each in columns))
            found = replace(found, observe_map=Path(_MAP))
    return found


def _types(request: Request, probed: ProbedTypes | None, booked: AbstractSet[str]) -> list[str]:
    """The types to write down, none for all: those that the user names, else those that were booked or taken."""
    if not request.is_auto or probed is None:
        return list(request.events)
    if probed.to_all:
        click.secho(printable(f"??  {masked(probed.hint)}"), fg="yellow")
        return []
    taken = probed.taken
    if probed.refused:
        answer = next(iter(probed.refused.values()))
        refused = counted(len(probed.refused), "type was", "types were")
        click.echo(printable(f"ok  it takes {', '.join(taken)}; {refused} answered {answer}"))
    else:
        click.echo("ok  it takes every type")
    books = [each for each in taken if each in booked]
    if books and len(books) < len(taken):
        click.echo(printable(f"ok  it books {', '.join(books)}, and never the others"))
        return books
    return taken if probed.refused else []


def _tell_effects(opened: OpenRun) -> None:
    """By which key the effects show the events, and the newest of them."""
    observer = opened.given.observer
    assert observer is not None
    if opened.probed and opened.probed.key:
        click.echo(printable(f"ok  {opened.probed.key}"))
    try:
        rows = list(observer.read())
    except ObserverFailed as error:
        click.secho(printable(f"??  {masked(str(error))}; it may appear with the receiver's first event"), fg="yellow")
        return
    click.echo(printable(f"ok  {masked(observer.name)} shows {counted(len(rows), 'effect')}"))
    for row in rows[-_SAMPLES:]:
        click.echo(printable(f"      {masked(str(row))[:_LONGEST]}"))


def _prove(request: Request) -> list[str]:
    """Plays `steady` with what is written down, and gives lines for --observe-map. Raises Unusable if it is unknown."""
    report = run(
        replace(request, finds_key=False),
        scenario.chosen(["steady"]),
        seed=_SEED,
        pause=time.sleep,
    )
    (played,) = report.played
    if report.verdict is Verdict.UNKNOWN:
        raise Unusable(f"nothing is written, because steady is unknown: {masked(played.judgement.reason)}")
    if report.verdict is Verdict.VIOLATED:
        number = len(played.judgement.findings)
        click.secho(f"??  steady is violated by {counted(number, 'event')}; frontsim verify says how", fg="yellow")
    else:
        click.echo("ok  steady is verified")
    same = [each for each in result_of(report).columns if each.status == GUESSED and each.path and not each.is_open]
    return [f"{each.event}.{json.dumps(each.name)} = {json.dumps(each.path)}" for each in same]


def _tell_state(state: RunState) -> None:
    for shape in filter(None, (state.shape, state.customers)):
        click.echo(printable(f"ok  {masked(state.name)}: {shape}"))
    if state.failure:
        click.secho(printable(f"??  {masked(state.failure)}"), fg="yellow")


def _as_toml(request: Request, *, table: bool) -> str:
    values: dict[str, object] = {
        "receiver": request.receiver,
        "observe-url": request.observe_url,
        "observe-sql": list(request.observe_sql or ()),
        "observe-cmd": request.observe_cmd,
        "observe-key": request.observe_key if request.observe_key != KEY else "",
        "observe-map": str(request.observe_map or ""),
        "observe-state": request.observe_state,
        "receiver-cmd": request.receiver_cmd,
        "events": list(request.events),
    }
    lines = [f"{name} = {json.dumps(value, ensure_ascii=False)}" for name, value in values.items() if value]
    return "\n".join(["[tool.frontsim]", *lines] if table else lines) + "\n"


def _write(file: Path, text: str, *, appended: bool = False) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        before = file.read_text("utf-8").rstrip() + "\n\n" if appended and file.exists() else ""
        with opened(file, "wb") as writes:
            writes.write((before + text).encode())
    except OSError as error:
        raise Unusable(f"{file}: expected a file that can be written, got {error.strerror}") from None
    click.echo(f"{'added to' if before else 'wrote'} {file}")
