"""The world: drivers that perform what flows ask for, stores, references, the network."""
