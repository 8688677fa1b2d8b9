"""One value of a TOML file changed, every other character kept."""

import tomllib
from datetime import date
from itertools import takewhile
from typing import Any

import pytest
import tomli_w
from hypothesis import given
from hypothesis import strategies as st

from engine.core.errors import ConfigError
from engine.settings.document import (
    line_of,
    possible_values,
    split_key,
    toml_text,
    with_value,
    without_key,
)
from engine.settings.home import default_settings

# Names that need quotes, or hold what TOML writes with; text with newlines, quotes, escapes and
# signs of the syntax.
NAMES = st.sampled_from(["a", "b-c", "1", "x.y", "with space", "q'q", 'd"d', "ü", "#", "[t]", "="])
TEXTS = st.text(st.sampled_from("ab \"'\\\n\t#=[]{},.é\u2028"), max_size=12)
SCALARS = st.one_of(st.integers(-9, 99), st.booleans(), st.floats(-9, 9), TEXTS, st.dates())
VALUES = st.one_of(SCALARS, st.lists(SCALARS, max_size=3))
TREES = st.dictionaries(
    NAMES,
    st.one_of(
        VALUES,
        st.dictionaries(
            NAMES, st.one_of(VALUES, st.dictionaries(NAMES, VALUES, max_size=2)), max_size=3
        ),
    ),
    max_size=4,
)


def inline(value: Any) -> str:
    """A value in inline form, tables included."""
    if isinstance(value, dict):
        return (
            "{ " + ", ".join(f"{key(name)} = {inline(item)}" for name, item in value.items()) + " }"
        )
    if isinstance(value, list):
        return "[ # inside\n" + "".join(f"  {inline(item)}, # [ }} each\n" for item in value) + "]"
    return toml_text(value)


def key(name: str) -> str:
    return tomli_w.dumps({name: 0}).removesuffix(" = 0\n")


def written(tree: dict[str, Any], draw: Any) -> str:
    """A TOML text of `tree` with comments, in one of its many forms: sections, inline tables,
    dotted keys."""
    head, body = "# first [line] = odd\n", ""
    for name, value in tree.items():
        form = (
            draw(st.sampled_from(["section", "inline", "dotted"]))
            if isinstance(value, dict) and value
            else "inline"
        )
        if form == "section":
            body += f"\n  [ {key(name)} ] # a table\n# {{ lone\n" + "".join(
                f"\t{key(inner)} = {inline(item)} # tail\n" for inner, item in value.items()
            )
        elif form == "dotted" and isinstance(value, dict):
            head += "".join(
                f"{key(name)} . {key(inner)}={inline(item)}\n" for inner, item in value.items()
            )
        else:
            head += f"{key(name)} =  {inline(value)}   # after\n\n"
    return head + body


def paths_of(tree: dict[str, Any], before: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """Every leaf of a tree."""
    paths = []
    for name, value in tree.items():
        paths += paths_of(value, (*before, name)) if isinstance(value, dict) else [(*before, name)]
    return paths


def tree_with(tree: dict[str, Any], path: tuple[str, ...], value: object) -> dict[str, Any]:
    name, *rest = path
    return {**tree, name: tree_with(tree.get(name, {}), tuple(rest), value) if rest else value}


@given(st.data(), TREES, VALUES)
def test_an_existing_key_is_set_in_any_form(
    data: st.DataObject, tree: dict[str, Any], value: object
) -> None:
    """Whatever form a file has, setting a key changes that key alone, and only the lines its
    value stood on."""
    text = written(tree, data.draw)
    if data.draw(st.booleans(), "CRLF"):
        text = text.replace("\n", "\r\n")
    text = (
        text[: -len("\n")]
        if data.draw(st.booleans(), "cut") and not text.endswith("\r\n")
        else text
    )
    assert tomllib.loads(text) == tree
    leaves = paths_of(tree)
    if not leaves:
        return
    path = data.draw(st.sampled_from(leaves))
    result = with_value(text, path, value)

    assert tree_with(tree, path, value) == tomllib.loads(result)
    before = shared(text, result)
    after = shared(text[before:][::-1], result[before:][::-1])
    old = inline(value_at(tree, path)).replace("\n", "\r\n" if "\r\n" in text else "\n")
    assert text[before : len(text) - after] in old


def shared(first: str, other: str) -> int:
    return sum(
        1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(first, other, strict=False))
    )


