"""The `hub` command."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Annotated, Any, TypeVar

import structlog
import typer

from hub import app as root
from hub import config as configuration
from hub.clock import SystemClock
from hub.errors import ConfigError, HubError
from hub.faults import Faults

T = TypeVar("T")

cli = typer.Typer(
    no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help="Civil-defence alerting hub."
)
source_cli = typer.Typer(no_args_is_help=True, help="Sources.")
key_cli = typer.Typer(no_args_is_help=True, help="API keys.")
person_cli = typer.Typer(no_args_is_help=True, help="People who sign in.")
config_cli = typer.Typer(no_args_is_help=True, help="Configuration.")
cli.add_typer(source_cli, name="source")
cli.add_typer(key_cli, name="key")
cli.add_typer(person_cli, name="person")
cli.add_typer(config_cli, name="config")
places_cli = typer.Typer(no_args_is_help=True, help="Places.")
config_cli.add_typer(places_cli, name="places")
cert_cli = typer.Typer(no_args_is_help=True, help="Certificates.")
cli.add_typer(cert_cli, name="cert")

audit_cli = typer.Typer(no_args_is_help=True, help="Evidence.")
cli.add_typer(audit_cli, name="audit")

siren_cli = typer.Typer(no_args_is_help=True, help="STOP for sirens and other devices that make noise.")
cli.add_typer(siren_cli, name="siren")

ConfigFile = Annotated[Path | None, typer.Option("--config", help="hub.toml; HUB_CONFIG or ./hub.toml when left out")]
Mode = Annotated[str, typer.Option("--mode", help="actual, exercise or test")]


def main() -> None:
    """Entry point: errors on purpose are one clear line and exit code 2."""
    try:
        cli(standalone_mode=True)
    except HubError as error:
        for one in error.each() if isinstance(error, ConfigError) else (error,):
            print(f"hub: {one}", file=sys.stderr)
        raise SystemExit(2) from None


@cli.command()
def run(
    file: ConfigFile = None,
    mode: Mode = "",
    roles: Annotated[str, typer.Option(help="comma-separated; all when left out")] = ",".join(root.ROLES),
    node: Annotated[str, typer.Option(help="this process's name among those of one data folder")] = root.NODE,
) -> None:
    """Runs the hub and prints its address and a one-time sign-in link."""
    conf = configuration.load(file, mode=mode)
    set_up_log(conf.settings.log.level)
    wanted = [role.strip() for role in roles.split(",") if role.strip()]
    unknown = [role for role in wanted if role not in root.ROLES]
    if unknown:
        raise typer.BadParameter(f"{', '.join(unknown)}: roles are {', '.join(root.ROLES)}")
    loop_run(_run(conf, wanted, node))


async def _run(conf: configuration.Config, roles: list[str], node: str) -> None:
    hub = root.open_hub(conf)

    async def ready() -> None:
        if "api" in roles:
            await root.serving_now(hub)
        print(f"{conf.settings.hub.name} ({conf.settings.hub.mode}): {hub.base_url}", flush=True)
        if "api" in roles:
            print(f"Sign in once, within 30 minutes: {await root.signin_link(hub, 'admin')}", flush=True)

    task = asyncio.create_task(root.run(hub, roles, node=node, ready=ready))
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, task.cancel)
    try:
        await task
    except asyncio.CancelledError:
        return


@cli.command()
def migrate(
    source: Annotated[str, typer.Option("--from")] = "",
    target: Annotated[str, typer.Option("--to")] = "",
    file: ConfigFile = None,
    mode: Mode = "",
) -> None:
    """Brings the store to this version's tables and declares the topics of the stream; doing it again changes nothing.

    With --to postgresql://… the store of a standing hub moves there from its file (--from sqlite:///path); seq, ledger and audit are kept.
    """
    conf = configuration.load(file, mode=mode)
    if source or target:
        moved = root.move(conf, source, target, at=SystemClock().now())
        print(f"moved: seq {moved.seq}, {moved.audit_n} decisions verified; now set [store] url to the new address")
        return
    made = loop_run(root.migrate(conf))
    print("\n".join(made) if made else "nothing to do")


@cli.command()
def check(file: ConfigFile = None, mode: Mode = "") -> None:
    """Says what is wrong with the configuration, or that nothing is."""
    conf, problems = configuration.examine(file, mode=mode)
    for problem in problems:
        print(problem)
    if problems or conf is None:
        print(f"{len(problems)} lỗi cấu hình ({len(problems)} mistakes)", file=sys.stderr)
        raise typer.Exit(1)
    print(f"ok: mode {conf.settings.hub.mode}, profile {conf.profile.name}, {len(conf.profile.sources)} sources")


@source_cli.command("test")
def source_test(name: str, file: ConfigFile = None, mode: Mode = "") -> None:
    """Reads a source once and prints what it says; stores nothing."""
    from hub.intake.read import probe

    conf = configuration.load(file, mode=mode)
    chosen = next((s for s in conf.profile.sources if s.name == name), None)
    if chosen is None:
        raise typer.BadParameter(f"no source {name!r}; there are {', '.join(s.name for s in conf.profile.sources)}")

    async def once() -> None:
        hub = root.open_hub(conf)
        try:
            _, connector, fetcher = root.connected(hub, chosen)
            print("\n".join((await probe(connector, fetcher)).lines()))
        finally:
            await hub.store.close()

    loop_run(once())


@key_cli.command("create")
def key_create(kind: str, owner: str, days: int = 365, file: ConfigFile = None, mode: Mode = "") -> None:
    """Makes a key (source, agency, neighbour, feed or metrics) and prints it once."""
    from datetime import timedelta

    from hub.store import keys

    conf = configuration.load(file, mode=mode)

    async def once() -> None:
        hub = root.open_hub(conf)
        now = hub.machine.now()
        try:
            token = await hub.store.write(
                lambda conn: keys.create(conn, kind=kind, owner=owner, at=now, expires_at=now + timedelta(days=days))
            )
            print(token)
        finally:
            await hub.store.close()

    loop_run(once())


@person_cli.command("create")
def person_create(
    login: str,
    name: str,
    role: Annotated[list[str], typer.Option(help="once for each: dispatcher, duty_commander, agency_member …")],
    owner: Annotated[str, typer.Option(help="id of the agency or neighbour they belong to")] = "",
    file: ConfigFile = None,
    mode: Mode = "",
) -> None:
    """Makes a person and prints a link that signs them in once, within 30 minutes."""
    _with_hub(file, mode, lambda hub: root.create_person(hub, login, name=name, roles=role, owner=owner))


@person_cli.command("link")
def person_link(login: str, file: ConfigFile = None, mode: Mode = "") -> None:
    """Prints a new link that signs that person in once, within 30 minutes."""
    _with_hub(file, mode, lambda hub: root.signin_link(hub, login))


@person_cli.command("disable")
def person_disable(login: str, file: ConfigFile = None, mode: Mode = "") -> None:
    """The person can sign in no more; their sessions and links are over."""
    _with_hub(file, mode, lambda hub: root.disable_person(hub, login))


def _with_hub(file: Path | None, mode: str, act: Callable[[root.Hub], Coroutine[Any, Any, str]]) -> None:
    """Prints what `act` says of the hub's store, whether or not the hub runs."""
    conf = configuration.load(file, mode=mode)

    async def once() -> str:
        hub = root.open_hub(conf)
        try:
            return await act(hub)
        finally:
            await hub.store.close()

    print(loop_run(once()))


