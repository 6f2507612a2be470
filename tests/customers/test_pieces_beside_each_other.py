"""Pieces of work beside each other: in order, few at a time, and no error is lost."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from targeting.behind import Behind, abreast, ahead


def test_results_come_in_order_and_no_more_than_three_pieces_are_alive() -> None:
    begun: list[int] = []
    both = threading.Barrier(2, timeout=20)  # the first two end only beside each other

    def work(number: int) -> int:
        begun.append(number)
        if number < 2:
            both.wait()
        return number * 10

    for taken, result in enumerate(abreast(work, range(50))):
        assert result == taken * 10
        assert len(begun) <= taken + 3
    assert sorted(begun) == list(range(50))


@pytest.mark.parametrize("count", [0, 1])
def test_what_is_no_more_than_one_piece_is_done_here(count: int) -> None:
    here = list(abreast(lambda _: threading.current_thread(), range(count)))
    assert here == [threading.current_thread()] * count


def fails_at(number: int, bad: int = 3) -> int:
    if number == bad:
        raise OSError(28, "No space left on device")
    return number


def test_an_error_of_a_piece_comes_in_its_turn() -> None:
    results = abreast(fails_at, range(9))
    assert [next(results) for _ in range(3)] == [0, 1, 2]
    with pytest.raises(OSError, match="No space"):
        next(results)


def test_an_error_of_the_last_work_behind_comes_at_the_end() -> None:
    def written() -> None:
        fails_at(3)

    behind = Behind().__enter__()
    behind.do(written)
    with pytest.raises(OSError, match="No space"):
        behind.__exit__(None, None, None)
    behind = Behind().__enter__()
    behind.do(written)
    behind.__exit__(KeyError, KeyError(), None)  # that one is told


def test_the_next_item_is_made_meanwhile_and_where_the_first_was() -> None:
    made: list[threading.Thread] = []
    second = threading.Event()

    def items() -> Iterator[int]:
        try:
            for number in range(4):
                made.append(threading.current_thread())
                if number == 1:
                    second.set()
                yield number
        finally:
            made.append(threading.current_thread())

    for number in ahead(items()):
        assert second.wait(20)  # nobody asked for it yet
        if number == 2:
            break
    assert len(set(made)) == 1
    assert made[0] is not threading.current_thread()
    assert list(ahead(items())) == [0, 1, 2, 3]


def test_an_error_between_items_is_not_lost() -> None:
    def items() -> Iterator[int]:
        yield 1
        raise ValueError("a damaged page")

    read = ahead(items())
    assert next(read) == 1
    with pytest.raises(ValueError, match="a damaged page"):
        next(read)
