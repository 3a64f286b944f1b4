"""What a run finds out about the receiver outside its scenarios: whether clean events arrive, its types, its key."""
