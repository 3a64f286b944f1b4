"""Commands that call the control API of a running simulator."""
