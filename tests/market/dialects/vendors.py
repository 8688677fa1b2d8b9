"""One made-up series in the shapes in which programs and sites write it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime

from engine.market import calendar

DAYS = calendar.sessions_between(date(2024, 2, 20), date(2024, 4, 19))


def _bar(k: int) -> tuple[float, float, float, float, int]:
    open_ = 47.5 + (k * 37 % 23) / 100
    close = open_ + (k * 53 % 31 - 15) / 100
    high, low = max(open_, close) + 0.37, min(open_, close) - 0.41
    open_, high, low, close = (round(price, 2) for price in (open_, high, low, close))
    return open_, high, low, close, 4_000_000 + k * 71_317


BARS = tuple(_bar(k) for k in range(len(DAYS)))
GERMAN_MONTHS = ("", "Jan.", "Feb.", "März", "Apr.")


def point(number: float) -> str:
    return f"{number:.2f}"


def comma(number: float) -> str:
    return f"{number:.2f}".replace(".", ",")


def short(shares: int, decimal: str = ".") -> str:
    """4.74M"""
    return f"{shares / 1e6:.2f}M".replace(".", decimal)


def unix(day: date, hour: int = 14, minute: int = 30) -> int:
    return int(datetime(day.year, day.month, day.day, hour, minute, tzinfo=UTC).timestamp())


@dataclass(frozen=True, kw_only=True)
class Shape:
    """How a program writes a file of MP."""

    row: str
    """A row, formatted with d o h l c v k, and O H L C with a decimal comma."""
    head: str = ""
    foot: str = ""
    newest_first: bool = False
    end: str = "\n"
    encoding: str = "utf-8"
    form: Callable[[date], str] = date.isoformat
    rounded: bool = False
    """Volumes are rounded to 10,000."""

    def write(self) -> bytes:
        """The file."""
        rows = [self._row(day, bar) for day, bar in zip(DAYS, BARS, strict=True)]
        rows = rows[::-1] if self.newest_first else rows
        lines = [*self.head.splitlines(), *rows, *self.foot.splitlines()]
        return (self.end.join(lines) + self.end).encode(self.encoding)

    def _row(self, day: date, bar: tuple[float, float, float, float, int]) -> str:
        *prices, shares = bar
        texts = dict(zip("ohlc", map(point, prices), strict=True))
        commas = dict(zip("OHLC", map(comma, prices), strict=True))
        return self.row.format(
            d=day,
            t=self.form(day),
            **texts,
            **commas,
            v=shares,
            m=short(shares),
            M=short(shares, ","),
            g=f"{shares:,}".replace(",", "."),
            b=f"{shares:,}".replace(",", "\u202f"),
            s=unix(day),
        )


def us_long(day: date) -> str:
    return f"{day:%A}, {day:%B} {day.day}, {day.year}"


def german(day: date) -> str:
    return f"{day.day}. {GERMAN_MONTHS[day.month]} {day.year}"


def serial(day: date) -> str:
    return str((day - date(1899, 12, 30)).days)


def mac_serial(day: date) -> str:
    return str((day - date(1904, 1, 1)).days)


def us_plain(day: date) -> str:
    return f"{day.month}/{day.day}/{day.year}"


OHLCV = "{t},{o},{h},{l},{c},{v}"
GERMAN = "{d:%d.%m.%Y};{O};{H};{L};{C};{v}"
SHAPES = {
    "stooq": Shape(head="Date,Open,High,Low,Close,Volume", row=OHLCV, end="\r\n"),
    "stooq in Polish": Shape(
        head="Data,Otwarcie,Najwyzszy,Najnizszy,Zamkniecie,Wolumen", row=OHLCV, end="\r\n"
    ),
    "stooq in Hungarian": Shape(
        head="Dátum,Nyitás,Legmagasabb,Legalacsonyabb,Zárás,Forgalom", row=OHLCV
    ),
    "stooq in Czech": Shape(head="Datum,Otevření,Nejvyšší,Nejnižší,Uzavření,Objem", row=OHLCV),
    "stooq in Polish, cp1250": Shape(
        head="Data;Otwarcie;Najwyższy;Najniższy;Zamknięcie;Wolumen",
        row="{d};{O};{H};{L};{C};{v}",
        encoding="cp1250",
    ),
    "stooq, bulk": Shape(
        head="<TICKER>,<PER>,<DATE>,<TIME>,<OPEN>,<HIGH>,<LOW>,<CLOSE>,<VOL>,<OPENINT>",
        row="MP.US,D,{d:%Y%m%d},000000,{o},{h},{l},{c},{v},0",
    ),
    "finam": Shape(
        head="<TICKER>;<PER>;<DATE>;<TIME>;<OPEN>;<HIGH>;<LOW>;<CLOSE>;<VOL>",
        row="MP;D;{d:%d/%m/%y};00:00:00;{o};{h};{l};{c};{v}",
    ),
    "investing": Shape(
        head='"Date","Price","Open","High","Low","Vol.","Change %"',
        row='"{d:%m/%d/%Y}","{c}","{o}","{h}","{l}","{m}","0.42%"',
        newest_first=True,
        encoding="utf-8-sig",
        rounded=True,
    ),
    "investing, older": Shape(
        head='"Date","Price","Open","High","Low","Vol.","Change %"',
        row='"{d:%b %d, %Y}","{c}","{o}","{h}","{l}","{m}","-0.42%"',
        foot='"Highest: 50.15","Lowest: 46.99","Difference: 3.16","Average: 48.1","Change %: 1.2"',
        newest_first=True,
        rounded=True,
    ),
    "investing in German": Shape(
        head='"Datum","Zuletzt","Eröffn.","Hoch","Tief","Vol.","+/- %"',
        row='"{d:%d.%m.%Y}","{C}","{O}","{H}","{L}","{M}","0,42%"',
        newest_first=True,
        encoding="utf-8-sig",
        rounded=True,
    ),
    "investing in French": Shape(
        head='"Date","Dernier","Ouv."," Plus Haut","Plus Bas","Vol.","Variation %"',
        row='"{d:%d/%m/%Y}","{C}","{O}","{H}","{L}","{M}","0,42%"',
        newest_first=True,
        rounded=True,
    ),
    "investing in Spanish": Shape(
        head='"Fecha","Último","Apertura","Máximo","Mínimo","Vol.","% var."',
        row='"{d:%d.%m.%Y}","{C}","{O}","{H}","{L}","{M}","0,42%"',
        rounded=True,
    ),
    "investing in Italian": Shape(
        head='"Data","Ultimo","Apertura","Massimo","Minimo","Vol.","Var. %"',
        row='"{d:%d.%m.%Y}","{C}","{O}","{H}","{L}","{M}","0,42%"',
        rounded=True,
    ),
    "investing in Portuguese": Shape(
        head='"Data","Último","Abertura","Máxima","Mínima","Vol.","Var%"',
        row='"{d:%d.%m.%Y}","{C}","{O}","{H}","{L}","{M}","0,42%"',
        rounded=True,
    ),
    "investing in Dutch": Shape(
        head='"Datum","Laatst","Open","Hoog","Laag","Vol.","Verschil %"',
        row='"{d:%d-%m-%Y}","{C}","{O}","{H}","{L}","{M}","0,42%"',
        rounded=True,
    ),
    "investing in Polish": Shape(
        head='"Data","Ostatnio","Otwarcie","Max.","Min.","Wol.","Zmiana%"',
        row='"{d:%d.%m.%Y}","{C}","{O}","{H}","{L}","{M}","0,42%"',
        rounded=True,
    ),
    "investing in Russian": Shape(
        head='"Дата","Цена","Откр.","Макс.","Мин.","Объём","Изм. %"',
        row='"{d:%d.%m.%Y}","{C}","{O}","{H}","{L}","{M}","0,42%"',
        rounded=True,
    ),
    "investing in Turkish": Shape(
        head='"Tarih","Şimdi","Açılış","Yüksek","Düşük","Hac.","Fark %"',
        row='"{d:%d.%m.%Y}","{C}","{O}","{H}","{L}","{M}","0,42%"',
        rounded=True,
    ),
    "investing in Japanese": Shape(
        head='"日付","終値","始値","高値","安値","出来高","変化率 %"',
        row='"{d:%Y年%m月%d日}","{c}","{o}","{h}","{l}","{m}","0.42%"',
        rounded=True,
    ),
    "investing in Korean": Shape(
        head='"날짜","종가","시가","고가","저가","거래량","변동 %"',
        row='"{d:%Y- %m- %d}","{c}","{o}","{h}","{l}","{m}","0.42%"',
        rounded=True,
    ),
    "investing in Chinese": Shape(
        head='"日期","收盘","开盘","高","低","交易量","涨跌幅"',
        row='"{d.year}年{d.month}月{d.day}日","{c}","{o}","{h}","{l}","{m}","0.42%"',
        rounded=True,
    ),
    "tradingview, unix": Shape(
        head="time,open,high,low,close,Volume,Volume MA", row="{s},{o},{h},{l},{c},{v},NaN"
    ),
    "tradingview, ISO": Shape(
        head="time,open,high,low,close,Volume", row="{d}T13:30:00Z,{o},{h},{l},{c},{v}"
    ),
    "tradingview, ISO in New York": Shape(
        head="time,open,high,low,close,Volume", row="{d}T09:30:00-05:00,{o},{h},{l},{c},{v}"
    ),
    "tradingview, a chart in Tokyo": Shape(
        head="time,open,high,low,close,Volume", row="{d}T23:30:00+09:00,{o},{h},{l},{c},{v}"
    ),
    "alpha vantage": Shape(
        head="timestamp,open,high,low,close,volume", row=OHLCV, newest_first=True, end="\r\n"
    ),
    "alpha vantage, adjusted": Shape(
        head=(
            "timestamp,open,high,low,close,adjusted_close,volume,dividend_amount,split_coefficient"
        ),
        row="{d},{o},{h},{l},{c},12.3,{v},0.0000,1.0",
        newest_first=True,
    ),
    "alpha vantage, Python": Shape(
        head="date,1. open,2. high,3. low,4. close,5. volume", row="{d},{o},{h},{l},{c},{v}.0"
    ),
    "tiingo": Shape(
        head=(
            "date,close,high,low,open,volume,adjClose,adjHigh,adjLow,adjOpen,adjVolume,divCash,"
            "splitFactor"
        ),
        row="{d}T00:00:00.000Z,{c},{h},{l},{o},{v},1.1,1.2,1.0,1.1,99,0.0,1.0",
    ),
    "polygon, REST": Shape(
        head="v,vw,o,c,h,l,t,n",
        row="{v},47.9,{o},{c},{h},{l},{t},4711",
        form=lambda day: f"{unix(day, 5, 0)}000",
    ),
    "polygon, flat file": Shape(
        head="ticker,volume,open,close,high,low,window_start,transactions",
        row="MP,{v},{o},{c},{h},{l},{t},4711",
        form=lambda day: f"{unix(day, 5, 0)}000000000",
    ),
    "alpaca": Shape(
        head="symbol,timestamp,open,high,low,close,volume,trade_count,vwap",
        row="MP,{d} 05:00:00+00:00,{o},{h},{l},{c},{v}.0,4711.0,47.9",
    ),
    "IBKR, frame": Shape(
        head=",date,open,high,low,close,volume,average,barCount",
        row="7,{d},{o},{h},{l},{c},{v},47.9,4711",
    ),
    "IBKR, TWS": Shape(
        head="Date,Open,High,Low,Close,Volume",
        row="{d:%Y%m%d}  00:00:00,{o},{h},{l},{c},{v}",
    ),
    "IBKR, TWS with zone": Shape(
        head="date,open,high,low,close,volume",
        row="{d:%Y%m%d} 16:00:00 US/Eastern,{o},{h},{l},{c},{v}",
    ),
    "metatrader 4": Shape(row="{d:%Y.%m.%d},00:00,{o},{h},{l},{c},{v}", end="\r\n"),
    "metatrader 5": Shape(
        head="<DATE>\t<OPEN>\t<HIGH>\t<LOW>\t<CLOSE>\t<TICKVOL>\t<VOL>\t<SPREAD>",
        row="{d:%Y.%m.%d}\t{o}\t{h}\t{l}\t{c}\t811\t{v}\t2",
    ),
    "metatrader, UTF-16": Shape(
        row="{d:%Y.%m.%d},00:00,{o},{h},{l},{c},{v}", encoding="utf-16", end="\r\n"
    ),
    "metastock": Shape(
        head="<TICKER>,<DTYYYYMMDD>,<OPEN>,<HIGH>,<LOW>,<CLOSE>,<VOL>",
        row="MP,{d:%Y%m%d},{o},{h},{l},{c},{v}",
    ),
    "ninjatrader": Shape(row="{d:%Y%m%d};{o};{h};{l};{c};{v}"),
    "amibroker": Shape(row="MP,{d:%Y-%m-%d},{o},{h},{l},{c},{v}"),
    "bloomberg": Shape(
        head=(
            "Security,MP US Equity,,,,\nStart Date,2/20/2024,,,,\nEnd Date,4/19/2024,,,,\n"
            "Period,D,,,,\n,,,,,\nDate,PX_OPEN,PX_HIGH,PX_LOW,PX_LAST,PX_VOLUME"
        ),
        row="{t},{o},{h},{l},{c},{v}",
        form=us_plain,
        newest_first=True,
    ),
    "bloomberg, titles": Shape(
        head="Date,Open Price,High Price,Low Price,Last Price,Volume",
        row="{d:%m/%d/%y},{o},{h},{l},{c},{v}",
        foot="2/19/2024,#N/A N/A,#N/A N/A,#N/A N/A,#N/A N/A,#N/A N/A",
    ),
    "refinitiv": Shape(
        head="Exchange Date,Close,Net,%Chg,Open,Low,High,Volume,Turnover - USD",
        row='{d:%d-%b-%Y},{c},0.1,+0.2%,{o},{l},{h},"{v:,}",1',
        newest_first=True,
    ),
    "nasdaq": Shape(
        head="Date,Close/Last,Volume,Open,High,Low",
        row="{d:%m/%d/%Y},${c},{v},${o},${h},${l}",
        newest_first=True,
    ),
    "nasdaq, thousands": Shape(
        head='"Date","Close/Last","Volume","Open","High","Low"',
        row='"{d:%m/%d/%Y}"," ${c}"," {v:,}"," ${o}"," ${h}"," ${l}"',
        newest_first=True,
    ),
    "google, old": Shape(
        head="\ufeffDate,Open,High,Low,Close,Volume",
        row="{t},{o},{h},{l},{c},{v}",
        form=lambda day: f"{day.day}-{day:%b-%y}",
        newest_first=True,
    ),
    "google sheets": Shape(
        head="Date,Open,High,Low,Close,Volume",
        row="{t} 16:00:00,{o},{h},{l},{c},{v}",
        form=us_plain,
    ),
    "wsj": Shape(
        head=" Date, Open, High, Low, Close, Volume",
        row="{d:%m/%d/%y}, {o}, {h}, {l}, {c}, {v}",
        newest_first=True,
    ),
    "marketwatch": Shape(
        head="Date,Open,High,Low,Close,Volume",
        row='{d:%m/%d/%Y},"${o}","${h}","${l}","${c}","{v:,}"',
        newest_first=True,
    ),
    "barchart": Shape(
        head="Time,Open,High,Low,Last,Change,%Chg,Volume",
        row="{d},{o},{h},{l},{c},0.1,+0.2%,{v}",
        foot='"Downloaded from Barchart.com as of 04-19-2024 05:12pm CST"',
        newest_first=True,
    ),
    "euronext": Shape(
        head=(
            '\ufeff"Historical Data"\n"From 2024-02-20 to 2024-04-19"\nUS5533681012\n'
            "Date;Open;High;Low;Last;Close;Number of Shares;Number of Trades;Turnover"
        ),
        row="{d:%d/%m/%Y};{o};{h};{l};1.00;{c};{v};411;9999",
    ),
    "yahoo, download": Shape(
        head="Date,Open,High,Low,Close,Adj Close,Volume", row="{d},{o},{h},{l},{c},12.3,{v}"
    ),
    "yahoo, page": Shape(
        head="Date\tOpen\tHigh\tLow\tClose*\tAdj Close**\tVolume",
        row="{t}\t{o}\t{h}\t{l}\t{c}\t12.30\t{v:,}",
        foot=(
            "Feb 16, 2024\t0.04 Dividend\n"
            "*Close price adjusted for splits.\t**Adjusted close price adjusted for splits and"
            " dividend and/or capital gain distributions."
        ),
        form=lambda day: f"{day:%b} {day.day}, {day.year}",
        newest_first=True,
    ),
    "yahoo, page of today": Shape(
        head=(
            "Date\tOpen\tHigh\tLow\tClose Close price adjusted for splits.\tAdj Close Adjusted"
            " close price adjusted for splits and dividend and/or capital gain distributions.\t"
            "Volume"
        ),
        row="{t}\t{o}\t{h}\t{l}\t{c}\t12.30\t{v:,}",
        foot="Feb 16, 2024\t10:1 Stock Splits",
        form=lambda day: f"{day:%b} {day.day}, {day.year}",
        newest_first=True,
    ),
    "yahoo, history": Shape(
        head="Date,Open,High,Low,Close,Volume,Dividends,Stock Splits",
        row="{d} 00:00:00-05:00,{o},{h},{l},{c},{v},0.0,0.0",
    ),
    "yfinance, download": Shape(
        head="Price,Close,High,Low,Open,Volume\nTicker,MP,MP,MP,MP,MP\nDate,,,,,",
        row="{d},{c},{h},{l},{o},{v}",
    ),
    "yfinance, by ticker": Shape(
        head=(
            "Ticker,NVDA,NVDA,NVDA,NVDA,NVDA,MP,MP,MP,MP,MP\n"
            "Price,Open,High,Low,Close,Volume,Open,High,Low,Close,Volume\nDate,,,,,,,,,,"
        ),
        row="{d},1,2,1,2,9,{o},{h},{l},{c},{v}",
    ),
    "yfinance, several": Shape(
        head=(
            "Price,Adj Close,Adj Close,Close,Close,High,High,Low,Low,Open,Open,Volume,Volume\n"
            "Ticker,MP,NVDA,MP,NVDA,MP,NVDA,MP,NVDA,MP,NVDA,MP,NVDA\nDate,,,,,,,,,,,,"
        ),
        row="{d},1,1,{c},2,{h},3,{l},1,{o},2,{v},9",
    ),
    "pandas-datareader": Shape(
        head=(
            "Attributes,Adj Close,Close,High,Low,Open,Volume\nSymbols,MP,MP,MP,MP,MP,MP\nDate,,,,,,"
        ),
        row="{d},1,{c},{h},{l},{o},{v}",
    ),
    "yfinance, index dropped": Shape(
        head="Date,Close,High,Low,Open,Volume\n,MP,MP,MP,MP,MP", row="{d},{c},{h},{l},{o},{v}"
    ),
    "excel, Germany": Shape(
        head="Datum;Eröffnung;Hoch;Tief;Schluss;Volumen", row=GERMAN, end="\r\n"
    ),
    "excel, Germany, cp1252": Shape(
        head="Datum;Eröffnung;Hoch;Tief;Schluss;Volumen",
        row="{d:%d.%m.%Y};{O};{H};{L};{C};{g}",
        end="\r\n",
        encoding="cp1252",
    ),
    "excel, Germany, short year and euro": Shape(
        head="Datum;Eröffnung;Hoch;Tief;Schluss;Volumen",
        row="{d:%d.%m.%y};{O} €;{H} €;{L} €;{C} €;{g}",
        encoding="cp1252",
    ),
    "German words": Shape(
        head="Datum;Erster;Hoch;Tief;Schlusskurs;Stuecke;Volumen",
        row="{t};{O};{H};{L};{C};{g};1.234.567",
        form=german,
        newest_first=True,
    ),
    "excel, France, thin blanks": Shape(
        head="Date;Ouverture;Plus haut;Plus bas;Clôture;Volume",
        row="{d:%d/%m/%Y};{O};{H};{L};{C};{b}",
        encoding="utf-8-sig",
    ),
    "boursorama": Shape(
        head="date\touv\thaut\tbas\tclot\tvol\tdevise",
        row="{d:%d/%m/%Y 00:00}\t{o}\t{h}\t{l}\t{c}\t{v}\tUSD",
    ),
    "excel, Spain, month names": Shape(
        head="Fecha;Apertura;Máximo;Mínimo;Cierre;Volumen",
        row="{t};{O};{H};{L};{C};{v}",
        form=lambda day: f"{day.day}-{('', 'ene', 'feb', 'mar', 'abr')[day.month]}-{day:%y}",
    ),
    "excel, Unicode text": Shape(
        head="Date\tOpen\tHigh\tLow\tClose\tVolume",
        row="{t}\t{o}\t{h}\t{l}\t{c}\t{v}",
        form=us_plain,
        encoding="utf-16",
        end="\r\n",
    ),
    "excel, UTF-16 without a mark": Shape(
        head="Date,Open,High,Low,Close,Volume", row=OHLCV, encoding="utf-16-le"
    ),
    "excel, sep=": Shape(
        head="sep=;\nDate;Open;High;Low;Close;Volume", row="{d};{o};{h};{l};{c};{v}", end="\r\n"
    ),
    "excel, serial days": Shape(
        head="Date,Open,High,Low,Close,Volume", row=OHLCV, form=serial, end="\r\n"
    ),
    "excel, serial days with time": Shape(
        head="Date;Open;High;Low;Close;Volume",
        row="{t},6875;{O};{H};{L};{C};{v}",
        form=serial,
    ),
    "excel, days of 1904": Shape(
        head="Date,Open,High,Low,Close,Volume", row=OHLCV, form=mac_serial
    ),
    "excel, long days": Shape(
        head="Date,Open,High,Low,Close,Volume", row='"{t}",{o},{h},{l},{c},{v}', form=us_long
    ),
    "excel, 12 hours": Shape(
        head="Date,Open,High,Low,Close,Volume",
        row="{t} 12:00:00 AM,{o},{h},{l},{c},{v}",
        form=us_plain,
    ),
    "excel, Switzerland": Shape(
        head="Date;Open;High;Low;Close;Volume",
        row="{d:%d.%m.%Y};{o};{h};{l};{c};{t}",
        form=lambda day: f"{BARS[DAYS.index(day)][4]:,}".replace(",", "’"),
    ),
    "dukascopy": Shape(
        head="Local time,Open,High,Low,Close,Volume",
        row="{d:%d.%m.%Y} 00:00:00.000 GMT-0500,{o},{h},{l},{c},{v}",
    ),
    "NSE": Shape(
        head='"Date ","series ","OPEN ","HIGH ","LOW ","PREV. CLOSE ","ltp ","close ","VOLUME "',
        row='"{d:%d-%b-%Y}","EQ","{o}","{h}","{l}","1.00","2.00","{c}","{v:,}"',
        newest_first=True,
    ),
    "sharadar": Shape(
        head="ticker,date,open,high,low,close,volume,closeadj,closeunadj,lastupdated",
        row="MP,{d},{o},{h},{l},{c},{v}.0,1,1,2024-04-20",
    ),
    "pipes": Shape(head="Date|Open|High|Low|Close|Volume", row="{d}|{o}|{h}|{l}|{c}|{v}"),
    "blanks": Shape(head="Date Open High Low Close Volume", row="{d} {o} {h} {l} {c} {v}"),
    "fixed width": Shape(
        head="Date          Open     High      Low    Close  Adj Close     Volume",
        row="{d}  {o:>8} {h:>8} {l:>8} {c:>8}      12.30 {v:>10}".replace(" {", "  {"),
    ),
    "comments and blank lines": Shape(
        head="# exported by desk\n\n// 28 Nov 2026\ndate,open,high,low,close,volume\n#\n",
        row=OHLCV,
        foot="\n\nData provided as is, without warranty, by the desk, on 19 Apr 2024, in New York",
    ),
    "header behind a comment sign": Shape(head="# date,open,high,low,close,volume", row=OHLCV),
    "CR only": Shape(head="date,open,high,low,close,volume", row=OHLCV, end="\r"),
    "trailing commas": Shape(head="date,open,high,low,close,volume,,", row=OHLCV + ",,"),
    "header again": Shape(
        head="date,open,high,low,close,volume",
        row=OHLCV,
        foot="date,open,high,low,close,volume",
    ),
    "Japanese site, cp932": Shape(
        head="日付,始値,高値,安値,終値,出来高",
        row="{d:%Y/%m/%d},{o},{h},{l},{c},{v}",
        encoding="cp932",
    ),
    "Russian site, cp1251": Shape(
        head="Дата;Открытие;Максимум;Минимум;Закрытие;Объем",
        row="{d:%d.%m.%Y};{O};{H};{L};{C};{v}",
        encoding="cp1251",
    ),
}
