"""How figures, times, states, runs, triggers and tables read: pure text, one spelling for each.

    what           rule                                                    examples
    nothing        None, NaN and infinity                                  -
    number         fixed decimals, fewer where a width is given            2.15, 101.00
    signed         the sign of what is shown: none at zero                 +1.50, -0.25, 0.00
    percent        a space before the sign                                 52.3 %
    chance         four characters; only certainty reads 100               52.3, >99, 100
    interval       both ends with the same decimals                        95.00 to 107.00
    loss           four decimals; an exponent below 0.001, above 10,000    0.0123, 1.2e-05
    count          thousands apart                                         12,345
    size           decimal units, one decimal below 10                     900 B, 1.9 MB, 24 MB
    age            one unit, never rounded up; days from two days on       18m, 47h, 4d
                   nothing for a moment ahead of now: a clock was wrong    -
    duration       two units; days alone from 100 hours on                 8s, 10m 05s, 1h 00m, 4d
    latency        milliseconds below one second, one decimal below 10     4.2 ms, 120 ms, 1.5 s
    moment         local time                                              2025-08-13 11:35
    brief moment   the time within a day, then date and time, then date    11:35, 08-13 11:35
                   with the year when it is not this one                   2025-08-13
    slot           in its own zone, with its weekday                       Sun 2026-03-08 03:00 EDT

`figures` has the numbers, `times` the rest of this table, `phrases` counts with their nouns.
"""