@audit_cli.command("verify")
def audit_verify(
    heads: Annotated[
        Path | None, typer.Option(help="signed heads kept elsewhere, a file or a folder; the hub's own when left out")
    ] = None,
    file: ConfigFile = None,
    mode: Mode = "",
) -> None:
    """Walks the decision chain, the ledger and the signed heads; names the first row that is not as the hub left it."""
    report = loop_run(root.verify(configuration.load(file, mode=mode), heads))
    if report.bad is not None:
        print(f"{report.bad.table} {report.bad.id}: {report.bad.reason}", file=sys.stderr)
        raise typer.Exit(1)
    print(
        f"ok: {report.entries} entries, {report.heads} signed heads, {report.segments} segments, {report.rows} rows of the ledger, "
        f"{report.payloads} payloads"
    )


@cert_cli.command("dev")
def cert_dev(
    names: Annotated[list[str] | None, typer.Argument(help="host names and addresses; localhost when left out")] = None,
    file: ConfigFile = None,
    mode: Mode = "",
) -> None:
    """Makes a certificate of our own for trying things out, and prints what to write into hub.toml."""
    from hub.app.certificate import make_certificate

    conf = configuration.load(file, mode=mode)
    wanted = names or ["localhost", "127.0.0.1"]
    try:
        cert, key = make_certificate(conf.data_dir.resolve(), names=wanted, now=SystemClock().now())
    except FileExistsError as error:
        raise ConfigError(str(error.filename), "is there already", "use it, or remove both files first") from error
    print(f'[http]\ncert = "{cert}"\nkey = "{key}"')


