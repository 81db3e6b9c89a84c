"""Who trades by rule: one file per actor, with its parameters, state, rule and sources."""
