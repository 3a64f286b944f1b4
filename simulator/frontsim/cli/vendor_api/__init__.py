"""Commands that call the vendor's API, of the simulator or of the real one."""
