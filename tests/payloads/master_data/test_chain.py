from collections import Counter

import orjson

from frontsim.payloads.master_data.chain import stores


def test_a_view_shows_one_terminal_and_one_person() -> None:
    """What a payload shows of a store is the store; a part that is left out is null."""
    for store in stores(1):
        for view in store.views:
            shown = orjson.loads(orjson.dumps(view.json))
            assert shown["posId"] == view.terminal.id
            assert shown["salesPerson"] in (view.seller, None)
            assert shown["storeName"] in (store.name, None)


def test_one_view_in_seven_has_a_gap() -> None:
    """Receivers meet every gap, but mostly a whole store."""
    for store in stores(1)[:4]:
        whole = Counter(
            all(value is not None for value in orjson.loads(orjson.dumps(view.json)).values()) for view in store.views
        )
        assert 0.7 < whole[True] / whole.total() < 0.95


def test_every_terminal_and_person_is_shown() -> None:
    """Drawn evenly, views bring up all of them."""
    for store in stores(1):
        assert set(store.terminals) == {view.terminal for view in store.views}
        assert set(store.sellers) == {view.seller for view in store.views}