@config_cli.command("diff")
def config_diff(file: ConfigFile = None, mode: Mode = "") -> None:
    """What `hub config apply` would change in the store."""
    _changes(file, mode, apply=False)


@config_cli.command("apply")
def config_apply(file: ConfigFile = None, mode: Mode = "") -> None:
    """Imports the configuration; what was changed at the desk is kept."""
    _changes(file, mode, apply=True)


@places_cli.command("import")
def places_import(
    boundaries: Path,
    valid_from: Annotated[str, typer.Option(help="YYYY-MM-DD; the profile's day when left out")] = "",
    source: Annotated[str, typer.Option(help="who gave the file, and which decision it rests on")] = "",
    file: ConfigFile = None,
    mode: Mode = "",
) -> None:
    """Takes official boundaries (GeoJSON) for units of ours; refused as a whole when one of them cannot be right."""
    from datetime import date

    from hub.places.official import keep, read_boundaries

    conf = configuration.load(file, mode=mode)
    try:
        day = date.fromisoformat(valid_from) if valid_from else conf.profile.gazetteer_on
    except ValueError as error:
        raise ConfigError("--valid-from", f"{valid_from!r} is no day", "YYYY-MM-DD") from error
    read = read_boundaries(boundaries, conf.profile.gazetteer, valid_from=day)
    for one in read:
        if one.repaired:
            print(f"repaired {one.code} {one.name}")
    changed = keep(conf.root / "gazetteer", read, source=source or boundaries.name)
    print(f"{len(read)} boundaries, {len(changed)} new or changed, in force from {day}; restart the hub to use them")


def _changes(file: Path | None, mode: str, *, apply: bool) -> None:
    from hub.store import rules

    conf = configuration.load(file, mode=mode)

    async def once() -> None:
        hub = root.open_hub(conf)
        profile, now = conf.profile, hub.clock.now()
        try:
            if apply:
                changes = await hub.store.write(
                    lambda conn: rules.apply(conn, root.wanted(conn, profile), by="config", at=now)
                )
            else:
                changes = await hub.store.read(lambda conn: rules.diff(conn, root.wanted(conn, profile)))
        finally:
            await hub.store.close()
        for change in changes:
            print(f"{change.what:8} {change.kind} {change.rule_id}")
        if not changes:
            print("no difference")

    loop_run(once())


@cli.command("send-test")
def send_test(endpoint_id: str, file: ConfigFile = None, mode: Mode = "") -> None:
    """Sends an `endpoint.test` event."""
    conf = configuration.load(file, mode=mode)

    async def once() -> bool:
        hub = root.open_hub(conf)
        try:
            return await root.send_test(hub, endpoint_id)
        finally:
            await hub.channels.aclose()
            await hub.poster.aclose()
            await hub.store.close()

    if not loop_run(once()):
        print(f"{endpoint_id}: not taken", file=sys.stderr)
        raise typer.Exit(1)
    print(f"{endpoint_id}: taken")


@cli.command("call-list")
def call_list(
    target: Path,
    lane: Annotated[int, typer.Option(min=0, max=3, help="how calm what is listed may be")] = 1,
    file: ConfigFile = None,
    mode: Mode = "",
) -> None:
    """Writes the page of whom to call, with names and numbers, from the store; the page need not answer. Destroy it after use."""

    async def act(hub: root.Hub) -> str:
        return f"{target}: {await root.print_calls(hub, target, lane=lane)} cơ quan phải gọi (agencies to call)"

    _with_hub(file, mode, act)


Which = Annotated[str, typer.Argument(help="the endpoint's id; with --all left out")]
Everybody = Annotated[bool, typer.Option("--all", help="every device of the deployment")]
Wait = Annotated[float, typer.Option("--wait", min=1, max=600, help="seconds in which it is said until all confirmed")]


@siren_cli.command("stop")
def siren_stop(
    endpoint_id: Which = "",
    everybody: Everybody = False,
    hold_min: Annotated[int, typer.Option("--hold", min=0, max=60, help="minutes in which nothing sounds")] = 10,
    wait_s: Wait = 30,
    file: ConfigFile = None,
    mode: Mode = "",
) -> None:
    """Silences a siren, or all of them, at once. Needs the deployment file and the broker; no store and no running hub."""
    _halt("stop", endpoint_id, everybody, file, mode, timeout_s=wait_s, hold_s=60 * hold_min)


