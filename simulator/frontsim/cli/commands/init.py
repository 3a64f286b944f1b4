"""`init`: asks, tries, writes the configuration and the CI job."""

import json
import shlex
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import distribution
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import click

from frontsim.cli.commands.verify import with_nearest_observer
from frontsim.cli.options import NearChoice
from frontsim.errors import BadInput
from frontsim.files import opened
from frontsim.hosting.serving import run_in_thread
from frontsim.masking import masked, masked_errors, printable
from frontsim.user_input.configuration import FILE, PROJECT_FILE, read_configuration
from frontsim.verification.compare.state_reader import RunState
from frontsim.verification.effects.observers import ObserverFailed
from frontsim.verification.request import AUTO, Request, observer_of, selection_of
from frontsim.verification.run import open_run

_GITHUB = """\
name: frontsim
on: [push, pull_request]
jobs:
  verify:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - uses: actions/setup-python@v5
        with:
          python-version: "3.12"
      - run: pip install PACKAGE
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
  script:
    - pip install PACKAGE
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
  # Without receiver-cmd in the configuration: start your receiver here, in the background.
  - script: frontsim verify --junit frontsim.xml --html frontsim.html
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
@click.option("--force", is_flag=True, help="Overwrite existing files.")
@click.pass_context
def init(ctx: click.Context, /, file: str, ci: str | None, *, force: bool, **options: Any) -> None:
    """Set up a project: ask for what you do not give, try each answer, and write the file that all commands read."""
    asks = sys.stdin.isatty()
    request = _request(with_nearest_observer(ctx, options), asks=asks)
    job = JOBS.get(ci or (click.prompt("CI job", type=NearChoice([*JOBS, _NONE]), default=_NONE) if asks else _NONE))
    _refuse_existing(file, Path(job.file) if job else None, force=force)
    with masked_errors():
        selection_of(request)
        types = _tried(request)
    _write(Path(file), _as_toml(request, types, table=file == PROJECT_FILE), appended=file == PROJECT_FILE)
    if job:
        package = package_source()
        _write(Path(job.file), job.text(package.argument))
        for task in filter(None, (job.then, package.then)):
            click.echo(f"Then {task}.")
    click.echo("Now run: frontsim verify")


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


def _refuse_existing(file: str, job: Path | None, *, force: bool) -> None:
    """A project file is added to, so it may exist, but may not have our table yet."""
    if file == PROJECT_FILE:
        if read_configuration(Path.cwd()).file == Path.cwd() / PROJECT_FILE:
            raise BadInput(f"edit [tool.frontsim] in {PROJECT_FILE}: it exists already")
    elif Path(file).exists() and not force:
        raise BadInput(f"{file} exists already: edit it, or write over it with --force")
    if job is not None and job.exists() and not force:
        raise BadInput(f"{job} exists already: edit it, or write over it with --force")


def _tried(request: Request) -> list[str]:
    """The types to write down, none for all. Raises Unusable where nothing listens."""
    observer = observer_of(request)
    assert observer is not None
    with open_run(request, _SEED, simulators=run_in_thread, pause=time.sleep, tries_types=True) as opened:
        click.echo(printable(f"ok  something listens at {masked(request.receiver)}"))
        if opened.given.state:
            _tell_state(opened.given.state)
        try:
            click.echo(printable(f"ok  {masked(observer.name)} shows {len(observer.read())} effects"))
        except ObserverFailed as error:
            click.secho(
                printable(f"??  {masked(str(error))}; it may appear with the receiver's first event"), fg="yellow"
            )
        finally:
            observer.close()
    probed = opened.probed
    if not request.is_auto:
        return list(request.events)
    if not probed or not probed.refused:
        if probed and probed.to_all:
            click.secho(printable(f"??  {masked(probed.hint)}"), fg="yellow")
        else:
            click.echo("ok  it takes every type")
        return []
    answer = next(iter(probed.refused.values()))
    refused = f"{len(probed.refused)} types were answered {answer}"
    click.echo(printable(f"ok  it takes {', '.join(probed.taken)}; {refused}"))
    return probed.taken


def _tell_state(state: RunState) -> None:
    for shape in filter(None, (state.shape, state.customers)):
        click.echo(printable(f"ok  {masked(state.name)}: {shape}"))
    if state.failure:
        click.secho(printable(f"??  {masked(state.failure)}"), fg="yellow")


def _as_toml(request: Request, types: list[str], *, table: bool) -> str:
    values: dict[str, object] = {
        "receiver": request.receiver,
        "observe-url": request.observe_url,
        "observe-sql": list(request.observe_sql or ()),
        "observe-cmd": request.observe_cmd,
        "observe-state": request.observe_state,
        "receiver-cmd": request.receiver_cmd,
        "events": types,
    }
    lines = [f"{name} = {json.dumps(value, ensure_ascii=False)}" for name, value in values.items() if value]
    return "\n".join(["[tool.frontsim]", *lines] if table else lines) + "\n"


def _write(file: Path, text: str, *, appended: bool = False) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    before = file.read_text("utf-8").rstrip() + "\n\n" if appended and file.exists() else ""
    with opened(file, "wb") as writes:
        writes.write((before + text).encode())
    click.echo(f"{'added to' if before else 'wrote'} {file}")
