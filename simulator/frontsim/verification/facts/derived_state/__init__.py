"""A receiver's derived state, its stock levels and customers: how its rows are recognised and compared. Pure."""
