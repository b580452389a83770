"""Configuration: a profile's text becomes a Profile, or a list of problems that a person can act on.

Reading (`reading`) -> schema (`complaints`) -> references (`references`) -> rules (`rules`) -> building (`building`);
`interpretation` is the order of it all. Nothing here reads an environment variable or runs anything: what a reference
stands for is asked of the `resolve` function that the caller gives.
"""
