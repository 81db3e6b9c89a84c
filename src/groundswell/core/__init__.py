"""The grammar: how a parameter is declared, what an actor may see, and the protocol of a day."""
