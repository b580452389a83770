"""The protocol: flows as generators of effects, and pure functions. No I/O, no clock, no randomness of its own."""