def value_at(tree: dict[str, Any], path: tuple[str, ...]) -> Any:
    return value_at(tree[path[0]], path[1:]) if path else tree


@given(st.data(), TREES, VALUES)
def test_a_missing_key_is_added_in_any_form(
    data: st.DataObject, tree: dict[str, Any], value: object
) -> None:
    """A key that is not there is added to its section, or its section to the end;
    every line of before stands, in order."""
    text = written(tree, data.draw)
    text = text.removesuffix("\n") if data.draw(st.booleans(), "no final newline") else text
    tables = [
        (),
        *[(name,) for name, item in tree.items() if isinstance(item, dict)],
        ("new section",),
    ]
    path = (*data.draw(st.sampled_from(tables)), "new key")
    result = with_value(text, path, value)

    assert tree_with(tree, path, value) == tomllib.loads(result)
    inside = path[0] in tree and f"[ {key(path[0])} ]" not in text
    if not inside:
        assert _in_order(text.splitlines(), result.splitlines())


def _in_order(part: list[str], whole: list[str]) -> bool:
    rest = iter(whole)
    return all(line in rest for line in part)


def test_only_that_line_differs() -> None:
    """In the packaged settings one line differs after a change."""
    text = default_settings()
    result = with_value(text, ("thresholds", "max_mape"), 4.5)
    pairs = [
        (old, new)
        for old, new in zip(text.splitlines(), result.splitlines(), strict=True)
        if old != new
    ]

    assert [("max_mape = 5.0", "max_mape = 4.5")] == pairs


@pytest.mark.parametrize(
    ("text", "path", "expected"),
    [
        ("[t]\r\na = 1 # why\r\n\r\n[u]\r\n", ("t", "a"), "[t]\r\na = 5 # why\r\n\r\n[u]\r\n"),
        ("[t]\r\na = 1\r\n\r\n[u]\r\n", ("t", "b"), "[t]\r\na = 1\r\nb = 5\r\n\r\n[u]\r\n"),
        ("[t]\na = 1", ("t", "a"), "[t]\na = 5"),
        ("[t]\na = 1", ("t", "b"), "[t]\na = 1\nb = 5"),
        ("[t]\n", ("t", "b"), "[t]\nb = 5\n"),
        ("[t]", ("t", "b"), "[t]\nb = 5"),
        ("[t]\n# last word\n\n[u]\n", ("t", "b"), "[t]\nb = 5\n# last word\n\n[u]\n"),
        ("t = { a = 1, c = [1,\n 2] } # x\n", ("t", "a"), "t = { a = 5, c = [1,\n 2] } # x\n"),
        ("t = { a = 1 } # x\n", ("t", "b"), "t = { a = 1, b = 5 } # x\n"),
        ("t = {}\n", ("t", "b"), "t = { b = 5 }\n"),
        ("t.a = 1\n[u]\n", ("t", "b"), "t.a = 1\nt.b = 5\n[u]\n"),
        (
            "[t]\na = [\n  1, # ] not yet\n  2,\n] # end\nb = 2\n",
            ("t", "a"),
            "[t]\na = 5 # end\nb = 2\n",
        ),
        ('[t]\na = """x\n[u]\na = 9""" # end\n', ("t", "a"), "[t]\na = 5 # end\n"),
        ("[t]\na = '''it''s'''\n", ("t", "a"), "[t]\na = 5\n"),
        ("", ("t", "a"), "[t]\na = 5\n"),
        ("# only this", ("t", "a"), "# only this\n\n[t]\na = 5\n"),
        ("[t.v]\nb = 1\n", ("t", "a"), "[t.v]\nb = 1\n\n[t]\na = 5\n"),
        ('[s]\n"A.B".k = 1\n', ("s", "A.B", "m"), '[s]\n"A.B".k = 1\n"A.B".m = 5\n'),
        ("\ta = 1\n", ("b",), "\ta = 1\n\tb = 5\n"),
    ],
)
def test_a_key_is_set_in_each_form_of_toml(text: str, path: tuple[str, ...], expected: str) -> None:
    """Line ends, comments, arrays, strings and tables of every form survive."""
    assert expected == with_value(text, path, 5)


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("[t\n", ("t", "a")),
        ("t = 1\n", ("t", "a")),
        ("[[t]]\na = 1\n", ("t", "a")),
        ("[t.a]\n", ("t", "a")),
        ("t = { v = {} }\n", ("t", "w", "x")),
    ],
)
def test_a_text_that_cannot_be_edited_is_refused(text: str, path: tuple[str, ...]) -> None:
    """Broken TOML, a scalar where a table is meant, an array of tables, a table as the key: a
    ConfigError."""
    with pytest.raises(ConfigError):
        with_value(text, path, 5)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (5, "5"),
        (0.5, "0.5"),
        (True, "true"),
        ('a"b', '"a\\"b"'),
        ("a\nb", '"a\\nb"'),
        (["a", 1], '["a", 1]'),
        (date(2024, 6, 3), "2024-06-03"),
        ([], "[]"),
    ],
)
def test_a_value_is_written_on_one_line(value: object, expected: str) -> None:
    """A rendered value is one line that TOML reads back."""
    assert expected == toml_text(value)
    assert {"v": value} == tomllib.loads(f"v = {expected}")


