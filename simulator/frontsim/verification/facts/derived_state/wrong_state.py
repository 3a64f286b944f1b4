"""What of a receiver's derived state is wrong: its levels, and its customers. Pure."""

from frontsim.verification.facts.derived_state.customer_changes import customer_changes
from frontsim.verification.facts.derived_state.customer_rows import check_customers
from frontsim.verification.facts.derived_state.state_check import StateCheck
from frontsim.verification.facts.derived_state.stock_levels import check_stock
from frontsim.verification.facts.derived_state.stock_movements import movements
from frontsim.verification.facts.history import History


def checks(history: History) -> tuple[StateCheck, StateCheck]:
    """Of the levels, and of the customers."""
    return check_stock(history), check_customers(history)


def check_state(history: History) -> StateCheck:
    """Both together; why something is unclear stays with each."""
    levels, customers = checks(history)
    return StateCheck(
        wrong=(*levels.wrong, *customers.wrong),
        checked=levels.checked + customers.checked,
        compared=levels.compared | customers.compared,
    )


def tells_state(history: History) -> bool:
    """Whether some event changes a state that a receiver may derive."""
    return bool(movements(history.events) or customer_changes(history.events))
