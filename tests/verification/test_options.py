"""Who takes an option of `verify` takes it as the table declares it: the command, pytest, the load tests, Python."""

import inspect
import re
from pathlib import Path
from typing import Any, get_type_hints

import click
import pytest

from frontsim import pytest_plugin
from frontsim.cli.commands.verify import verify
from frontsim.cli.main import options_of
from frontsim.load.options import add_options
from frontsim.load.plan import STEADY
from frontsim.settings import of_delivery
from frontsim.testing import verifying
from frontsim.verification.effects.history import ContentCheck
from frontsim.verification.options import VERIFY_OPTIONS, VerifyOption
from frontsim.verification.request import KEY, Request

OF_THE_COMMAND_ALONE = {
    "base-url", "token",  # a simulator that runs already
    "strict", "show-secrets", "list",  # as of verify-recovery
    "json", "junit", "html", "markdown", "save-payloads", "against", "drift",  # files
    "observe-discreetly",  # hidden: the page's
}  # fmt: skip
OTHERWISE_IN_A_LOAD_TEST = {
    "check-content": "a switch: content is compared or not",
    "seed": "new ids for a receiver that has seen the others",
    "settle": "longer, because load changes how fast a receiver books",
    "answer-timeout": "longer, because a receiver under load is slower",
}
CLICK = options_of(verify)


class Added:
    """Stands for the parsers of pytest and Locust: what is added to it, by name."""

    def __init__(self) -> None:
        self.options: dict[str, dict[str, Any]] = {}

    def getgroup(self, *_: str) -> "Added":
        return self

    def add_argument_group(self, _: str) -> "Added":
        return self

    def add_argument(self, name: str, **details: Any) -> None:
        self.options[name] = details

    addoption = add_argument

    def set_defaults(self, **_: object) -> None:
        """Locust's own."""


@pytest.fixture
def of_pytest() -> dict[str, dict[str, Any]]:
    added = Added()
    pytest_plugin.pytest_addoption(added)  # type: ignore[arg-type]
    return added.options


@pytest.fixture
def of_load() -> dict[str, dict[str, Any]]:
    added = Added()
    add_options(added, STEADY)
    return added.options


def declared(words: str) -> list[VerifyOption]:
    return [option for option in VERIFY_OPTIONS.values() if getattr(option, words)]


def test_the_command_has_every_option_as_it_is_declared() -> None:
    """And none besides but those that are no matter of pytest or a load test, and the settings of deliveries."""
    untyped = verify.make_context("verify", []).params
    for option in declared("help"):
        there = CLICK[option.name]
        assert option.help == there.help
        assert option.metavar in (there.metavar, "")
        if option.name != "seed":  # drawn
            assert (option.default or None) == (untyped[str(there.name)] or None)
    settings = {item.name.replace("_", "-") for item in of_delivery()}
    settings |= {f"no-{name}" for name in settings}
    assert CLICK.keys() - settings - OF_THE_COMMAND_ALONE == {option.name for option in declared("help")}


def test_numbers_have_the_bounds_that_are_declared() -> None:
    for option in declared("help"):
        kind = CLICK[option.name].type
        if isinstance(kind, click.FloatRange | click.IntRange):
            assert (option.least, option.most) == (kind.min, kind.max)


def test_pytest_has_every_option_as_it_is_declared(of_pytest: dict[str, dict[str, Any]]) -> None:
    """And none besides but the job's."""
    for option in declared("pytest_help"):
        assert option.pytest_help == of_pytest[option.pytest_name]["help"]
    names = {option.pytest_name for option in declared("pytest_help")}
    assert {"--recovery-job", "--recovery-seed"} == of_pytest.keys() - names


def test_a_load_test_has_every_option_as_it_is_declared(of_load: dict[str, dict[str, Any]]) -> None:
    """Where one has the same name and is another, it is said why."""
    for option in declared("load_help"):
        there = of_load[f"--{option.name}"]
        assert option.load_help == there["help"]
        assert option.default == there["default"] or option.name in ("payloads", "delivery-shape")
    shared = {name.removeprefix("--") for name in of_load} & VERIFY_OPTIONS.keys()
    assert OTHERWISE_IN_A_LOAD_TEST.keys() == shared - {option.name for option in declared("load_help")}


def test_python_has_the_same_defaults() -> None:
    """`front.verify`, and a request that names nothing."""
    arguments = {**inspect.signature(Request).parameters, **inspect.signature(verifying.request_from).parameters}
    names = {"settle": "settle_s", "timeout": "timeout_s", "answer-timeout": "answer_timeout_s"}
    for option in VERIFY_OPTIONS.values():
        argument = arguments.get(names.get(option.name, option.name.replace("-", "_")))
        if argument is not None and isinstance(option.default, str | float) and argument.default is not argument.empty:
            assert option.default == argument.default or not option.default, option.name
    request = Request("http://127.0.0.1:1/hook")
    limits = request.limits
    assert (KEY, ContentCheck(VERIFY_OPTIONS["check-content"].default)) == (
        VERIFY_OPTIONS["observe-key"].default, request.check_content
    )  # fmt: skip
    assert [limits.settle_s, limits.timeout_s, limits.answer_s, limits.memory_s, limits.travel_s] == [
        VERIFY_OPTIONS[name].default for name in ("settle", "timeout", "answer-timeout", "memory", "time-travel")
    ]
    assert set(VERIFY_OPTIONS["check-content"].choices) == {str(each) for each in ContentCheck}


def test_python_names_every_option_that_it_takes() -> None:
    """In the docstring, in the order of the types, and with the limits that hold if none is given."""
    named = [name for name in inspect.signature(verifying.verify).parameters if name != "options"]
    documented = dict(re.findall(r"^    (\w+): (.*)$", inspect.getdoc(verifying.verify) or "", re.MULTILINE))
    assert [*named, *get_type_hints(verifying.VerifyOptions), "FrontsimError"] == list(documented)
    limits = Request("http://127.0.0.1:1/hook").limits
    for name, limit in (("settle_s", limits.settle_s), ("timeout_s", limits.timeout_s)):
        assert f"({limit:g})." in documented[name]
    assert f"({limits.answer_s:g})." in documented["answer_timeout_s"]


def test_python_refuses_an_option_that_there_is_not() -> None:
    with pytest.raises(TypeError, match="observ_url"):
        verifying.verify("http://127.0.0.1:1/hook", observ_url="http://127.0.0.1:1/effects")  # type: ignore[call-arg]


def test_a_request_has_what_python_gives(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Under its own names, and the configured settings of deliveries besides."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FRONTSIM_DELIVERY_SHAPE", "typed")
    url = "http://127.0.0.1:1/hook"
    made = verifying.request_from(
        url, observe=list, events=["SaleCreated"], set={"total": 1}, payloads="strict", settle_s=1, strict=True
    )
    assert (made.observe_function, made.events, made.changes, made.strict) == (
        list,
        ["SaleCreated"],
        {"total": 1},
        True,
    )
    assert ("typed", "strict", 1.0) == (made.delivery_shape, made.delivery["payloads"], made.limits.settle_s)
