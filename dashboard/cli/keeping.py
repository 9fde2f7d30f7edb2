"""What the command opens, lists and checks: pages, what there is, this machine, the schema, the record."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from dashboard.cli.words import ForceOption, JsonOption, StoreArgument, plain, screen

__all__ = ["cases", "dashboard", "doctor", "dossier", "export", "list_command", "retain", "schema", "switch", "verify"]


def dashboard(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Folder of run folders.")] = Path("runs"),
    store: Annotated[
        str | None, typer.Option("--store", help="Alert store of the Live page: a file, or postgresql://...")
    ] = None,
    port: Annotated[int, typer.Option("--port", min=1, max=65535, help="Port on this machine.")] = 8501,
    host: Annotated[str, typer.Option("--host", help="Address; only this machine by default.")] = "127.0.0.1",
) -> None:
    """Open the control room in the browser: Plan, Test, Live."""
    from dashboard.serve import serve

    serve(folder, host=host, port=port, store=store)


def list_command(as_json: JsonOption = False) -> None:
    """Show what there is: scenarios, detectors, trackers, rules, incidents, motion models, sources."""
    from dashboard.inventory import inventory, table_of

    found = inventory()
    if as_json:
        typer.echo(json.dumps(found))
    else:
        screen.print(table_of(found))


def doctor(
    prepare: Annotated[bool, typer.Option("--prepare", help="Compile everything now: half a minute, once.")] = False,
    detector: Annotated[
        str | None,
        typer.Option("--detector", help="Check only whether this detector keeps the contract."),
    ] = None,
    rule: Annotated[
        str | None, typer.Option("--rule", help="Check only whether this event rule keeps the contract.")
    ] = None,
    trust_weights: Annotated[bool, typer.Option("--trust-weights", help="Load a .pt, which runs its code.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Check what this machine can do: codecs, extras, speed, browsers; say what is missing and how to get it."""
    from dashboard.doctor import checks, detector_checks, rule_checks, table_of

    if prepare:
        from dashboard.progress import bars
        from dashboard.rehearsal import compile_all

        with bars(quiet=as_json) as report:
            compile_all(report)
    found = [] if detector is None else detector_checks(detector, trust_weights=trust_weights)
    found += [] if rule is None else rule_checks(rule)
    found = found or checks()
    if as_json:
        typer.echo(json.dumps([c.as_dict() for c in found]))
    else:
        screen.print(table_of(found))
    raise typer.Exit(1 if any(c.required and not c.ok for c in found) else 0)


def schema(
    out: Annotated[Path | None, typer.Option("--out", help="File to write; default: standard output.")] = None,
) -> None:
    """Print the JSON Schema of scenario files: editors complete and check with it."""
    from scenarios.load import json_schema

    text = json.dumps(json_schema(), indent=1) + "\n"
    if out is None:
        typer.echo(text, nl=False)
    else:
        out.write_text(text, encoding="utf-8")


def dossier(
    config: Annotated[Path, typer.Argument(metavar="CONFIG", help="TOML file of `parvis live`.")],
    out: Annotated[Path, typer.Option("--out", help="HTML file to write; prints on two sheets.")] = Path(
        "dossier.html"
    ),
    names: Annotated[bool, typer.Option("--names", help="Name who decided, instead of numbering them.")] = False,
) -> None:
    """Write a page for the data-protection officer: purposes, cameras, order, decisions, model, sign, questions.

    Example: parvis dossier live.toml --out dossier.html
    """
    from dashboard.dossier import write_dossier

    write_dossier(config, out, names=names)
    screen.print(f"written: {plain(str(out))}")


