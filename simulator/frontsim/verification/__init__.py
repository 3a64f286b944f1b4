"""The verdict on a receiver: scenarios, observers, the recorded history and its judgement."""
