import orjson

from frontsim.payloads.world.world import stores


def test_a_view_shows_one_terminal_and_one_person() -> None:
    """The store in a payload is the whole store, at that terminal and with that person."""
    for store in stores(1):
        for view in store.views:
            shown = orjson.loads(orjson.dumps(view.json))
            assert shown["posId"] == view.terminal.id
            assert shown["salesPerson"] in store.sellers
            assert shown["storeName"] == store.name


def test_every_terminal_and_person_is_shown() -> None:
    """Drawn evenly, views show all of them."""
    for store in stores(1):
        assert set(store.terminals) == {view.terminal for view in store.views}
        assert set(store.sellers) == {orjson.loads(orjson.dumps(view.json))["salesPerson"] for view in store.views}
