"""StageSlots whose number changes while they are held."""

from __future__ import annotations

import asyncio

from pipeline.orchestration.core.slots import StageSlots

_tasks: set[asyncio.Task[None]] = set()


async def _holders(slots: StageSlots, number: int) -> tuple[list[asyncio.Event], list[int]]:
    """Tasks that want a slot each; an event each to let it go, and who holds one now."""
    leave = [asyncio.Event() for _ in range(number)]
    inside: list[int] = []

    async def hold(one: int) -> None:
        async with slots.hold(1):
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
        slots = StageSlots(1)
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
        slots = StageSlots(3)
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
        slots = StageSlots(4)
        slots.resize(1)
        slots.resize(2)
        leave, inside = await _holders(slots, 4)
        assert inside == [0, 1]
        for event in leave:
            event.set()
        await settle()

    asyncio.run(run())


def test_a_packet_holds_a_slot_for_each_of_its_jobs() -> None:
    """In the order in which they came: small ones behind a large one wait with it, and do not starve it."""

    async def run() -> None:
        slots, order = StageSlots(4), list[str]()

        async def hold(name: str, wanted: int) -> None:
            async with slots.hold(wanted):
                order.append(name)
                await settle()

        async with slots.hold(3):
            tasks = [asyncio.create_task(hold(*one)) for one in (("one", 1), ("four", 4), ("last", 1))]
            await settle()
            assert order == ["one"]
        await asyncio.gather(*tasks)
        assert order == ["one", "four", "last"]

    asyncio.run(run())


def test_more_than_there_are_is_held_alone() -> None:
    """A packet of eight goes through a stage of two slots, when nobody else is there."""

    async def run() -> None:
        slots = StageSlots(2)
        async with slots.hold(1):
            large = asyncio.create_task(_once(slots, 8))
            await settle()
            assert not large.done()
        await asyncio.wait_for(large, 5)

    asyncio.run(run())


def test_whoever_is_cancelled_holds_nothing() -> None:
    """While it waits, or just when it was let in."""

    async def run() -> None:
        slots = StageSlots(1)
        async with slots.hold(1):
            waits, next_ = (asyncio.create_task(_once(slots, 1)) for _ in range(2))
            await settle()
            waits.cancel()
            await settle()
        next_.cancel()  # admitted by the end of the block, not yet running
        await settle()
        await asyncio.wait_for(_once(slots, 1), 5)
        assert waits.cancelled()
        assert next_.cancelled()

    asyncio.run(run())


async def _once(slots: StageSlots, wanted: int) -> None:
    async with slots.hold(wanted):
        await asyncio.sleep(0)
