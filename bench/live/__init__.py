"""The bench of ongoing synchronisation: two simulated systems, the connector's own processes, and what they use."""
