"""Makes recorded events anonymous: who is in them becomes somebody else, and what happened stays.

    pass 1   each value of a field that is replaced ──▶ Originals: the value, its kind, its country
    pass 2   such a field          ──▶ what the salt draws for (kind, value): a name, an address, a number, a text
             any other text        ──▶ kept, unless it contains an original: that part is replaced
             a field without a rule ──▶ replaced by its shape, never kept

The rule of a field follows from its name and from what its type's schema says of it (`rules_of`). One value has one
replacement, wherever it stands, so the same customer stays the same, and references survive. A number keeps its shape
and each check digit that it had; Faker draws names and places of the country in which the value was first seen. Whoever
lacks the salt cannot try out values. No replacement contains an original of four characters or more.
"""

import hmac
import os
import pickle
import re
import secrets
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from tempfile import TemporaryFile
from typing import Any, Self

from faker import Faker

from frontsim.catalog import Catalog
from frontsim.errors import Unusable
from frontsim.payloads.world.people import locale_of, mailbox
from frontsim.records.record import RecordedEvent
from frontsim.schemas.difference import SchemaFacts, fields_of
from frontsim.wording import counted

KINDS: Mapping[str, str] = {
    "address1": "street", "address2": "text", "birthday": "birthday", "cardNo": "number", "city": "city",
    "comment": "text", "companyName": "company", "customerExtId": "reference", "deliveryOptionRaw": "text",
    "description": "text", "dropPointRaw": "text", "email": "email", "extId": "reference", "extRef": "reference",
    "firstName": "first", "lastName": "last", "name": "text", "orderNo": "reference", "organizationNumber": "number",
    "personName": "person", "phone": "number", "postalCode": "postcode", "province": "city",
    "receiptFormatted": "text", "receiptUrl": "url", "salesPerson": "person", "shipmentInfo": "text",
    "storeInfo": "text", "tags": "text", "taxId": "number", "text": "text", "txRef": "reference",
}  # fmt: skip
"""Fields that are personal, or may hold a person's own words, and the kind of text that replaces each."""
KEPT = frozenset(
    {
        "country", "countryCode", "createdById", "currency", "customerGuid", "eventType", "externalSKU", "gender",
        "gtin", "id", "identity", "orderType", "phoneCountryPrefix", "posName", "receiptLabel", "receiptNo", "rowId",
        "saleGuid", "salesChannel", "sgtin", "sizeText", "sku", "status", "stockExtId", "stockName", "storeExtId",
        "storeName", "subType", "toStockExtId", "type",
    }
)  # fmt: skip
"""Texts that name goods, places of the chain, documents and codes. Numbers, flags and date-times stay, too."""
AMOUNTS = frozenset(
    {
        "amount", "closingCashBalance", "cost", "currencyTendered", "discount", "discrepancy", "fullPrice",
        "grandTotal", "grossDiscount", "grossTotal", "netTotal", "openingCashBalance", "price", "total", "vat",
        "vatArea1", "vatArea2", "vatArea3", "vatTotal",
    }
)  # fmt: skip

