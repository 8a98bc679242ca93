// The gauge strip: the last number of each gauge among its alarm levels; "no data" never looks like a level.

import type { Gauge } from "../api/client";
import type { Desk } from "../desk";
import { number, when } from "../words/times";
import { Figures } from "./parts";
import { current, word } from "../words/words";

const ARROWS: Record<string, string> = { rising: "↗", falling: "↘", steady: "→" };

export function Gauges({ desk }: { desk: Desk }) {
  const known = desk.gauges.value;
  return (
    <section class="gauges" aria-label={word("gauges.title")}>
      {!known ? <p class="soft">{word("gauges.unknown")}</p> : (
        <>
          {!known.fresh && <p class="bad" role="status">{word("gauges.old")}</p>}
          <ul>{known.list.map((gauge) => <li key={`${gauge.station} ${gauge.quantity}`}><One gauge={gauge} /></li>)}</ul>
        </>
      )}
    </section>
  );
}

function One({ gauge }: { gauge: Gauge }) {
  const blind = gauge.state === "no-data";
  const alarm = !blind && gauge.alarm ? gauge.alarm : 0;
  const digits = gauge.unit === "m" ? 2 : 1;
  return (
    <div class={`gauge a${alarm}${blind ? " blind" : ""}`}>
      <span class="name">{gauge.name[current()]} <span class="soft">{gauge.water[current()]}</span></span>
      {blind
        ? <span class="value">{word("gauge.no-data")}</span>
        : <span class="value"><b><Figures text={number(gauge.value ?? 0, digits)} /></b> {gauge.unit} <span title={word(`trend.${gauge.trend ?? "steady"}`)} role="img" aria-label={word(`trend.${gauge.trend ?? "steady"}`)}>{ARROWS[gauge.trend ?? "steady"]}</span></span>}
      <span class="soft">{blind ? (gauge.at ? `${word("gauge.last", { when: when(gauge.at) })}: ${number(gauge.value ?? 0, digits)} ${gauge.unit}` : " ") : (gauge.where?.[current()] ?? word(alarm ? "gauge.alarm" : "gauge.below", { level: alarm }))}</span>
    </div>
  );
}
