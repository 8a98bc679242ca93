// Where the alert came from: identity, the bytes as received, and every repair that was made.

import type { Whole } from "../api/client";
import type { Desk } from "../desk";
import { when } from "../words/times";
import { current, named, word } from "../words/words";
import { because, useSight } from "./detail";
import { Key } from "./parts";

export function Original({ whole, desk }: { whole: Whole; desk: Desk }) {
  const { alert } = whole;
  const open = desk.open.value.original;
  const node = useSight(open);
  const id = encodeURIComponent(alert.id);
  const facts: [string, string][] = [
    ["detail.source", alert.source], ["detail.sender", alert.sender], ["detail.identifier", alert.identifier],
    ["detail.sent", when(alert.sent)], ["detail.received", when(alert.received_at)],
    ["detail.accepted", [named("disposition", alert.disposition), because(alert.reason)].filter(Boolean).join(": ")],
    ["hazards", whole.hazards.map((hazard) => hazard[current()]).join(", ")],
  ];
  return (
    <section class="part fold" ref={node}>
      <h3><button type="button" aria-expanded={open} aria-keyshortcuts="O" onClick={() => { desk.open.value = { ...desk.open.value, original: !open }; }}><Key code="KeyO" /> {word("detail.original")} <span class="soft">{alert.source} · {word("detail.repairs", { count: whole.repairs.length })}</span></button></h3>
      {open && (
        <>
          <dl class="facts">{facts.map(([name, value]) => value && <div key={name}><dt>{word(name)}</dt><dd>{value}</dd></div>)}</dl>
          <p class="acts"><a href={`/v1/alerts/${id}/payload`} download={`${alert.id}.bin`}>{word("detail.as-received")}</a> <a href={`/v1/alerts/${id}/cap`} target="_blank" rel="noreferrer">{word("detail.as-cap")}</a></p>
          {whole.repairs.length === 0 ? <p class="soft">{word("detail.no-repairs")}</p> : (
            <ul class="repairs">{whole.repairs.map((repair, at) => <li key={at}><code>{repair.code}</code> <span class="soft">{repair.path} · {word(repair.certain ? "detail.certain" : "detail.uncertain")}</span><br /><del>{repair.before || "—"}</del> <ins>{repair.after || "—"}</ins></li>)}</ul>
          )}
          {whole.flags.length > 0 && <p class="soft">{word("detail.flags")}: {whole.flags.map((flag) => named("flag", flag)).join(", ")}</p>}
        </>
      )}
    </section>
  );
}
