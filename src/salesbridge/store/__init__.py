"""What we remember. ``setup()`` first, then ``salesbridge.store.door`` and its neighbours.

Nothing here imports Django's models: they can be imported only after ``setup()``.
"""

from salesbridge.store.setup import setup

__all__ = ["setup"]
