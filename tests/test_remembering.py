"""hub.remembering: the last things that were done."""

from hub.remembering import Remembered


def test_the_oldest_is_forgotten_and_what_is_added_again_is_young() -> None:
    done = Remembered(most=2)
    done.add("a")
    done.add("b")
    done.add("a")
    done.add("c")
    assert ("a" in done, "b" in done, "c" in done) == (True, False, True)
