"""Sales: each order carried from one side to the other, step by step, with a timeline that everybody can read."""