def test_a_symbol_may_contain_a_dot() -> None:
    """The last name of symbols.BRK.B.kind is the key."""
    assert ("symbols", "BRK.B", "kind") == split_key("symbols.BRK.B.kind")
    assert ("training", "epochs") == split_key("training.epochs")
    for wrong in ("training", "training.", ".epochs", "symbols.NVDA", ""):
        with pytest.raises(ConfigError):
            split_key(wrong)


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("40", [40, "40"]),
        ("high", ["high"]),
        ('"40"', ["40", '"40"']),
        ("true", [True, "true"]),
        ("40\nw = 1", ["40\nw = 1"]),
        ("{a = 1}", ["{a = 1}"]),
        ("naive,lstm", ["naive,lstm", ["naive", "lstm"]]),
    ],
)
def test_a_typed_word_has_several_meanings(raw: str, expected: list[object]) -> None:
    """A word is TOML first, then text, then a list;
    a second line or a table is never smuggled in."""
    assert expected == list(possible_values(raw))


def test_a_byte_order_mark_is_reported() -> None:
    """A file that begins with a BOM is not edited, and the error says how to save it."""
    with pytest.raises(ConfigError, match="save it as UTF-8 without BOM"):
        with_value("\ufeff[training]\nepochs = 5\n", ("training", "epochs"), 6)


@given(st.data(), TREES)
def test_taking_a_key_out_changes_nothing_else(
    data: st.DataObject, tree: dict[str, object]
) -> None:
    """In any form of a file the key is gone and all else reads the same, or it is refused;
    its line was the right one."""
    text = written(tree, data.draw)
    leaves = paths_of(tree)
    if not leaves:
        return
    path = data.draw(st.sampled_from(leaves))
    line = line_of(text, path)
    assert line is not None
    assert line_of(text, (*path[:-1], "no such key")) is None
    try:
        result = without_key(text, path)
    except ConfigError:
        return
    expected = tomllib.loads(text)
    table = expected
    for name in path[:-1]:
        table = table[name]
    del table[path[-1]]
    assert tomllib.loads(result) == expected
    assert "\n".join(text.split("\n")[: line - 1]) == "\n".join(result.split("\n")[: line - 1])
