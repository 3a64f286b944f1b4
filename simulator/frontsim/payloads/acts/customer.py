"""Acts of customers: registered, buying again, changed, deleted."""

from frontsim.payloads.acts.shop_state import REMEMBERED, ShopState
from frontsim.payloads.master_data.chain import Store
from frontsim.payloads.master_data.customers import Customer, as_shown, created_json, updated_json
from frontsim.payloads.values.moments import MINUTE, SECOND, text


def new_customer(state: ShopState) -> None:
    """A customer registers."""
    _register(state, state.draws.pick(state.world.shops))


def customer_update(state: ShopState) -> None:
    """A registered customer is changed; one that the update deletes buys no more."""
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
    """Register a new customer in that store."""
    number = state.next("customer")
    who = state.world.customer(number)
    shown = created_json(state.draws, who, state.now, store.id)
    state.write("CustomerCreated", shown, store.id)
    state.customers[number] = who, shown
    if len(state.customers) > REMEMBERED:
        state.customers.popitem(last=False)
    return who


def buyer(state: ShopState, store: Store) -> Customer:
    """A customer who is registered already, or is registered now."""
    if not state.customers or state.draws.one_in(4):
        return _register(state, store)
    return state.customers[state.draws.pick(tuple(state.customers))][0]


def still_known(state: ShopState, who: Customer | None) -> Customer | None:
    """The customer after all updates; None once deleted, or dropped from the state."""
    return None if who is None else state.customers.get(who.number, (None, None))[0]
