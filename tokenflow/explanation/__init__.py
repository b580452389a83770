"""What a profile comes to, without doing it: its values with their origins, and the requests that it leads to.

The requests are those of the real flows, walked by a driver that performs nothing (`rehearsal`); there is no second
description of any flow here. No secret is read, and those that are written out are taken away first (`veil`).
"""
