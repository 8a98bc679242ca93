// Why a recipient got the alert or did not, by the rules of the time.

import { useState } from "preact/hooks";
import { get, type Why } from "../api/client";
import type { Desk } from "../desk";
import { current, has, named, word } from "../words/words";
import { useSight } from "./detail";
import { useEndpoints } from "./matrix";
import { Key } from "./parts";

export function WhyAsked({ alertId, desk }: { alertId: string; desk: Desk }) {
  const open = desk.open.value.why;
  const node = useSight(open);
  return (
    <section class="part fold" ref={node}>
      <h3><button type="button" aria-expanded={open} aria-keyshortcuts="V" onClick={() => { desk.open.value = { ...desk.open.value, why: !open }; }}><Key code="KeyV" /> {word("detail.why")}</button></h3>
      {open && <Asked alertId={alertId} />}
    </section>
  );
}

function Asked({ alertId }: { alertId: string }) {
  const endpoints = [...useEndpoints().values()];
  const [told, setTold] = useState<Why | null>(null);
  const [failed, setFailed] = useState(false);
  const ask = async (endpoint: string): Promise<void> => {
    setTold(null);
    setFailed(false);
    if (!endpoint) return;
    const answer = await get("/v1/alerts/{alert_id}/why", { alert_id: alertId }, { endpoint });
    if (answer.ok) setTold(answer.body); else setFailed(true);
  };
  if (!endpoints.length) return <p class="soft">{word("why.nobody")}</p>;
  return (
    <>
      <label>{word("why.choose")} <select onChange={(event) => void ask(event.currentTarget.value)}><option value="">—</option>{endpoints.map((one) => <option key={one.endpoint_id} value={one.endpoint_id}>{one.owner} · {named("channel", one.kind)}</option>)}</select></label>
      <div role="status">
        {failed && <p class="fault">{word("why.failed")}</p>}
        {told && !told.rules.length && <p>{word("why.no-rules")}</p>}
        {told && <ul class="rules">{told.rules.map((rule) => <li key={rule.subscription_id} class={rule.matched ? "matched" : ""}>{word("why.rule", { number: rule.number ?? rule.subscription_id, said: rule.matched ? word("why.matched") : missed(rule.condition) })}{current() === "en" && rule.detail && <span class="soft"> ({rule.detail})</span>}</li>)}</ul>}
        {told && told.deliveries.map((one) => <p key={String(one["delivery_id"])} class="soft">{named("event", String(one["event_type"]))}: {named("delivery", String(one["state"]))}</p>)}
      </div>
    </>
  );
}

function missed(condition: string): string { return has(`condition.${condition}`) ? word(`condition.${condition}`) : word("why.missed"); }
