"""What happens to customers: registered, known again at the next sale, changed, deleted."""

from frontsim.payloads.acts.shop_state import REMEMBERED, ShopState
from frontsim.payloads.master_data.chain import Store
from frontsim.payloads.master_data.customers import Customer, as_shown, created_json, updated_json
from frontsim.payloads.values.moments import MINUTE, SECOND, text


def new_customer(state: ShopState) -> None:
    """Somebody becomes a customer."""
    _register(state, state.draws.pick(state.world.shops))


def customer_update(state: ShopState) -> None:
    """A customer who was registered is changed; one whom the update deletes is forgotten."""
    if not state.customers:
        new_customer(state)
    number = state.draws.pick(tuple(state.customers))
    who, before = state.customers.pop(number)
    at = state.wait(SECOND, MINUTE)
    shown = {**updated_json(state.draws, who, before, at), "updatedDateTime": text(at)}
    state.write("CustomerUpdated", shown, shown["registeredStoreId"])
    if not shown["deleted"]:
        state.customers[number] = as_shown(who, shown), shown


def _register(state: ShopState, store: Store) -> Customer:
    """Register somebody new in that store."""
    number = state.next("customer")
    who = state.world.customer(number)
    shown = created_json(state.draws, who, state.now, store.id)
    state.write("CustomerCreated", shown, store.id)
    state.customers[number] = who, shown
    if len(state.customers) > REMEMBERED:
        state.customers.popitem(last=False)
    return who


def buyer(state: ShopState, store: Store) -> Customer:
    """A customer who was registered before, or now."""
    if not state.customers or state.draws.one_in(4):
        return _register(state, store)
    return state.customers[state.draws.pick(tuple(state.customers))][0]


def still_known(state: ShopState, who: Customer | None) -> Customer | None:
    """The customer as he is now; None if he has been deleted, or forgotten, since."""
    return None if who is None else state.customers.get(who.number, (None, None))[0]
