"""Our block: spliced as bytes, found by exact markers, and nothing else of the tab is touched."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.errors import RefusedError, UsageError
from engine.core.paths import Home
from engine.schedule.block import (
    find_block,
    find_blocks,
    foreign_bytes,
    keeps_foreign_bytes,
    render_block,
    splice,
)
from engine.schedule.expression import parse
from engine.schedule.job_lines import JobLine, with_line
from engine.schedule.jobs import shell_command
from tests.schedule.corpus import CORPUS
from tests.schedule.expressions import generated
from tests.schedule.fakes import PROGRAM, standard_lines

HOME = Home(Path("/home/op/my stocks 100% it's"))
OTHER = Home(Path("/srv/stocks"))


def test_a_block_is_rendered_between_its_markers() -> None:
    """Markers with the home and the digest, one absolute command a line, a paused job as a
    comment."""
    home = Home(Path("/home/op/stocks"))
    lines = standard_lines(home, Path("/opt/bin/stockml"))
    lines = with_line(lines, JobLine("clean", "0 3 * * *", lines[-1].command, enabled=False))
    assert (
        render_block(home, lines).decode()
        == "# BEGIN stockml /home/op/stocks v1 75756b264cbe - managed by `stockml schedule`; edit"
        " there\n0 2 * * 0 /opt/bin/stockml cron-run weekly --home /home/op/stocks\n0 6,12,18 *"
        " * 1-5 /opt/bin/stockml cron-run performance --home /home/op/stocks\n0 1 1 * *"
        " /opt/bin/stockml cron-run monthly --home /home/op/stocks\n# 0 3 * * * /opt/bin/stockml"
        " cron-run clean --home /home/op/stocks\n# END stockml /home/op/stocks\n"
    )


def test_percent_signs_are_escaped_and_blanks_quoted() -> None:
    """A home that holds both stands in the line as cron and any shell need it."""
    block = render_block(HOME, standard_lines(HOME))
    assert (
        b"'/opt/stock ml/bin/stockml' cron-run weekly --home '/home/op/my stocks 100\\%"
        b" it'\"'\"'s'\n" in block
    )
    parsed = find_block(block, HOME)
    assert parsed is not None and parsed.lines == standard_lines(HOME)


@pytest.mark.parametrize("tab", CORPUS)
def test_no_byte_of_the_corpus_changes(tab: bytes) -> None:
    """Install, edit, pause and remove leave every tab of the corpus as it was."""
    lines = standard_lines(HOME)
    installed = splice(tab, HOME, lines)
    assert (
        installed is not None
        and installed.startswith(tab)
        and foreign_bytes(installed, HOME) == tab
    )
    edited = splice(
        installed,
        HOME,
        with_line(lines, JobLine("weekly", "5 5 * * 1", lines[0].command, enabled=False)),
    )
    assert edited is not None and foreign_bytes(edited, HOME) == tab
    assert splice(edited, HOME, ()) == tab


@given(st.lists(st.binary(max_size=40), max_size=8), st.lists(st.binary(max_size=40), max_size=8))
def test_a_block_is_replaced_in_place(head: list[bytes], tail: list[bytes]) -> None:
    """Bytes before and after the block stay before and after it."""
    before = b"".join(part.replace(b"stockml", b"") + b"\n" for part in head)
    after = b"\n".join(part.replace(b"stockml", b"") for part in tail)
    block = render_block(HOME, standard_lines(HOME))
    changed = splice(before + block + after, HOME, standard_lines(HOME)[:1])
    assert changed == before + render_block(HOME, standard_lines(HOME)[:1]) + after
    assert splice(changed, HOME, ()) == before + after


def test_a_missing_last_newline_is_the_one_byte_that_may_be_added() -> None:
    """cron takes no tab without it; anything more would be a change outside."""
    assert splice(b"0 1 * * * x", HOME, standard_lines(HOME)) == b"0 1 * * * x\n" + render_block(
        HOME, standard_lines(HOME)
    )
    assert (
        keeps_foreign_bytes(b"a", b"a\n", HOME)
        and not keeps_foreign_bytes(b"a\n", b"a\n\n", HOME)
        and not keeps_foreign_bytes(b"a", b"b\n", HOME)
    )
    assert keeps_foreign_bytes(None, b"", HOME) and not keeps_foreign_bytes(b"a\n", None, HOME)


def test_two_homes_have_a_block_each() -> None:
    """Editing one leaves every byte of the other."""
    both = splice(splice(b"A=1\n", HOME, standard_lines(HOME)), OTHER, standard_lines(OTHER))
    blocks, faults = find_blocks(both)
    assert [block.home for block in blocks] == [HOME.root, OTHER.root] and faults == ()
    assert splice(both, HOME, ()) == b"A=1\n" + render_block(OTHER, standard_lines(OTHER))


def test_an_edit_by_hand_is_noticed() -> None:
    """A line changed, added or taken out between the markers does not have the digest that was
    written."""
    block = render_block(HOME, standard_lines(HOME))
    for edited in (
        block.replace(b"0 2 * * 0", b"0 4 * * 0"),
        block.replace(b"0 3 * * *", b"# 0 3 * * *"),
        block + b"",
    ):
        parsed = find_block(edited, HOME)
        assert parsed is not None and parsed.edited == (edited != block)
    parsed = find_block(block.replace(b"# END", b"7 7 * * * my own line\n# END"), HOME)
    assert (
        parsed is not None and parsed.edited and parsed.foreign_lines == ("7 7 * * * my own line",)
    )


def _broken() -> list[tuple[str, bytes]]:
    block = render_block(HOME, standard_lines(HOME))
    lines = block.splitlines(keepends=True)
    return [
        ("a begin marker without its end", b"".join(lines[:-1])),
        ("an end marker without its begin", b"".join(lines[1:])),
        ("an end marker without its begin", b"".join([lines[-1], *lines[1:-1], lines[0]])),
        ("a second block", block + block),
        ("a begin marker without its end", lines[0] + block),
        ("a damaged marker", block.replace(b"# BEGIN stockml", b"# BEGIN  stockml")),
        ("a damaged marker", block.replace(b"edit there\n", b"edit there\r\n")),
        ("a damaged marker", b"  " + block),
        ("a newer stockml", block.replace(b" v1 ", b" v2 ")),
    ]


@pytest.mark.parametrize(("says", "tab"), _broken())
def test_damaged_markers_are_refused_with_their_lines_named(says: str, tab: bytes) -> None:
    """Nothing is guessed: the user is told which line, and no tab is made."""
    with pytest.raises(RefusedError, match=r"line \d+: ") as caught:
        splice(tab, HOME, standard_lines(HOME))
    assert says in caught.value.message and "crontab -e" in caught.value.hint


def test_a_damaged_block_of_another_home_blocks_nothing() -> None:
    """Its markers are reported, ours are spliced."""
    damaged = render_block(OTHER, standard_lines(OTHER)).partition(b"# END")[0]
    tab = splice(damaged, HOME, standard_lines(HOME))
    assert tab == damaged + render_block(HOME, standard_lines(HOME))
    assert "without its end" in find_blocks(tab)[1][0].text


@pytest.mark.parametrize("root", ["/home/a\nb", "/home/a\tb", "/home/a\\b", f"/{'x' * 1000}"])
def test_a_path_that_cron_cannot_carry_is_refused(root: str) -> None:
    """Line breaks, control characters, backslashes and commands beyond 998 bytes never reach a
    tab."""
    home = Home(Path(root))
    with pytest.raises(UsageError):
        render_block(home, [JobLine("weekly", "0 2 * * 0", shell_command(PROGRAM, "weekly", home))])


@pytest.mark.parametrize("root", ["/home/a #b", "/home/#b"])
def test_a_path_that_python_crontab_would_cut_is_refused(root: str) -> None:
    """python-crontab takes what follows a # for a comment; such a line is never built."""
    home = Home(Path(root))
    with pytest.raises(UsageError, match="cannot be used in a crontab line"):
        render_block(home, [JobLine("serve", "@reboot", shell_command(PROGRAM, "serve", home))])


def test_every_accepted_expression_keeps_its_meaning_in_the_tab() -> None:
    """A thousand generated expressions come back from the built block with the same values and
    the same day rule."""
    for text in generated(1000, seed=21):
        expression = parse(text)
        parsed = find_block(
            render_block(OTHER, [JobLine("weekly", text, shell_command(PROGRAM, "weekly", OTHER))]),
            OTHER,
        )
        assert (
            parsed is not None
            and not parsed.edited
            and parsed.lines[0].expression == expression.text
        )
        raw = (
            render_block(OTHER, [JobLine("weekly", text, shell_command(PROGRAM, "weekly", OTHER))])
            .splitlines()[1]
            .decode()
        )
        read = parse(" ".join(raw.split()[:5]))
        assert (read.minutes, read.hours, read.days, read.months, read.weekdays) == (
            expression.minutes,
            expression.hours,
            expression.days,
            expression.months,
            expression.weekdays,
        ), text
        assert (read.wildcard, read.either_day) == (
            expression.wildcard,
            expression.either_day,
        ), text
