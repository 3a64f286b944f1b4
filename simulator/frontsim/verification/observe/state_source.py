"""`--observe-state URL|SQL`: where the rows of a receiver's state are read."""

import math
import re
import ssl

from frontsim.errors import BadInput
from frontsim.presentation.masking import masked
from frontsim.verification.observe.observers import Observer, UrlObserver
from frontsim.verification.observe.process_observers import sql_observer

OPTION = "--observe-state"
_QUERY = re.compile(r"\s*(?:select|with|values|table)\b", re.IGNORECASE)
_EXPECTED = (
    "a URL, a query for the database of --observe-sql, or 'DSN QUERY' such as "
    "'sqlite:///shop.db SELECT stock_id, gtin, level FROM stock'"
)
_OTHER_OPTIONS = re.compile(r"^--observe-(?:url|sql)(?=:)")


def state_observer(
    source: str, *, dsn: str = "", tls: ssl.SSLContext | None = None, longest_s: float = math.inf
) -> Observer:
    """Reads a URL that answers with a JSON list of objects, or the rows of a query.

    Args:
        source: a URL, `DSN QUERY`, or a query alone.
        dsn: of `--observe-sql`, where a query alone is run.
        tls: for a URL.
        longest_s: bounds the seconds of one look.

    Raises:
        BadInput: it is none of these.
    """
    try:
        if source.startswith(("http://", "https://")) and " " not in source:
            return UrlObserver(source, tls=tls, longest_s=longest_s)
        if _QUERY.match(source):
            return sql_observer(_named(dsn), source, longest_s=longest_s)
        first, _, query = source.strip().partition(" ")
        if "://" not in first or not query.strip():
            raise BadInput(f"{OPTION}: expected {_EXPECTED}, got {masked(source)!r:.200}")
        return sql_observer(first, query, longest_s=longest_s)
    except BadInput as error:
        raise BadInput(_OTHER_OPTIONS.sub(OPTION, str(error))) from error


def _named(dsn: str) -> str:
    if not dsn:
        raise BadInput(f"{OPTION}: expected 'DSN QUERY', because a query alone needs --observe-sql for its database")
    return dsn
