// One alert, always in the same order: how grave, where, when, what to do, the words, the bulletins, who was told, why, the original.

import { useEffect, useRef, useState } from "preact/hooks";
import { get, type Alert, type Whole } from "../api/client";
import { infoFor } from "../alerts/difference";
import type { Desk } from "../desk";
import { between, when } from "../words/times";
import { current, has, named, word } from "../words/words";
import { DeskAck, Held } from "./acting";
import { Bulletins } from "./bulletins";
import { Matrix } from "./matrix";
import { Act, Level } from "./parts";
import { Original } from "./original";
import { WhyAsked } from "./why";

const MOST_UNITS = 12;

type State = { id: string; whole: Whole | null; failed: boolean };

export function Detail({ desk }: { desk: Desk }) {
  const id = desk.chosen.value;
  void desk.line.told.value;
  const known = desk.ledger.alerts.get(id);
  const [state, setState] = useState<State>({ id: "", whole: null, failed: false });
  const [again, setAgain] = useState(0);
  const revision = known ? `${known.seq} ${known.state} ${known.held_until} ${known.disposition}` : "";
  useEffect(() => {
    if (!id) return;
    let wanted = true;
    void get("/v1/alerts/{alert_id}", { alert_id: id }).then((answer) => {
      if (!wanted) return;
      setState((before) => (answer.ok ? { id, whole: answer.body, failed: false } : { id, whole: before.id === id ? before.whole : null, failed: true }));
    });
    return () => { wanted = false; };
  }, [id, revision, again, desk.line.connection.value === "live"]);
  if (!id) return <section class="detail" aria-label={word("detail.title")}><p class="nothing">{word("detail.choose")}</p></section>;
  const whole = state.id === id ? state.whole : null;
  const alert = known ?? whole?.alert;
  return (
    <section class="detail" aria-labelledby="detail-title" tabIndex={0}>
      {alert ? <Head alert={alert} desk={desk} /> : <h2 id="detail-title">{word("detail.title")}</h2>}
      {state.id === id && state.failed && <p class="fault" role="alert">{word("detail.failed")} <Act onClick={() => setAgain(again + 1)}>{word("detail.again")}</Act></p>}
      {whole ? <Body whole={whole} desk={desk} /> : !state.failed && <p class="soft">{word("detail.loading")}</p>}
    </section>
  );
}

function Head({ alert, desk }: { alert: Alert; desk: Desk }) {
  return (
    <header>
      <p class="grade"><Level of={alert} long />{alert.risk_computed && alert.risk_level && <span class="soft"> {word("risk.computed", { level: alert.risk_level })}</span>} <span class="soft">{[named("severity", alert.severity), named("urgency", alert.urgency), alert.certainty ? named("certainty", alert.certainty) : ""].filter(Boolean).join(" · ")}</span></p>
      <h2 id="detail-title" lang={alert.language || undefined}>{desk.unmarked(alert.headline || alert.event || alert.identifier)}</h2>
      {alert.held_until ? <Held alert={alert} desk={desk} /> : <DeskAck alert={alert} desk={desk} />}
    </header>
  );
}

function Body({ whole, desk }: { whole: Whole; desk: Desk }) {
  const { alert } = whole;
  const info = infoFor(whole, current());
  return (
    <>
      <Part name="detail.where"><p lang={info?.language}>{(info?.area ?? []).map((area) => area.areaDesc).join("; ") || "—"}</p><p class="soft">{units(whole)}</p></Part>
      <Part name="detail.when"><p class="figures-line">{time(alert, info?.onset, info?.expires, desk)}</p></Part>
      <Part name="detail.advice" strong={Boolean(info?.instruction)}>{info?.instruction ? <p class="text" lang={info.language}>{desk.unmarked(info.instruction)}</p> : <p class="soft">{word("detail.no-advice")}</p>}</Part>
      {info?.description && <Part name="detail.content"><p class="text" lang={info.language}>{desk.unmarked(info.description)}</p></Part>}
      <Bulletins whole={whole} desk={desk} />
      <Matrix whole={whole} desk={desk} />
      <WhyAsked alertId={alert.id} desk={desk} />
      <Original whole={whole} desk={desk} />
    </>
  );
}

export function Part({ name, strong = false, beside, children }: { name: string; strong?: boolean; beside?: string; children: preact.ComponentChildren }) {
  return <section class={strong ? "part strong" : "part"}><h3>{word(name)} {beside && <span class="soft">{beside}</span>}</h3>{children}</section>;
}

/** Districts where there are any, else communes: codes of GSO have 2, 3 or 5 digits. A unit above or below the named ones goes without saying. */
function units(whole: Whole): string {
  const lengths = new Set(whole.units.map((unit) => unit.code.length));
  const shown = [3, 5, 2].find((length) => lengths.has(length));
  const names = whole.units.filter((unit) => unit.code.length === shown).map((unit) => unit.name || unit.code);
  return names.slice(0, MOST_UNITS).join(", ") + (names.length > MOST_UNITS ? ` ${word("detail.more", { count: names.length - MOST_UNITS })}` : "");
}

function time(alert: Alert, onset: string | undefined, expires: string | undefined, desk: Desk): string {
  const from = onset ?? alert.onset ?? alert.sent;
  if (Date.parse(alert.live_until) <= desk.line.now()) return word("detail.expired", { when: when(alert.live_until) });
  return expires ? between(from, expires) : `${when(from)} · ${word("detail.no-expiry", { when: when(alert.live_until) })}`;
}

/** Why it was decided so, in words where there are words for it. */
export function because(reason: string): string {
  const [, act, why] = /^(released|dismissed): (.*)$/s.exec(reason) ?? [];
  if (act) return word(`because.${act}`, { why: why ?? "" });
  return has(`because.${reason}`) ? word(`because.${reason}`) : "";
}

/** Opens a part and brings it into sight when its key is pressed; the focus stays where it is. */
export function useSight(open: boolean) {
  const node = useRef<HTMLElement>(null);
  useEffect(() => { if (open) node.current?.scrollIntoView({ block: "nearest" }); }, [open]);
  return node;
}
