"""Real processes, real database, real sockets, and everything that can go wrong with them: ``python -m torture``."""
