"""The only door to the network: requests with a policy per service, and the archive of raw answers."""
