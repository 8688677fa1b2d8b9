"""Commands for the jobs that cron or systemd starts."""

from __future__ import annotations

from engine.commands.command import Argument, Command, CommandGroup, Option, ValueType
from engine.commands.options import HOME, JSON, PRINTS

_JOBS = Argument("jobs", required=False, multiple=True)
_SOME_JOBS = Argument("jobs", multiple=True)
_INSTALL = (
    Option("--systemd", "As systemd user timers instead of crontab lines."),
    Option("--reset", "Give the jobs their default times back."),
    Option(
        "--adopt", "Keep what was edited by hand in our block.", name="edits", flag_value="adopt"
    ),
    Option(
        "--overwrite",
        "Put our lines back over an edit by hand.",
        name="edits",
        flag_value="overwrite",
    ),
    Option("--program", "The stockml to start. Default: this one.", ValueType.PATH),
)
_WRITES = (Option("--yes", "Write without asking."), HOME, JSON)

SCHEDULE = CommandGroup(
    name="schedule",
    summary="The jobs in your crontab: show, install, change, undo.",
    details="The jobs in your crontab: weekly, performance, monthly, clean, health, serve.",
    options=(HOME,),
    verbs=(
        Command(
            name="catch-up",
            summary="Run each missed job once, for its newest missed time; never a backlog.",
            target="engine.cli.schedule:catch_up",
            arguments=(_JOBS,),
            options=PRINTS,
            writes=True,
        ),
        Command(
            name="check",
            summary="Start a probe through the real scheduler: when it came, in which zone.",
            details=(
                "Start one probe through the real scheduler at the next minute: when it came, in"
                " which zone, environment, account and locale, through which daemon. It shows the"
                " line that it writes, asks, and takes it out again; exit 1 without an answer in 3"
                " minutes."
            ),
            target="engine.cli.schedule_check:check",
            options=(
                Option("--systemd", "By a transient timer of systemd instead of a crontab line."),
                Option("--program", "The stockml to start. Default: this one.", ValueType.PATH),
                *_WRITES,
            ),
            writes=True,
        ),
        Command(
            name="diff",
            summary="What `schedule install` with the same words would change; writes nothing.",
            target="engine.cli.schedule_edit:diff",
            arguments=(_JOBS,),
            options=(*_INSTALL, *PRINTS),
        ),
        Command(
            name="disable",
            summary="Pause JOBS; their lines stay as comments.",
            target="engine.cli.schedule_edit:disable",
            arguments=(_SOME_JOBS,),
            options=_WRITES,
            writes=True,
        ),
        Command(
            name="enable",
            summary="Switch paused JOBS on.",
            target="engine.cli.schedule_edit:enable",
            arguments=(_SOME_JOBS,),
            options=_WRITES,
            writes=True,
        ),
        Command(
            name="install",
            summary=(
                "Install the standard jobs, or exactly JOBS (health, serve, …); what is installed"
                " keeps its times."
            ),
            target="engine.cli.schedule_edit:install",
            arguments=(_JOBS,),
            options=(
                *_INSTALL,
                Option("--move", "Take the jobs over from the other of crontab and systemd."),
                *_WRITES,
            ),
            writes=True,
        ),
        Command(
            name="next",
            summary="The next runs, in the host's zone and in New York; DST changes marked.",
            target="engine.cli.schedule:next_runs",
            arguments=(_JOBS,),
            options=(
                Option(
                    "--count", "Runs of each job.", ValueType.INTEGER, limits=(1, 100), default=5
                ),
                *PRINTS,
            ),
        ),
        Command(
            name="remove",
            summary="Take JOBS out, or everything of this home; all other lines stay as they are.",
            target="engine.cli.schedule_edit:remove",
            arguments=(_JOBS,),
            options=(
                Option("--systemd", "From systemd.", name="backend", flag_value="systemd"),
                Option("--crontab", "From the crontab.", name="backend", flag_value="crontab"),
                Option("--overwrite", "Also a block that was edited by hand."),
                *_WRITES,
            ),
            writes=True,
        ),
        Command(
            name="set",
            summary='Give JOB another time: `schedule set weekly "0 4 * * 0"`.',
            target="engine.cli.schedule_edit:set_expression",
            arguments=(Argument("job"), Argument("expression")),
            options=_WRITES,
            writes=True,
        ),
        Command(
            name="show",
            summary="Every job with its state, time, last and next run; the daemon; what is wrong.",
            target="engine.cli.schedule:show",
            verb="schedule.view",
            options=(Option("--tab", "The other lines of the crontab too."), *PRINTS),
        ),
        Command(
            name="undo",
            summary="Take back the last write to the crontab; what others wrote since stays.",
            target="engine.cli.schedule_edit:undo",
            options=_WRITES,
            writes=True,
        ),
    ),
)
CRON_RUN = Command(
    name="cron-run",
    summary="Run one scheduled job, as cron starts it.",
    details=(
        "Run JOB (weekly, performance, monthly, clean, health, serve) now: log, lock, record, ping."
        " Exit 75: it runs already."
    ),
    target="engine.cli.cron_run:cron_run",
    arguments=(Argument("job", required=False),),
    options=(
        Option(
            "--probe",
            "Answer a `schedule check`; the moment that its line is for.",
            ValueType.TEXT,
        ),
        Option(
            "--trigger",
            "Who starts it. Default: cron, on a terminal manual.",
            ValueType.TEXT,
            choices=("cron", "manual", "catch-up"),
        ),
        HOME,
    ),
    writes=True,
)