def cases(
    config: Annotated[Path, typer.Argument(metavar="CONFIG", help="TOML file of `parvis live`.")],
    out: Annotated[Path, typer.Option("--out", help="Folder; a run folder an alert goes there.")] = Path("cases"),
    force: ForceOption = False,
    as_json: JsonOption = False,
) -> None:
    """Make a labelled case of every decided alert: its film, and whether something was due in it.

    What is there already is left as it is. Films have to begin early enough for what a rule waits for (clips.before_s
    in the configuration); which cases are not raised again by their film is said.

    Example: parvis cases live.toml --out cases && parvis replay cases/ALERT --set rule.zone_intrusion.hold_s=3
    """
    from rich.table import Column, Table

    from dashboard.cases import make_cases
    from dashboard.progress import bars

    with bars(quiet=as_json) as report:
        made = make_cases(config, out, overwrite=force, report=report)
    if as_json:
        typer.echo(json.dumps([case.as_dict() for case in made]))
        return
    table = Table(Column("alert", overflow="fold"), "verdict", "raised again, or why not")
    for case in made:  # an id tells camera and event
        table.add_row(*map(plain, (case.alert, case.verdict, case.words or "yes")))
    screen.print(table)
    whole = sum(case.folder is not None for case in made)
    screen.print(f"{whole} cases of {len(made)} decided alerts: [bold]{plain(str(out))}[/bold]")


def switch(
    store: StoreArgument,
    camera: Annotated[str | None, typer.Option("--camera", help="Switch the analysis of this camera.")] = None,
    purpose: Annotated[str | None, typer.Option("--purpose", help="Or for this event, on all cameras.")] = None,
    off: Annotated[bool, typer.Option("--off/--on", help="Off at once, or on again.")] = True,
    reason: Annotated[str, typer.Option("--reason", help="Why; needed to switch off.")] = "",
) -> None:
    """Switch the analysis of a camera, or for one event, off or on again; without either, show what is off.

    Example: parvis switch runs/live.sqlite --camera gate --off --reason "demonstration on the square"
    """
    import getpass

    from detect.store import Store
    from scenarios.errors import ParvisError, unknown

    with Store.open_existing(store) as opened:
        if camera is not None and purpose is not None:
            raise ParvisError("--camera and --purpose: give one of them at a time")
        if camera is not None or purpose is not None:
            what = f"camera:{camera}" if camera is not None else f"purpose:{purpose}"
            if camera is not None and camera not in (known := [c.camera_id for c in opened.cameras()]):
                raise ParvisError(unknown("camera", camera, known, opened.database.name))
            opened.switch(what, on=not off, by=getpass.getuser(), reason=reason)
        turned_off = opened.switched_off()
    for what, words in turned_off.items():
        screen.print(f"off: {plain(what.replace(':', ' '))}: {plain(words)}")
    if not turned_off:
        screen.print("nothing is switched off")


def export(
    store: StoreArgument,
    out: Annotated[Path, typer.Option("--out", help="A new file.")] = Path("record.jsonl"),
) -> None:
    """Write the record as JSON lines that anybody can check: `parvis audit verify record.jsonl`."""
    import getpass

    from detect.store import Store

    with Store.open_existing(store) as opened:
        many = opened.export_record(out, by=getpass.getuser())
    screen.print(f"{many} entries: {plain(str(out))}")


def retain(
    config: Annotated[Path, typer.Argument(metavar="CONFIG", help="TOML file of `parvis live`, with [retention].")],
) -> None:
    """Delete pictures, films and alerts whose time is over, as the daemon does every six hours; the record proves it.

    Example: parvis retain live.toml
    """
    import getpass

    from detect.live.config import load_config
    from detect.store import Store

    read = load_config(config)
    with Store.open_existing(read.store) as opened:
        deleted = opened.retain(read.retention, by=getpass.getuser())
    told = ", ".join(f"{many} {what}" for what, many in deleted.as_dict().items() if many)
    screen.print(f"deleted: {told}" if told else "nothing is old enough")


def verify(
    store: Annotated[
        str,
        typer.Argument(
            metavar="STORE",
            help="SQLite file of `parvis live`, postgresql://USER@HOST/DATABASE, or what `parvis audit export` wrote.",
        ),
    ],
    as_json: JsonOption = False,
) -> None:
    """Check the hash chain of the record: was a row changed, removed or put in?"""
    from detect.audit_export import is_record, verify_record
    from detect.store import Store

    if is_record(Path(store)):
        found = verify_record(Path(store))
    else:
        with Store.open_existing(store) as opened:
            found = opened.verify()
    if as_json:
        typer.echo(json.dumps(found.as_dict()))
    elif found.ok:
        screen.print(f"intact: {found.rows} entries")
    else:
        screen.print(f"[bold red]NOT INTACT[/]: {plain(found.problem)}")
    raise typer.Exit(0 if found.ok else 1)
