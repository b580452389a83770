from __future__ import annotations

from typing import TYPE_CHECKING

from tokenflow.dev_issuer import KNOWN_CLIENTS, KNOWN_USERS
from tokenflow.dev_issuer.memory import Memory
from tokenflow.dev_issuer.records import Authorization, CodeRecord, DeviceRecord, SignIn, TokenRecord

if TYPE_CHECKING:
    from typing import Any

CLIENT = KNOWN_CLIENTS[0]
FAR = 4_000_000_000


def authorization() -> Authorization:
    return Authorization(client=CLIENT, sign_in=None, scope="", audience=())


def code(**changes: Any) -> CodeRecord:
    fields: dict[str, Any] = {"redirect_uri": None, "nonce": None, "code_challenge": "", "expires_at": FAR}
    return CodeRecord(value="c", authorization=authorization(), **(fields | changes))


def device(**changes: Any) -> DeviceRecord:
    fields: dict[str, Any] = {"user_code": "BCDF-GHJK", "interval": 1, "expires_at": FAR}
    return DeviceRecord(value="d", authorization=authorization(), **(fields | changes))


def test_the_second_of_two_that_both_found_it_usable_loses_and_ends_it() -> None:
    memory, record = Memory(), code()
    memory.add(record)
    assert memory.code("c", CLIENT) is record
    revoked = []
    for _ in range(2):
        memory.spend(record)
        revoked.append(record.authorization.revoked)
    assert revoked == [False, True]
    assert memory.code("c", CLIENT) is None


def test_what_expired_is_not_found() -> None:
    memory = Memory()
    memory.add(code(expires_at=1))
    memory.add(device(expires_at=1))
    assert memory.code("c", CLIENT) is None
    assert memory.waiting_device("BCDF-GHJK") is None


def test_an_access_token_refreshes_nothing() -> None:
    memory = Memory()
    record = TokenRecord(
        kind="access_token",
        value="t",
        authorization=authorization(),
        scope="",
        audience=(),
        issued_at=0,
        expires_at=FAR,
        jti="",
    )
    memory.add(record)
    assert memory.token("t") is record
    assert memory.refresh_token("t", CLIENT) is None
    assert memory.device("t") is None


def test_a_device_is_answered_once() -> None:
    memory, record = Memory(), device()
    memory.add(record)
    sign_in = SignIn(KNOWN_USERS[0], 0)
    assert memory.waiting_device("bcdf ghjk") is record
    assert memory.answer_device(record, sign_in)
    assert not memory.answer_device(record, None)
    assert record.authorization.sign_in is sign_in
    assert [memory.collect_device(record), memory.collect_device(record)] == ["allowed", "collected"]
