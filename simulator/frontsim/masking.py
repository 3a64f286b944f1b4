"""Masks secrets and unprintable text in everything that a user reads or passes on.

URLs        scheme, host and path; the names of query parameters, and no value
    commands    the program alone; whole on a terminal (`CommandLine.on_terminal`), with its secrets masked
    any text    what follows a secret's name (password=, "token": , Authorization: ), and what has a token's form

Every printer and writer calls this module, so a secret has one mask, `***`. `secrets_shown` ends the masking, for the
user's own desk (`--show-secrets`).
"""

import os
import re
import shlex
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import unquote

from frontsim.errors import FrontsimError

MASK = "***"
COMMAND_OPTIONS = ("--observe-cmd", "--receiver-cmd", "--job")
"""Options whose value is a command line."""

_SHORTEST_RANDOM = 16
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)  # ids of webhooks and events are shown
_VALUE = r"(?:\"[^\"]*\"|'[^']*'|[^\s&;,'\"]+)"
_NAME = (
    r"(?:pass(?:word|wd|phrase|code)?|pwd|secret|token|jwt|credentials?|(?:api|subscription|access|account|private|"
    r"secret|shared|signing|encryption)[-_]?(?:access)?[-_]?key|signature|sig|sas|session[-_]?id|cookie)"
)
_HEADER = (
    r"(?:(?:proxy-)?authorization|(?:set-)?cookie|ocp-apim-subscription-key|"
    r"x-[\w-]{0,60}(?:key|token|signature|secret|auth))"
)
# Every repeat before a name is bounded, or left out: a text of any size costs time in proportion to its length.
_URL = re.compile(r"\b([a-z][a-z0-9+.-]{0,30}://)([^\s'\"<>]*)", re.IGNORECASE)
_PATTERNS: list[tuple[re.Pattern[str], str]] = [
    (re.compile(pattern, re.IGNORECASE | re.DOTALL), instead)
    for pattern, instead in (
        (r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", MASK),
        (
            r"(?<!http)(?<!https)(://[^:/@\s]{0,200}):\S{0,1000}@",
            rf"\1:{MASK}@",
        ),  # a DSN's password may hold any character
        (rf"({_NAME}[\"']\s*:\s*)(?:\"(?:[^\"\\]|\\.)*\"|'[^']*'|\d+)", rf'\1"{MASK}"'),
        (rf"(\b{_HEADER}[\"']?\s*:\s*)(?!\s|expected |bearer with )(basic |bearer |digest )?[^'\"\n]+", rf"\1\2{MASK}"),
        (rf"((?:{_NAME}|\bauth)\s?=\s?){_VALUE}", rf"\1{MASK}"),
        (rf"(?-i:(\b[A-Z][A-Z0-9_]*KEY=)){_VALUE}", rf"\1{MASK}"),
        (rf"(--[-\w]{{0,60}}{_NAME} +){_VALUE}", rf"\1{MASK}"),
        (r"((?<!\S)(?:-u|--user|-a|--auth)[ =]*)['\"]?[^\s:'\"]+:[^\s'\"]*['\"]?", rf"\1{MASK}"),
        (rf"(\b(?:mysql|mariadb|mongo|sshpass)\w*\b[^|;\n]{{0,500}}? -p ?){_VALUE}", rf"\1{MASK}"),
        (rf"(\b(?:redis-cli|sqlcmd)\b[^|;\n]{{0,500}}? (?-i:-a|-P) ?){_VALUE}", rf"\1{MASK}"),
        (r"\beyJ[\w-]{8,}\.[\w-]+(?:\.[\w-]*)?", MASK),  # a JWT
        (r"\b(?-i:AKIA|ASIA)[0-9A-Z]{16}\b", MASK),
        (r"\b(?:gh[pousr]_\w{20,}|github_pat_\w{20,}|xox[abeprs]-[\w-]{10,}|[sr]k_(?:live|test)_\w{10,})", MASK),
    )
]

_PASSWORD = re.compile(r"://[^:/@\s]*:(\S+)@")
_SECRET_NAME = re.compile(rf"{_NAME}|KEY$", re.IGNORECASE)
_SHORTEST_SECRET = 6
"""Characters of a value that is masked wherever it stands: a shorter one is part of many words."""
_WORD = re.compile(r"[\w+=-]{16,}")

_shown = False


def masked(text: str) -> str:
    """A text in which every secret that has a name, stands in a URL or has a token's form is `***`."""
    if _shown:
        return text
    for pattern, instead in _PATTERNS:
        text = pattern.sub(instead, text)
    return _URL.sub(lambda match: match[1] + _masked_rest(match[2]), text)


def masked_command(command: str) -> str:
    """The program that a command line starts, and nothing of its arguments and variables."""
    if _shown:
        return command
    try:
        words = shlex.split(command)
    except ValueError:
        words = command.split()
    program = next((number for number, word in enumerate(words) if not re.match(r"\w+=", word)), len(words))
    if program == len(words):
        return MASK
    return words[program] if len(words) == 1 else f"{words[program]} {MASK}"


def masked_words(words: Iterable[str]) -> list[str]:
    """The words of one of our own command lines."""
    found: list[str] = []
    mask: Callable[[str], str] = masked
    for word in words:
        option, equals, value = word.partition("=")
        if equals and option in COMMAND_OPTIONS:
            found.append(f"{option}={masked_command(value)}")
        else:
            found.append(mask(word))
        mask = masked_command if word in COMMAND_OPTIONS else masked
    return found


@dataclass(frozen=True, slots=True)
class CommandLine:
    """One of our own command lines, to be run again. Its text has programs and secrets masked."""

    words: tuple[str, ...] = ()
    call: str = ""
    """A call of Python that does the same, in place of words."""

    def __str__(self) -> str:
        return self.call or shlex.join(masked_words(self.words))

    def in_report(self) -> str:
        """The text for reports and CI, with what to do about what is masked."""
        return _with_hint(str(self))

    def on_terminal(self) -> str:
        """The whole line, to be copied: its secrets alone are masked, by name, and by value wherever they stand."""
        values = _secret_values(self.words, os.environ)
        return self.call or _with_hint(shlex.join([_without(values, masked(word)) for word in self.words]))

    def without(self, option: str) -> "CommandLine":
        """The line without an option and its value."""
        place = self.words.index(option) if option in self.words else len(self.words)
        return CommandLine((*self.words[:place], *self.words[place + 2 :]))


NO_COMMAND = CommandLine()


def _with_hint(text: str) -> str:
    return f"{text}  # --show-secrets shows what {MASK} hides" if MASK in text else text


def _secret_values(words: Iterable[str], environment: Mapping[str, str]) -> list[str]:
    """Passwords in the DSNs of the words and in the environment, from where a shell takes them; the longest first."""
    passwords = {match[1] for word in words for match in _PASSWORD.finditer(word)}
    found = {*passwords, *map(unquote, passwords)}
    found |= {value for name, value in environment.items() if _SECRET_NAME.search(name)}
    return sorted((each for each in found if len(each) >= _SHORTEST_SECRET), key=len, reverse=True)


def _without(values: Iterable[str], text: str) -> str:
    """The text without these values, and without words that may be keys."""
    if _shown:
        return text
    for value in values:
        text = text.replace(value, MASK)
    return _WORD.sub(lambda match: MASK if looks_random(match[0]) else match[0], text)


@contextmanager
def secrets_shown(shown: bool) -> Iterator[None]:  # noqa: FBT001 - the one thing that it says
    """Show secrets, or mask them, in this process until the block ends."""
    global _shown
    before, _shown = _shown, shown
    try:
        yield
    finally:
        _shown = before


@contextmanager
def masked_errors() -> Iterator[None]:
    """Mask the text of an error that leaves the block.

    Raises:
        FrontsimError: the error that was raised inside, with a masked text.
    """
    try:
        yield
    except FrontsimError as error:
        error.args = (masked(str(error)),)
        raise


def looks_random(text: str) -> bool:
    """A word looks random if it has 16 letters and digits in a row, of both kinds, and is no UUID: it may be a key."""
    if _UUID.fullmatch(text):
        return False
    parts = [part for part in re.split(r"[^A-Za-z0-9]", text) if len(part) >= _SHORTEST_RANDOM]
    return any(re.search(r"\d", part) and re.search(r"[A-Za-z]", part) for part in parts)


def _masked_rest(rest: str) -> str:
    """Masks what stands behind a URL's scheme; punctuation that ends a sentence is not a part of it."""
    url = rest.rstrip(".,;:!?)]}")
    tail = rest[len(url) :]
    if url.count("{") > url.count("}") and tail.startswith("}"):  # a placeholder such as {event}
        url, tail = url + "}", tail[1:]
    url, hash_, _ = url.partition("#")
    url, mark, query = url.partition("?")
    authority, slash, path = url.partition("/")
    userinfo, at, host = authority.rpartition("@")
    if at and userinfo.rpartition(":")[2] != MASK:
        authority = f"{MASK}@{host}"
    path = "/".join(_masked_segment(segment) for segment in path.split("/"))
    query = "&".join(_masked_parameter(parameter) for parameter in query.split("&")) if query else ""
    return f"{authority}{slash}{path}{mark}{query}{f'#{MASK}' if hash_ else ''}{tail}"


def _masked_segment(segment: str) -> str:
    if looks_random(segment):
        return MASK
    return re.sub(r"=[^;]+", f"={MASK}", segment)


def _masked_parameter(parameter: str) -> str:
    name, equals, value = parameter.partition("=")
    if not equals or looks_random(name):
        return MASK
    return parameter if not value or value == "{event}" else f"{name}={MASK}"


def printable(text: str) -> str:
    r"""One line: each character that does not print is shown as its escape, such as `\n` and `\x1b`."""
    return text if text.isprintable() else "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


def xml_text(text: str) -> str:
    """The text without the characters that no XML document may hold, each a `?`: ElementTree would write them."""
    return "".join(each if each in "\t\n" or _is_xml(each) else "?" for each in text)


def _is_xml(character: str) -> bool:
    return character >= " " and character not in "\ufffe\uffff" and not "\ud800" <= character <= "\udfff"
