"""The issuer's memory: codes, tokens and device codes by value.

One lock guards all of it, and every read-then-write that must happen once (redeem a code, use a refresh token, answer a
device) is one method here, so that of two requests in two threads exactly one wins.
"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

from tokenflow.dev_issuer.records import CodeRecord, DeviceRecord, TokenRecord

if TYPE_CHECKING:
    from tokenflow.dev_issuer.clients import DevClient
    from tokenflow.dev_issuer.records import Record, SignIn

# A device waits its interval and asks; what it measured as the interval may be a little less on this clock.
INTERVAL_TOLERANCE = 0.1
SLOW_DOWN_BY = 5


class Memory:
    """Everything that was issued, until the process ends."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._records: dict[str, Record] = {}

    def add(self, record: Record) -> None:
        """Keep `record` under its value."""
        with self._lock:
            self._records[record.value] = record

    def token(self, value: str) -> TokenRecord | None:
        """Return the token with this value, whatever its state."""
        with self._lock:
            record = self._records.get(value)
        return record if isinstance(record, TokenRecord) else None

    def code(self, value: str, client: DevClient) -> CodeRecord | None:
        """Return an unspent code of `client`; a spent one is a replay and ends its authorization (RFC 6749, 4.1.2)."""
        with self._lock:
            record = self._records.get(value)
            if not isinstance(record, CodeRecord) or not record.check_client(client):
                return None
            if record.spent:
                record.authorization.revoked = True
            usable = not (record.spent or record.authorization.revoked or record.is_expired())
            return record if usable else None

    def refresh_token(self, value: str, client: DevClient) -> TokenRecord | None:
        """Return a usable refresh token of `client`; a spent one ends its whole family (RFC 9700, 4.14.2)."""
        with self._lock:
            record = self._records.get(value)
            if not isinstance(record, TokenRecord) or record.kind != "refresh_token" or not record.check_client(client):
                return None
            if record.spent:
                record.authorization.revoked = True
            return None if record.is_revoked() or record.is_expired() else record

    def spend(self, record: CodeRecord | TokenRecord) -> bool:
        """Use up a code or refresh token; False if another request was first, which ends what both came from."""
        with self._lock:
            if record.spent:
                record.authorization.revoked = True
                return False
            record.spent = True
            return True

    def revoke(self, record: TokenRecord) -> None:
        """End a token; with a refresh token, all that came from the same authorization (RFC 7009, 2.1)."""
        with self._lock:
            record.revoked = True
            if record.kind == "refresh_token":
                record.authorization.revoked = True

    def device(self, device_code: str) -> DeviceRecord | None:
        """Return the device that polls with this code."""
        with self._lock:
            record = self._records.get(device_code)
        return record if isinstance(record, DeviceRecord) else None

    def waiting_device(self, user_code: str) -> DeviceRecord | None:
        """Return the device that waits for this user code; case and hyphen do not matter (RFC 8628, 6.1)."""
        wanted = _significant(user_code)
        with self._lock:
            for record in self._records.values():
                if isinstance(record, DeviceRecord) and _significant(record.user_code) == wanted:
                    return record if record.answer == "pending" and not record.is_expired() else None
        return None

    def answer_device(self, record: DeviceRecord, sign_in: SignIn | None) -> bool:
        """Give a waiting device its answer (None denies); False if it has one already."""
        with self._lock:
            if record.answer != "pending":
                return False
            record.authorization.sign_in = sign_in
            record.answer = "allowed" if sign_in else "denied"
            return True

    def collect_device(self, record: DeviceRecord) -> str:
        """Return the answer to one poll; `allowed` comes once."""
        with self._lock:
            answer = record.answer
            if answer == "allowed":
                record.answer = "collected"
            return answer

    def asked_too_soon(self, record: DeviceRecord) -> bool:
        """Note a poll; True if it came before its time, and from then on the interval is longer (RFC 8628, 3.5)."""
        now = time.monotonic()
        with self._lock:
            soon = now - record.last_asked < record.interval - INTERVAL_TOLERANCE
            record.last_asked = now
            if soon:
                record.interval += SLOW_DOWN_BY
            return soon


def _significant(user_code: str) -> str:
    return "".join(character for character in user_code.upper() if character.isalnum())
