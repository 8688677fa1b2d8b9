"""What is typed reaches the screen on top in its order, whatever the screens do meanwhile."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual import events

from tests.tui.helpers import opened, screen_text, until
from tests.tui.scenes import trained_home
from tui.screens.typed_keys import TypedKeys


class FakeScreen:
    """Keeps what it was given, and handles it when the test says so."""

    def __init__(self, listens: bool = True) -> None:
        self.listens = listens
        self.queue: list[events.Event] = []

    def post_message(self, message: events.Event) -> bool:
        self.queue.append(message)
        return True


def key(letter: str) -> events.Key:
    return events.Key(letter, letter)


def handle(keys: TypedKeys, screen: FakeScreen, top: FakeScreen) -> str:
    """The letter that `screen` acts on next; empty when it was taken back."""
    event = screen.queue.pop(0)
    assert isinstance(event, events.Key)
    if not keys.begin(screen, event):
        return ""
    keys.end(top)
    return event.key


def test_keys_typed_while_a_prompt_opens_reach_it_in_order() -> None:
    """The first key opens a prompt: those behind it, old and new, wait for its drawing."""
    keys, old, prompt = TypedKeys(), FakeScreen(), FakeScreen(listens=False)
    for letter in "/SM":
        keys.add(key(letter), old)

    opened_by = old.queue.pop(0)
    assert isinstance(opened_by, events.Key)
    assert keys.begin(old, opened_by)
    keys.add(key("R"), prompt)  # it is on top, the key that opened it still runs
    keys.end(prompt)
    assert (old.queue, prompt.queue) == ([], [])

    prompt.listens = True
    keys.give(prompt)
    assert [handle(keys, prompt, prompt) for _ in "SMR"] == ["S", "M", "R"]


def test_a_key_given_to_a_screen_that_was_left_goes_to_the_next_screen() -> None:
    """The screen went away by itself between the key and its turn: the key is not lost."""
    keys, old, top = TypedKeys(), FakeScreen(), FakeScreen()
    keys.add(key("j"), old)
    keys.give(top)

    assert handle(keys, old, top) == ""
    assert handle(keys, top, top) == "j"


def test_a_question_drops_what_was_typed_before_it() -> None:
    """What waits is forgotten; what is typed later arrives."""
    keys, question = TypedKeys(), FakeScreen(listens=False)
    keys.add(key("y"), question)
    keys.forget()
    question.listens = True
    keys.add(key("n"), question)

    assert handle(keys, question, question) == "n"


@given(st.lists(st.sampled_from(["type", "handle", "open", "draw", "close"]), max_size=60))
def test_no_interleaving_changes_the_order(steps: list[str]) -> None:
    """However typing, handling, opening, drawing and closing mix, each key acts once, in order."""
    keys, bottom = TypedKeys(), FakeScreen()
    stack, typed, acted = [bottom], 0, []
    screens = [bottom]

    def work() -> bool:
        for screen in screens:
            if screen.queue:
                acted.append(handle(keys, screen, stack[-1]))
                return True
        return False

    for step in steps:
        if step == "type":
            keys.add(key(str(typed)), stack[-1])
            typed += 1
        elif step == "handle":
            work()
        elif step == "open":
            stack.append(FakeScreen(listens=False))
            screens.append(stack[-1])
        elif step == "draw":
            stack[-1].listens = True
            keys.give(stack[-1])
        elif len(stack) > 1:
            stack.pop()
            keys.give(stack[-1])
    stack[-1].listens = True
    keys.give(stack[-1])
    while work():
        pass

    assert [letter for letter in acted if letter] == [str(number) for number in range(typed)]


@pytest.mark.parametrize("letters", ["SMR", "PLTR", "NVDA"])
async def test_a_filter_is_whole_however_its_letters_fall(tmp_path: Path, letters: str) -> None:
    """Letters posted one by one while the prompt is being built stand in it as typed."""
    async with opened(tmp_path / "home", trained_home()) as (app, _, pilot):
        app.post_message(events.Key("slash", "/"))
        for letter in letters:
            await pilot.pause(0)
            app.post_message(key(letter))
        app.post_message(events.Key("enter", None))

        await until(pilot, lambda: f"/{letters} 1 of 13" in screen_text(app), "the filter")
