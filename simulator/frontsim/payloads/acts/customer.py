"""What happens to customers: registered, known again at the next sale, changed, deleted."""

from frontsim.payloads.acts.shop_state import REMEMBERED, ShopState
from frontsim.payloads.master_data.chain import Store
from frontsim.payloads.master_data.customers import Customer, as_shown, created_json, updated_json
from frontsim.payloads.values.moments import MINUTE, SECOND, text


def new_customer(books: ShopState) -> None:
    """Somebody becomes a customer."""
    _register(books, books.dice.pick(books.world.shops))


def customer_update(books: ShopState) -> None:
    """A customer who was registered is changed; one whom the update deletes is forgotten."""
    if not books.customers:
        new_customer(books)
    number = books.dice.pick(tuple(books.customers))
    who, before = books.customers.pop(number)
    at = books.wait(SECOND, MINUTE)
    shown = {**updated_json(books.dice, who, before, at), "updatedDateTime": text(at)}
    books.write("CustomerUpdated", shown, shown["registeredStoreId"])
    if not shown["deleted"]:
        books.customers[number] = as_shown(who, shown), shown


def _register(books: ShopState, store: Store) -> Customer:
    """Register somebody new in that store."""
    number = books.next("customer")
    who = books.world.customer(number)
    shown = created_json(books.dice, who, books.now, store.id)
    books.write("CustomerCreated", shown, store.id)
    books.customers[number] = who, shown
    if len(books.customers) > REMEMBERED:
        books.customers.popitem(last=False)
    return who


def buyer(books: ShopState, store: Store) -> Customer:
    """A customer who was registered before, or now."""
    if not books.customers or books.dice.one_in(4):
        return _register(books, store)
    return books.customers[books.dice.pick(tuple(books.customers))][0]


def still_known(books: ShopState, who: Customer | None) -> Customer | None:
    """The customer as he is now; None if he has been deleted, or forgotten, since."""
    return None if who is None else books.customers.get(who.number, (None, None))[0]
