"""A transaction that always gives its connection back.

Piccolo's own transactions keep the connection when BEGIN or COMMIT fails and when the task is cancelled. One
mixin repairs both engines; each adds `_undo`, which rolls back, and `_release`, which leaves the connection without an
open transaction, whatever happened.
"""

from contextlib import suppress
from types import TracebackType
from typing import Any

from .outages import DATABASE_ERRORS


class ReleasingTransaction:
    __slots__ = ()

    async def __aenter__(self: Any) -> Any:
        if self._parent is not None:
            return self._parent
        self.connection = await self.get_connection()
        try:
            await self.begin()
        except BaseException:
            await self._release()
            raise
        self.context = self.engine.current_transaction.set(self)
        return self

    async def __aexit__(
        self: Any,
        kind: type[BaseException] | None,
        exception: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._parent is not None:
            return
        try:
            if not self._committed and not self._rolled_back:
                if exception is None:
                    await self.commit()
                elif isinstance(exception, Exception):
                    with suppress(*DATABASE_ERRORS):  # `_release` does what is left, and `exception` is what went wrong
                        await self._undo()
        finally:
            self.engine.current_transaction.reset(self.context)
            await self._release()
