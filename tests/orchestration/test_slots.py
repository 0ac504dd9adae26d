"""Slots whose number changes while they are held."""

from __future__ import annotations

import asyncio

from pipeline.orchestration.slots import Slots

_tasks: set[asyncio.Task[None]] = set()


async def _holders(slots: Slots, number: int) -> tuple[list[asyncio.Event], list[int]]:
    """Tasks that want a slot each; an event each to let it go, and who holds one now."""
    leave = [asyncio.Event() for _ in range(number)]
    inside: list[int] = []

    async def hold(one: int) -> None:
        async with slots:
            inside.append(one)
            await leave[one].wait()
            inside.remove(one)

    _tasks.update(asyncio.create_task(hold(one)) for one in range(number))  # referred to, lest one vanish
    await settle()
    return leave, inside


async def settle() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


def test_more_slots_let_the_next_ones_in() -> None:
    """At once, and only so many."""

    async def run() -> None:
        slots = Slots(1)
        leave, inside = await _holders(slots, 4)
        assert inside == [0]
        slots.resize(3)
        await settle()
        assert inside == [0, 1, 2]
        for event in leave:
            event.set()
        await settle()

    asyncio.run(run())


def test_fewer_slots_are_reached_as_they_are_given_back() -> None:
    """Nobody is thrown out, and nobody comes in until there is room again."""

    async def run() -> None:
        slots = Slots(3)
        leave, inside = await _holders(slots, 5)
        slots.resize(1)
        leave[0].set()
        await settle()
        assert inside == [1, 2]
        leave[1].set()
        await settle()
        assert inside == [2]
        leave[2].set()
        await settle()
        assert inside == [3]
        slots.resize(2)
        await settle()
        assert inside == [3, 4]
        for event in leave:
            event.set()
        await settle()

    asyncio.run(run())


def test_slots_that_nobody_holds_go_at_once() -> None:
    """Shrunk and grown while all are free: the number is what was said last."""

    async def run() -> None:
        slots = Slots(4)
        slots.resize(1)
        slots.resize(2)
        leave, inside = await _holders(slots, 4)
        assert inside == [0, 1]
        for event in leave:
            event.set()
        await settle()

    asyncio.run(run())
