"""The header names that programs give the columns of daily bars: one row a column.

A name is added as a word in `NAMES`; case, accents, punctuation and units do not matter.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from functools import cache

BARS = ("date", "open", "high", "low", "close", "volume")
"""The columns a file must have."""

NAMES: dict[str, tuple[str, ...]] = {
    # Of two names in one file the one further left here is used: `Close` before `Last`.
    "date": (
        *("date", "datum", "fecha", "data", "datetime", "date time", "exchange date", "dates"),
        *("trade date", "trading date", "trading day", "dtyyyymmdd", "timestamp", "time"),
        *("local time", "gmt time", "window start", "ts event", "day", "tag", "jour", "tarih"),
        *("dato", "dag", "dzien", "den", "pvm", "дата", "日付", "日期", "交易日期", "时间", "날짜"),
        *("일자", "d", "t"),
        *("begins at", "quote date", "pricing date", "business date", "effective date"),
    ),
    "open": (
        *("open", "open price", "opening price", "px open", "opening", "erster", "eroffnung"),
        *(
            "eroeffnung",
            "eroffn",
            "eroffnungskurs",
            "eroeffnungskurs",
            "ouverture",
            "ouv",
            "ouvert",
        ),
        *(
            "apertura",
            "abertura",
            "otwarcie",
            "openen",
            "oppning",
            "oppen",
            "oppningskurs",
            "apning",
        ),
        *(
            "abning",
            "aabning",
            "offen",
            "offnen",
            "abrir",
            "aperto",
            "otevreni",
            "oteviraci",
            "nyitas",
            "nyito",
            "acilis",
            "avaus",
        ),
        *(
            "открытие",
            "откр",
            "цена открытия",
            "始値",
            "开盘",
            "开盘价",
            "開盤",
            "開盤價",
            "시가",
            "o",
        ),
    ),
    "high": (
        *("high", "high price", "px high", "day high", "hoch", "tageshoch", "hochst", "hochstkurs"),
        *(
            "hoechst",
            "hoechstkurs",
            "alto",
            "eleve",
            "haut",
            "plus haut",
            "maximo",
            "max",
            "maxima",
            "massimo",
        ),
        *("maximum", "najwyzszy", "hoog", "hoogste", "hogst", "hogsta", "hog", "hoj", "hoy"),
        *("hojeste", "hoyest", "nejvyssi", "legmagasabb", "yuksek", "en yuksek", "ylin", "макс"),
        *("максимум", "максимальная", "高値", "最高", "最高价", "最高價", "高", "고가", "h"),
        *("highest", "highest price", "max price"),
    ),
    "low": (
        *("low", "low price", "px low", "day low", "tief", "tagestief", "tiefst", "tiefstkurs"),
        *(
            "niedrig",
            "basso",
            "baixo",
            "bas",
            "plus bas",
            "minimo",
            "min",
            "minima",
            "minimum",
            "najnizszy",
            "laag",
            "laagste",
        ),
        *("lagst", "lagsta", "lag", "lav", "laveste", "lavest", "nejnizsi", "legalacsonyabb"),
        *("dusuk", "en dusuk", "alin", "мин", "минимум", "минимальная", "安値", "最低", "最低价"),
        *("最低價", "低", "저가", "l"),
        *("lowest", "lowest price", "min price"),
    ),
    "close": (
        *("close", "close price", "closing price", "close last", "px last", "px close"),
        *("close close price adjusted for splits", "last", "last price", "ltp", "schluss"),
        *("schlusskurs", "letzter", "zuletzt", "cloture", "clot", "dernier", "fermeture", "cierre"),
        *("schliessen", "fermer", "cerrar", "ultimo", "chiusura", "fechamento", "zamkniecie"),
        *("ostatnio", "slot", "slotkoers", "laatst", "laatste", "stangning", "stangningskurs"),
        *("senaste", "slutkurs", "siste", "sluttkurs", "lukke", "lukkekurs", "seneste", "uzavreni"),
        *("zaviraci", "posledni", "zaras", "zaro", "utolso", "kapanis", "simdi", "paatos"),
        *("закрытие", "закр", "цена закрытия", "終値", "收盘", "收盘价", "收盤", "收盤價", "종가"),
        *("price", "цена", "kurs", "cena", "cours", "prezzo", "preco", "precio", "fiyat", "c"),
        *("closing", "last trade", "latest price"),
    ),
    "volume": (
        *("number of shares", "shares traded", "stuck", "stucke", "stueck", "stuecke"),
        *("volume", "volumes", "total volume", "share volume", "px volume", "vol", "volumen"),
        *("umsatz", "volumi", "wolumen", "wol", "omsetning", "omsattning", "objem", "forgalom"),
        *("hacim", "hac", "vaihto", "объем", "объём", "出来高", "成交量", "交易量", "거래량"),
        *("tickvol", "tick volume", "qty", "quantity", "v"),
        *("volume traded", "traded volume", "trade volume", "total traded quantity"),
    ),
    "ticker": ("ticker", "symbol", "act symbol"),
    "period": ("per", "period"),
    "split": ("splitfactor", "split factor", "split coefficient", "split ratio"),
}
"""The names of each column, as `plain_name` spells them; the last four are not needed."""

_NO_ACCENT = str.maketrans({"ł": "l", "ø": "o", "đ": "d", "ı": "i", "æ": "ae", "œ": "oe"})
_PREFIX = re.compile(r"^\s*\d+\.\s+")
_UNIT = re.compile(
    r"[(\[]\s*(?:[$€£]|us\$|us dollar|usd|eur|gbp|shares|stk|stuck|local|utc|et|est|edt)\s*[)\]]"
    r"|,\s*usd\s*$"
)
_PUNCTUATION = re.compile(r"[\s_\-/.,:*<>\"'#|]+")


def plain_name(text: str) -> str:
    """A header as `NAMES` has it: no case, accents, punctuation, number before it or unit."""
    split = unicodedata.normalize("NFKD", text.casefold().translate(_NO_ACCENT))
    letters = "".join(letter for letter in split if not unicodedata.combining(letter))
    return _PUNCTUATION.sub(" ", _UNIT.sub(" ", _PREFIX.sub("", letters))).strip()


@cache
def _columns_of() -> Mapping[str, tuple[str, int]]:
    """By plain name the column it means and its rank among the names of that column."""
    return {
        plain_name(name): (column, rank)
        for column, names in NAMES.items()
        for rank, name in enumerate(names)
    }


def column_of(header: str) -> str | None:
    """The column that a header means; None for one that is not read."""
    known = _columns_of().get(plain_name(header))
    return known[0] if known else None


def columns_of(headers: Sequence[str]) -> dict[str, list[int]]:
    """By column the places of its best name: two places where a header stands twice."""
    places: dict[str, list[int]] = {}
    best: dict[str, int] = {}
    for place, header in enumerate(headers):
        column, rank = _columns_of().get(plain_name(header), ("", 0))
        if not column or rank > best.get(column, rank):
            continue
        if rank < best.get(column, rank + 1):
            best[column] = rank
            places[column] = []
        places[column].append(place)
    if "date" not in places and headers and not headers[0].strip():
        places["date"] = [0]  # an index without a name, as pandas writes it
    return places
