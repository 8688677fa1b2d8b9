"""Commands that show the state of symbols, models and the machine."""

from __future__ import annotations

from dataclasses import replace

from engine.commands.command import Argument, Command, CommandGroup, Option, ValueType
from engine.commands.options import (
    FORECASTS,
    HOME,
    ONLY_SYMBOLS,
    OPTIONAL_SYMBOL,
    PRINTS,
    READS_BARS,
    SYMBOLS,
)

PERFORMANCE = Command(
    name="performance",
    summary="Check every model; train what has a reason.",
    details=(
        "Check every model: prediction, response time, confidence, live and held-out figures,"
        " triggers, host."
    ),
    target="engine.cli.performance:performance",
    verb="watch.check",
    options=(
        Option("--continuous", "Check again and again until SIGTERM or Ctrl-C."),
        Option(
            "--interval",
            "Time between two checks with --continuous. Default: watch.interval_hours.",
            ValueType.TEXT,
            metavar="6h",
        ),
        Option("--report", "Print and write the report of the newest checks, without checking."),
        ONLY_SYMBOLS,
        Option("--no-train", "Show what fires and train nothing."),
        *FORECASTS,
    ),
    writes=True,
)
MONITOR = replace(PERFORMANCE, name="monitor", summary="The same as performance.")
ACCURACY = Command(
    name="accuracy",
    summary="Live accuracy of the forecasts that were kept.",
    details=(
        "Live accuracy: forecasts that were kept before their outcome, against the closes that"
        " came."
    ),
    target="engine.cli.performance:accuracy",
    verb="watch.accuracy",
    arguments=(SYMBOLS,),
    options=READS_BARS,
)
ALERTS = CommandGroup(
    name="alerts",
    summary="List, acknowledge, silence or test alerts.",
    details="Alerts: list them, acknowledge them, silence them, test the delivery.",
    options=(HOME,),
    verbs=(
        Command(
            name="ack",
            summary=(
                "Acknowledge what fires, so that it is not sent again: RULE [SYMBOL], without them"
                " everything."
            ),
            target="engine.cli.alerts:ack",
            verb="alerts.acknowledge",
            arguments=(Argument("rule", required=False, default="*"), OPTIONAL_SYMBOL),
            options=(HOME,),
            writes=True,
        ),
        Command(
            name="list",
            summary="The alerts that are pending or firing, and the messages that nobody took yet.",
            target="engine.cli.alerts:list_alerts",
            verb="alerts.list",
            options=PRINTS,
        ),
        Command(
            name="silence",
            summary="Mute RULE [SYMBOL] for a time; * means all.",
            target="engine.cli.alerts:silence",
            verb="alerts.silence",
            arguments=(Argument("rule"), OPTIONAL_SYMBOL),
            options=(
                Option(
                    "--for",
                    "For how long, as 30m, 2h or 1d.",
                    ValueType.TEXT,
                    metavar="2h",
                    name="how_long",
                    required=True,
                ),
                HOME,
            ),
            writes=True,
        ),
        Command(
            name="test",
            summary="Send a test message to every URL of secrets.toml and say whether it arrived.",
            target="engine.cli.alerts:send_test",
            verb="alerts.send_test",
            options=(HOME,),
            writes=True,
        ),
    ),
)
HEALTH = Command(
    name="health",
    summary="Is everything in order; ends with 1 when something is critical.",
    details=(
        "Resources, models, bars, checks, schedule, runs, backups, alerts; ends with 1 when"
        " something but the CPU is critical."
    ),
    target="engine.cli.health:health",
    verb="watch.health",
    options=(Option("--append", "Also append the page to logs/health_check.log."), *READS_BARS),
)
DOCTOR = Command(
    name="doctor",
    summary="Can this machine and terminal do the work; with fixes.",
    details=(
        "Terminal, locale, cron, time zone, permissions, disk, Python, packages, network, logout;"
        " with the fix for each."
    ),
    target="engine.cli.health:doctor",
    verb="watch.doctor",
    options=(
        Option(
            "--repair",
            "Mend what can be mended first: a damaged history.db is moved aside and its newest"
            " good copy restored.",
        ),
        *PRINTS,
    ),
)
STATUS = Command(
    name="status",
    summary="State, forecast and figures of every symbol.",
    details="State, last close, forecast, held-out figures and age of every symbol.",
    target="engine.cli.status:status",
    verb="watch.snapshot",
    options=(
        Option("--watch", "Go on until Ctrl-C; off a terminal one line for each change."),
        *FORECASTS,
    ),
)
DASHBOARD = Command(
    name="dashboard",
    summary="Models, performance, runs and resources as plain text.",
    details="Models with size and time, recent performance, runs and resources, as plain text.",
    target="engine.cli.dashboard:dashboard",
    verb="watch.snapshot",
    options=FORECASTS,
)