@siren_cli.command("release")
def siren_release(
    endpoint_id: Which = "",
    everybody: Everybody = False,
    wait_s: Wait = 30,
    file: ConfigFile = None,
    mode: Mode = "",
) -> None:
    """Lets a stopped siren, or all of them, sound again before the hold is over."""
    _halt("release", endpoint_id, everybody, file, mode, timeout_s=wait_s)


@siren_cli.command("key")
def siren_key() -> None:
    """Makes a key pair: the private half for a file of the hub, the public half for the devices."""
    from hub.http.signatures import new_signing_key, public_key

    private = new_signing_key()
    print(f"{private}\n{public_key(private)}")


def _halt(act: str, endpoint_id: str, everybody: bool, file: Path | None, mode: str, **how: Any) -> None:
    """Prints who confirmed; ends with 1 when somebody did not, or nobody was there."""
    if bool(endpoint_id) == everybody:
        raise typer.BadParameter("an endpoint, or --all")
    conf = configuration.load(file, mode=mode, faults=Faults())  # a mistake elsewhere must not keep a STOP
    became = loop_run(root.halt(conf, endpoint_id, act=act, clock=SystemClock(), **how))
    for kind, one in became.items():
        print(f"{kind}: {'đã phát lệnh (sent)' if one.taken else 'CHƯA PHÁT ĐƯỢC (NOT SENT)'} {one.why}".rstrip())
        for device in one.confirmed:
            print(f"  đã xác nhận (confirmed): {device}")
        for device in one.silent:
            print(f"  CHƯA XÁC NHẬN (NOT CONFIRMED): {device}", file=sys.stderr)
    if not all(one.taken and not one.silent for one in became.values()):
        raise typer.Exit(1)


@cli.command()
def backup(target: Path, file: ConfigFile = None, mode: Mode = "") -> None:
    """Copies the store of a running or standing hub into one archive."""
    from hub.store import backup as archives

    conf = configuration.load(file, mode=mode)
    place, now = root.store_place(conf), SystemClock().now()
    if isinstance(place, Path):
        print(archives.backup(place, target, at=now))
    else:
        print(archives.backup_database(place, target, at=now))


@cli.command()
def restore(archive: Path, file: ConfigFile = None, mode: Mode = "") -> None:
    """Puts an archive where the store belongs, a file or a database; never over an existing one."""
    from hub.store import backup as archives

    conf = configuration.load(file, mode=mode)
    place, now, of = root.store_place(conf), SystemClock().now(), conf.settings.hub.mode
    conf.data_dir.mkdir(parents=True, exist_ok=True)
    if isinstance(place, Path):
        print(archives.restore(archive, place, mode=of, at=now))
    else:
        print(archives.restore_database(archive, place, conf.data_dir, mode=of, at=now))


@cli.command()
def bench(what: str, rounds: int = 5, store: str = "") -> None:
    """Measures accept, route, webhook or live against a floor in the same run; accept also with a --store beside the file."""
    import importlib

    if what not in ("accept", "route", "webhook", "live"):
        raise typer.BadParameter("one of accept, route, webhook, live")
    set_up_log("warning")
    if store and what != "accept":
        raise typer.BadParameter("--store is for accept")
    more = {"store": store} if store else {}
    print(importlib.import_module(f"hub.bench.{what}").run(rounds, **more))


@cli.command()
def replay(name: str, payload: Path, file: ConfigFile = None, mode: Mode = "") -> None:
    """Gives a recorded payload of a source to acceptance again, as if it had just been read; prints each decision."""
    conf = configuration.load(file, mode=mode)
    body = payload.read_bytes()

    async def once() -> None:
        hub = root.open_hub(conf)
        try:
            for decision in await root.replay(hub, name, body):
                print(f"{decision.disposition:16} {decision.alert_id} seq {decision.seq} {decision.reason}")
        finally:
            await hub.store.close()

    loop_run(once())


def set_up_log(level: str) -> None:
    """Events as JSON lines on standard error."""
    numbers = {"debug": 10, "info": 20, "warning": 30, "error": 40}
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(numbers.get(level, 30)),
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
    )


def loop_run(job: Coroutine[Any, Any, T]) -> T:
    """Runs one coroutine on uvloop where there is one."""
    try:
        import uvloop
    except ImportError:
        return asyncio.run(job)
    result: T = uvloop.run(job)
    return result
