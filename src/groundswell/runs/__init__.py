"""The same rules run four ways: on history, along a scenario, closed on themselves, and compared."""
