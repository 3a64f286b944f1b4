"""Store ids as the vendor's API takes them: 32 bits (published)."""

from frontsim.domain.model import Occurrence
from frontsim.user_input.fields import Fields

_LIMIT = 2**31


def read_store_id(fields: Fields) -> int | None:
    """`storeId`, or None where it is missing or null."""
    return fields.whole("storeId", least=-_LIMIT, most=_LIMIT - 1)


def with_known_store(occurrence: Occurrence) -> Occurrence:
    """The occurrence, without a store that 32 bits cannot hold: a payload that is invalid on purpose may name one."""
    store_id = occurrence.store_id
    return occurrence if store_id is None or -_LIMIT <= store_id < _LIMIT else occurrence._replace(store_id=None)