SALT_BYTES = 16
SHORTEST = 4
"""Characters of an original from which on it may stand nowhere in the output."""
_TRIES = 300
_UNIQUE = frozenset({"email", "number", "reference", "url"})
_CURRENCIES = {"NOK": "NO", "SEK": "SE", "DKK": "DK", "EUR": "FI"}
_HEADERS = frozenset({"content-type"})
_RUN = ("run", "createdDateTime", "trigger", "status", "statusCode", "success", "durationMs", "fault")
_MOMENT = r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)?)?"
_STAYS = re.compile(_MOMENT + r"|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_UNKNOWN = "unknown"
_ENUM = "enum"
_KEEP = "keep"

Rules = Mapping[str, Mapping[str, str]]
"""The kind of each field by type and path: one of `KINDS`' values, `keep`, or `enum`, whose values are the schema's."""


def rules_of(catalog: Catalog) -> Rules:
    """The rule of each field of each type: by its name, or by what its schema allows there."""
    return {
        kind.name: {path: _rule(path, each.facts) for path, each in fields_of(kind.schema).items() if path}
        for kind in catalog
    }


def _rule(path: str, facts: SchemaFacts) -> str:
    name = path.removesuffix("[]").rpartition(".")[2]
    if facts.values is not None:
        return _ENUM
    if name in KINDS:
        return KINDS[name]
    is_text = facts.kinds is None or "string" in facts.kinds
    is_moment = name.endswith(("DateTime", "Date", "TimeStamp")) or name in ("dateTimeFrom", "dateTimeTo", "ins")
    return _KEEP if name in KEPT or not is_text or is_moment or facts.properties else _UNKNOWN


class Originals:
    """Finds original values in any text. A value of digits alone is found where no further digits stand beside it."""

    def __init__(self) -> None:
        self._by_beginning: dict[str, set[str]] = defaultdict(set)

    def add(self, value: str) -> None:
        if len(value) >= SHORTEST:
            self._by_beginning[value.lower()[:SHORTEST]].add(value.lower())

    def found_in(self, text: str) -> Iterator[tuple[int, str]]:
        """Where originals stand in a text, and which, in lower case."""
        lower = text.lower()
        for at in range(len(lower) - SHORTEST + 1):
            for value in self._by_beginning.get(lower[at : at + SHORTEST], ()):
                if lower.startswith(value, at) and not (value.isdigit() and _is_in_number(lower, at, at + len(value))):
                    yield at, value

    def are_in(self, text: str) -> bool:
        return next(self.found_in(text), None) is not None


def _is_in_number(text: str, start: int, end: int) -> bool:
    return text[start - 1 : start].isdigit() or text[end : end + 1].isdigit()


@dataclass(slots=True)
class AnonymisedFields:
    """How many values were replaced, by field, and which fields were kept. `unknown` have no rule of their own."""

    replaced: Counter[str] = field(default_factory=Counter)
    kept: set[str] = field(default_factory=set)
    unknown: set[str] = field(default_factory=set)


class Anonymiser:
    """Replaces values; `learn` must have seen every event before `anonymise` gets the first.

    Args:
        catalog: its schemas give the rules.
        salt: a secret; the same one gives the same output for the same events.
        shift_amounts: multiply amounts by a factor, which keeps all sums right.
    """

    def __init__(self, catalog: Catalog, *, salt: bytes, shift_amounts: bool = False) -> None:
        self._rules = rules_of(catalog)
        self._draws = _Draws(salt)
        self._factor = 2 + self._draws.rng("factor", "", 0).randrange(8) if shift_amounts else 1
        self._countries: dict[tuple[str, str], str] = {}
        self._kinds: dict[str, str] = {}
        self._known: dict[tuple[str, str], str] = {}
        self._taken: set[tuple[str, str]] = set()
        self._originals = Originals()
        self.fields = AnonymisedFields()

    def learn(self, event: RecordedEvent) -> None:
        """Note the values of an event that will be replaced."""

        def note(kind: str, value: Any, _: str, country: str) -> Any:
            if isinstance(value, str) and value and kind not in (_KEEP, _ENUM):
                self._countries.setdefault((kind, value), country)
                self._kinds.setdefault(value.lower(), kind)
                self._originals.add(value)
            return value

        self._walk(event, note)

    def anonymise(self, event: RecordedEvent) -> RecordedEvent:
        """The event with every personal value replaced."""
        head = {
            name: value
            for name, value in event.head.items()
            if name.lower() in _HEADERS or value in (event.event, event.webhook_id, event.webhook_event_id)
        }
        self.fields.replaced.update(f"head.{name}" for name in event.head.keys() - head.keys())
        runs = [{name: run[name] for name in _RUN if name in run} for run in event.runs]
        self.fields.replaced.update(f"runs[].{name}" for run in event.runs for name in run.keys() - set(_RUN))
        text = None if event.text is None else f"(replaced: {len(event.text):,} characters that are no JSON)"
        return replace(event, head=head, runs=runs, text=text, body=self._walk(event, self._replaced))

    def _walk(self, event: RecordedEvent, visit: Any) -> Any:
        rules = self._rules.get(event.event or "", {})

        def walk(value: Any, path: str, outer: str | None, country: str) -> Any:
            kind = outer or (rules.get(path, _UNKNOWN) if path else _KEEP)
            if isinstance(value, dict):
                here = _country_of(value) or country
                inner = kind if kind not in (_KEEP, _UNKNOWN) else None  # all of a raw object is text
                return {name: walk(item, f"{path}.{name}".lstrip("."), inner, here) for name, item in value.items()}
            if isinstance(value, list):
                return [
                    walk(item, f"{path}[]", kind if kind not in (_KEEP, _UNKNOWN) else None, country) for item in value
                ]
            return visit(KINDS.get(path.rpartition(".")[2], kind) if kind == _UNKNOWN else kind, value, path, country)

        return walk(event.body, "", None, _first_country(event.body) or "NO")

    def _replaced(self, kind: str, value: Any, path: str, _: str) -> Any:
        if value is None or value == "":
            return value
        if kind == _UNKNOWN:
            self.fields.unknown.add(path)
        if kind in (_KEEP, _ENUM):
            self.fields.kept.add(path)
            if isinstance(value, int | float) and self._factor != 1 and path.rpartition(".")[2] in AMOUNTS:
                return round(value * self._factor, 4) if not isinstance(value, bool) else value
            is_text = isinstance(value, str) and kind == _KEEP
            return self._without_originals(value) if is_text and not _STAYS.fullmatch(value) else value
        self.fields.replaced[path] += 1
        return self._of(kind, value) if isinstance(value, str) else self._draws.like(kind, value)

    def _of(self, kind: str, value: str) -> str:
        """The replacement of a value, the same wherever it stands."""
        if (kind, value) not in self._known:
            self._known[kind, value] = self._drawn(kind, value)
        return self._known[kind, value]

    def _drawn(self, kind: str, value: str) -> str:
        country = self._countries.get((kind, value), "NO")
        for attempt in range(_TRIES):
            found = self._draws.draw(kind, value, country, attempt)
            is_free = kind not in _UNIQUE or (kind, found) not in self._taken
            if found != value and is_free and not self._originals.are_in(found):
                break
        else:
            found = self._draws.shape(value, _TRIES, kind)
        self._taken.add((kind, found))
        return found

    def _without_originals(self, text: str) -> str:
        """A kept text in which each original is replaced, as in a shop that is named after its street."""
        for _ in range(_TRIES):
            at, value = next(self._originals.found_in(text), (0, ""))
            if not value:
                return text
            here = text[at : at + len(value)]
            text = text[:at] + self._of(self._kinds[value], here) + text[at + len(value) :]
        return self._draws.shape(text, 0, _KEEP)


class WaitingEvents:
    """Events in a file without a name, until all of them are known; a context manager.

    Args:
        folder: where there is room for them.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._count = 0
        try:
            self._file = TemporaryFile(dir=folder)  # noqa: SIM115 - closed at the end of the block
        except OSError as error:
            raise self._no_room(error) from None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(OSError):  # a full disk has no room for what was not written yet, which goes away
            self._file.close()

    def add(self, event: RecordedEvent) -> None:
        """Raises Unusable: there is no room for it."""
        try:
            pickle.dump(event, self._file)
            self._file.flush()
        except OSError as error:
            raise self._no_room(error) from None
        self._count += 1

    def __iter__(self) -> Iterator[RecordedEvent]:
        self._file.seek(0)
        for _ in range(self._count):
            yield pickle.load(self._file)  # noqa: S301 - we wrote it, and nobody else can

    def _no_room(self, error: OSError) -> Unusable:
        return Unusable(
            f"{self._folder}: {counted(self._count, 'event waits', 'events wait')} to be made anonymous, then: "
            f"{error.strerror} (expected room for all of them)"
        )


def read_salt(file: Path) -> bytes:
    """The salt in a file; a new one is made, its owner's alone, where there is no file.

    Raises:
        Unusable: it cannot be read or made, or is too short to be a secret.
    """
    try:
        try:
            descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        except FileExistsError:
            salt = file.read_bytes().strip()
        else:
            salt = secrets.token_hex(32).encode()
            with os.fdopen(descriptor, "wb") as out:
                out.write(salt + b"\n")
    except OSError as error:
        raise Unusable(f"--salt-file: expected a file with a secret, got {file} ({error.strerror})") from None
    if len(salt) < SALT_BYTES:
        raise Unusable(f"--salt-file {file}: expected a secret of {SALT_BYTES} bytes or more, got {len(salt)}")
    return salt


def _country_of(value: Mapping[str, Any]) -> str | None:
    inner = value.get("address")
    code = value.get("countryCode") or (inner.get("countryCode") if isinstance(inner, dict) else None)
    return code.upper() if isinstance(code, str) and len(code) == 2 else None


def _first_country(value: Any) -> str | None:
    """The country of the first address in a payload, or of its currency."""
    if isinstance(value, list):
        return next((found for item in value if (found := _first_country(item))), None)
    if not isinstance(value, dict):
        return None
    inside = (found for item in value.values() if (found := _first_country(item)))
    return _country_of(value) or next(inside, None) or _CURRENCIES.get(str(value.get("currency")))


class _Draws:
    """Draws that follow from the salt, the kind and the value alone."""

    def __init__(self, salt: bytes) -> None:
        self._salt = salt
        self._fakers: dict[str, Faker] = {}

    def rng(self, kind: str, value: str, attempt: int) -> Random:
        key = f"{kind}\0{value}\0{attempt}".encode(errors="replace")
        return Random(hmac.digest(self._salt, key, "sha256"))  # noqa: S311 - the secret is in the key

    def draw(self, kind: str, value: str, country: str, attempt: int) -> str:
        rng = self.rng(kind, value, attempt)
        if kind in ("number", "postcode", "reference", _UNKNOWN):
            return _with_check_digits(value, rng) if kind == "number" else _shape(value, rng)
        if kind == "url":
            return f"https://example.com/{rng.getrandbits(64):016x}"
        if kind == "birthday":
            return _other_day(value, rng)
        return self._faked(kind, value, self._faker(country), rng)

    def shape(self, value: str, attempt: int, kind: str) -> str:
        return _shape(value, self.rng(kind, value, attempt))

    def like(self, kind: str, value: Any) -> Any:
        """A number or flag in place of one."""
        rng = self.rng(kind, repr(value), 0)
        if isinstance(value, bool):
            return rng.random() < 0.5
        return int(_shape(str(abs(value)), rng)) if isinstance(value, int) else round(rng.random() * 1000, 2)

    def _faked(self, kind: str, value: str, fake: Faker, rng: Random) -> str:
        fake.seed_instance(rng.getrandbits(64))
        match kind:
            case "first":
                return str(fake.first_name())
            case "last":
                return str(fake.last_name())
            case "person":
                return f"{fake.first_name()} {fake.last_name()}"
            case "company":
                return str(fake.company())
            case "street":
                return str(fake.street_address()).replace("\n", ", ")
            case "city":
                return str(fake.city())
            case "email":
                name = mailbox(fake.first_name(), fake.last_name()).strip(".-") or "someone"
                return f"{name}.{rng.randrange(10**4)}@example.{rng.choice(('com', 'net', 'org'))}"
            case _:
                return str(fake.sentence(nb_words=max(1, min(40, len(value) // 7))))

    def _faker(self, country: str) -> Faker:
        if country not in self._fakers:
            self._fakers[country] = Faker(locale_of(country) or "en_GB")
        return self._fakers[country]


def _shape(value: str, rng: Random) -> str:
    """A text of the same shape: digits for digits, letters for letters of the same case."""
    letters = "abcdefghijklmnopqrstuvwxyz"
    made = []
    for place, each in enumerate(value):
        if each.isdecimal():
            made.append(str(rng.randrange(1 if place == 0 and each != "0" else 0, 10)))
        elif each.isalpha():
            made.append(rng.choice(letters).upper() if each.isupper() else rng.choice(letters))
        else:
            made.append(each)
    return "".join(made)


def _with_check_digits(value: str, rng: Random) -> str:
    """A number of the same shape and first digit, with each check digit that the original had."""
    digits = [each for each in value if each.isdecimal()]
    checks = [check for check in _CHECKS if check(digits)]
    for _ in range(_TRIES * 10):
        made = [*digits[:1], *(str(rng.randrange(10)) for _ in digits[1:])]
        if _norwegian_person(digits):  # six digits are a birthday
            made[:6] = list(f"{rng.randint(1, 28):02}{rng.randint(1, 12):02}{rng.randrange(100):02}")
        if all(check(made) for check in checks):
            break
    left = iter(made)
    return "".join(next(left) if each.isdecimal() else each for each in value)


def _luhn(digits: Sequence[str]) -> bool:
    doubled = [int(each) * (1 + place % 2) for place, each in enumerate(reversed(digits))]
    return len(digits) > 1 and sum(each // 10 + each % 10 for each in doubled) % 10 == 0


_COMPANY_WEIGHTS = ((3, 2, 7, 6, 5, 4, 3, 2, 1), (2, 7, 6, 5, 4, 3, 2, 1), (7, 9, 10, 5, 8, 4, 2, 1))


def _modulo_11(digits: Sequence[str]) -> bool:
    """Company numbers of Norway (9 digits), Denmark and Finland (8)."""
    return any(_weighed(digits, each) for each in _COMPANY_WEIGHTS if len(each) == len(digits))


def _norwegian_person(digits: Sequence[str]) -> bool:
    first, second = (3, 7, 6, 1, 8, 9, 4, 5, 2, 1, 0), (5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1)
    return len(digits) == 11 and _weighed(digits, first) and _weighed(digits, second)


def _weighed(digits: Sequence[str], weights: Sequence[int]) -> bool:
    return sum(int(each) * weight for each, weight in zip(digits, weights, strict=True)) % 11 == 0


_CHECKS: Sequence[Callable[[Sequence[str]], bool]] = (_luhn, _modulo_11, _norwegian_person)


def _other_day(value: str, rng: Random) -> str:
    """A day within two years of it, in the same form; a text of the same shape if it is no date."""
    try:
        day = datetime.fromisoformat(value[:10]) + timedelta(days=rng.choice((-1, 1)) * rng.randint(1, 730))
    except (ValueError, OverflowError):
        return _shape(value, rng)
    return f"{day:%Y-%m-%d}{value[10:]}"
