"""The names of the months in the languages of the sites that are read."""

from __future__ import annotations

import unicodedata
from functools import cache

# One line a language, January first; `/` parts two forms. Accents and case do not matter, and
# the first letters of a name, three at least, mean it where they mean no other month.
_LANGUAGES = (
    "january february march april may june july august september october november december",
    "januar/janner februar/feber marz april mai juni juli august september oktober november"
    " dezember",
    "janvier fevrier mars avril mai juin juillet aout septembre octobre novembre decembre",
    "enero febrero marzo abril mayo junio julio agosto septiembre/setiembre octubre noviembre"
    " diciembre",
    "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre",
    "janeiro fevereiro marco abril maio junho julho agosto setembro outubro novembro dezembro",
    "januari februari maart/mrt april mei juni juli augustus september oktober november december",
    "januari februari mars april maj juni juli augusti september oktober november december",
    "januar februar mars/marts april mai/maj juni juli august september oktober november desember",
    "stycznia/styczen lutego/luty marca/marzec kwietnia/kwiecien maja/maj czerwca/czerwiec"
    " lipca/lipiec sierpnia/sierpien wrzesnia/wrzesien pazdziernika/pazdziernik"
    " listopada/listopad grudnia/grudzien",
    "ocak subat mart nisan mayis haziran temmuz agustos eylul ekim kasim aralik",
    "января февраля марта апреля мая/май июня июля августа сентября октября ноября декабря",
    "январь февраль март апрель май июнь июль август сентябрь октябрь ноябрь декабрь",
)
_LETTERS = 3


def _plain(text: str) -> str:
    split = unicodedata.normalize("NFKD", text.casefold().replace("ı", "i"))
    return "".join(letter for letter in split if not unicodedata.combining(letter))


@cache
def _months_of() -> dict[str, frozenset[int]]:
    """By the first letters of a name the months that they can mean."""
    months: dict[str, set[int]] = {}
    for language in _LANGUAGES:
        for month, forms in enumerate(language.split(), 1):
            for name in _plain(forms).split("/"):
                for end in range(min(_LETTERS, len(name)), len(name) + 1):
                    months.setdefault(name[:end], set()).add(month)
    return {letters: frozenset(numbers) for letters, numbers in months.items()}


def month_of(text: str) -> int | None:
    """The month of a name or its first letters; None where it is none, or could be two."""
    months = _months_of().get(_plain(text), frozenset())
    return next(iter(months)) if len(months) == 1 else None
