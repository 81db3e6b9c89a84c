"""The world the actors meet in: who is in it, how a day runs, what a flow does to the price."""
