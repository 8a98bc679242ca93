// One queue: its title with the count, the pill of what waits, and its rows.

import { useComputed } from "@preact/signals";
import { legalLevel, paint } from "../alerts/level";
import type { Row } from "../alerts/rows";
import type { Shown } from "../alerts/standing";
import type { Desk } from "../desk";
import { span, timer } from "../words/times";
import { word } from "../words/words";
import { Key, Level } from "./parts";
import { Virtual } from "./virtual";

interface Props { desk: Desk; name: "needs" | "force"; shown: Shown<Row>; count: number; nothing: string }

export function Queue({ desk, name, shown, count, nothing }: Props) {
  const title = word(`${name}.title`);
  const chosenKey = shown.rows.find((row) => row.alert.id === desk.chosen.value)?.key ?? "";
  return (
    <section class={`queue ${name}`} aria-labelledby={`${name}-title`}>
      <header>
        <h2 id={`${name}-title`} tabIndex={-1}>{title} <span class="count">{count}</span></h2>
        {shown.waiting > 0 && (
          <button type="button" class="pill" onClick={() => desk.showWaiting()}><Key code="KeyN" /> {word("waiting", { count: shown.waiting })} ↑</button>
        )}
      </header>
      {shown.rows.length === 0
        ? <p class="nothing" role="status">{nothing}</p>
        : <Virtual
            rows={shown.rows} label={title} chosen={chosenKey}
            onStill={(still) => { if (desk.still.value[name] !== still) desk.still.value = { ...desk.still.value, [name]: still }; }}
            draw={(row) => <Line row={row} desk={desk} />}
          />}
    </section>
  );
}

function Line({ row, desk }: { row: Row & { gone: boolean }; desk: Desk }) {
  const { alert, ending, needs } = row;
  const chosen = desk.chosen.value === alert.id;
  return (
    <button
      type="button" class={`row ${paint(alert)}${ending || row.gone ? " over" : ""}${needs ? " due" : ""}`} data-id={alert.id}
      aria-current={chosen ? "true" : undefined} onClick={() => desk.choose(alert.id)}
    >
      <Level of={alert} />
      <span class="said" lang={alert.language || undefined}>{desk.unmarked(alert.headline || alert.event || alert.identifier)}</span>
      <span class="soft place">{place(row)}</span>
      <span class="soft stand"><Stand row={row} desk={desk} /></span>
      {!ending && !needs && <Left desk={desk} from={alert.sent} to={alert.live_until} />}
    </button>
  );
}

function place({ alert, others }: Row): string {
  const parts = [others.length ? word("others", { count: others.length }) : "", alert.areaDesc.slice(0, 3).join(", "), alert.risk_computed && legalLevel(alert) === null ? word("computed") : ""];
  return parts.filter(Boolean).join(" · ");
}

/** How the row stands, in words; ticks with the clock without drawing the list anew. */
function Stand({ row, desk }: { row: Row & { gone: boolean }; desk: Desk }) {
  const text = useComputed(() => {
    const now = desk.now.value;
    const { alert } = row;
    if (row.ending) return word(`ending.${row.ending}`);
    if (row.needs === "decision") {
      const until = Date.parse(alert.held_until ?? "");
      return now > until ? `${word("row.decision")} · ${word("row.late")} ${timer(now - until)}` : `${word("row.decision")} · ${timer(until - now)}`;
    }
    if (row.needs === "ack") return `${row.gone ? word("row.acknowledged") : word("row.unacknowledged")} ${timer(now - Date.parse(alert.received_at))}`;
    const asking = desk.askingOf(alert.id).length;
    const left = word("row.left", { span: span(Date.parse(alert.live_until) - now) });
    return [asking ? word("row.asked", { count: asking }) : "", left, alert.withdrawn_at ? word("row.withdrawn") : ""].filter(Boolean).join(" · ");
  });
  return <>{text}</>;
}

function Left({ desk, from, to }: { desk: Desk; from: string; to: string }) {
  const [began, ends] = [Date.parse(from), Date.parse(to)];
  const share = useComputed(() => String(Math.round(Math.min(1, Math.max(0, (ends - desk.now.value) / Math.max(1, ends - began))) * 40) / 40));
  return <progress class="left" value={share} max={1} aria-hidden="true" />;
}
