"""Commands for training on more machines than one."""

from __future__ import annotations

from engine.commands.command import Command, CommandGroup, Option, ValueType
from engine.commands.options import HOME, PRINTS

CLUSTER = CommandGroup(
    name="cluster",
    summary="Train on more machines than one: certificates, a trial, who works.",
    details=(
        "Train on more machines than one. It needs the extra `cluster`: pip install"
        " 'stockml[cluster]'. training.executor names the head; without it this machine trains."
    ),
    options=(HOME,),
    verbs=(
        Command(
            name="down",
            summary="End the head and the workers that `cluster up` started here.",
            target="engine.cli.cluster:down",
            verb="cluster.down",
            options=PRINTS,
            writes=True,
        ),
        Command(
            name="init",
            summary="Write keys and certificates into persistent_data/cluster, mode 0600.",
            details=(
                "Write keys and certificates into persistent_data/cluster, mode 0600, with the"
                " program openssl. Whoever holds a worker's certificate can run code on the"
                " workers. Exit 5 where there are some already."
            ),
            target="engine.cli.cluster:init",
            verb="cluster.init",
            options=PRINTS,
            writes=True,
        ),
        Command(
            name="status",
            summary="Each worker of the cluster: its host, what it fits, memory, last word.",
            details=(
                "Each worker of the cluster: its host, what it fits, memory, last word, versions."
                " Exit 1 when its head does not answer."
            ),
            target="engine.cli.cluster:status",
            verb="cluster.view",
            options=PRINTS,
        ),
        Command(
            name="up",
            summary="Start a head and workers on this machine for a trial; write systemd units.",
            details=(
                "Start a head and workers on this machine for a trial, and write systemd units for"
                " others into persistent_data/cluster/units. The settings stay as they are: put"
                " the address into training.executor."
            ),
            target="engine.cli.cluster:up",
            verb="cluster.up",
            options=(
                Option(
                    "--listen",
                    "Where the head listens. Default: 127.0.0.1:8786.",
                    ValueType.TEXT,
                    metavar="HOST:PORT",
                ),
                Option(
                    "--workers",
                    "How many workers. Default: 2.",
                    ValueType.INTEGER,
                    limits=(1, 64),
                    default=2,
                ),
                *PRINTS,
            ),
            writes=True,
        ),
    ),
)
