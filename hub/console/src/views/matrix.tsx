// Who was owed the alert, by which channel, and what became of it. Sent is never confirmed; unconfirmed is never "not received".

import { useEffect, useState } from "preact/hooks";
import { get, type Schemas, type Whole } from "../api/client";
import type { Asking, Owed } from "../api/acks";
import type { Desk } from "../desk";
import { timer, when } from "../words/times";
import { has, named, word } from "../words/words";
import { Part } from "./detail";
import { PhoneAck } from "./phone";
import { Act } from "./parts";

type Endpoint = { endpoint_id: string; owner: string; kind: string };

export function Matrix({ whole, desk }: { whole: Whole; desk: Desk }) {
  void desk.line.stated.value;
  const id = whole.alert.id;
  const counts = JSON.stringify(desk.ledger.deliveries.get(id) ?? {});
  const [owed, setOwed] = useState<Owed[] | null>(null);
  const [failed, setFailed] = useState(false);
  const [again, setAgain] = useState(0);
  const endpoints = useEndpoints();
  useEffect(() => {
    let wanted = true;
    void get("/v1/alerts/{alert_id}/deliveries", { alert_id: id }).then((answer) => {
      if (!wanted) return;
      setFailed(!answer.ok);
      if (answer.ok) setOwed(answer.body.deliveries as Owed[]);
    });
    return () => { wanted = false; };
  }, [id, counts, again]);
  const asking = desk.askingOf(id);
  const done = (owed ?? []).filter((one) => one.state === "acknowledged" || one.acknowledged_at).length;
  return (
    <Part name="detail.deliveries" beside={owed?.length ? word("detail.acked", { done, all: owed.length }) : ""}>
      {failed && <p class="fault" role="alert">{word("detail.deliveries-failed")}</p>}
      {asking.map((one) => <Countdown key={one.escalation_id} asking={one} desk={desk} />)}
      {owed && !owed.length && <p class="soft">{word("detail.no-deliveries")}</p>}
      {owed && owed.length > 0 && (
        <div class="table" tabIndex={0} role="group" aria-label={word("detail.deliveries")}>
          <table>
            <thead><tr>{["recipient", "channel", "state", "when", "tries"].map((one) => <th key={one} scope="col">{word(`col.${one}`)}</th>)}</tr></thead>
            <tbody>
              {[...owed].sort((a, b) => nameOf(a, endpoints).localeCompare(nameOf(b, endpoints), "vi")).map((one) => (
                <tr key={one.delivery_id} class={`d-${one.state}${one.ack === "overdue" ? " overdue" : ""}`}>
                  <th scope="row">{nameOf(one, endpoints)}</th>
                  <td>{named("channel", endpoints.get(one.endpoint_id)?.kind ?? "")}<br /><span class="soft">{named("event", one.event_type)}</span></td>
                  <td><State one={one} /> {desk.may("alert.ack") && ["delivered", "failed", "in_flight"].includes(one.state) && !one.acknowledged_at && one.ack !== undefined && <PhoneAck delivery={one} desk={desk} onDone={() => setAgain(again + 1)} />}</td>
                  <td class="moment">{when(one.acknowledged_at ?? one.delivered_at ?? one.due_at)}</td>
                  <td class="figures">{one.attempts}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {failed && <Act onClick={() => setAgain(again + 1)}>{word("detail.again")}</Act>}
    </Part>
  );
}

function State({ one }: { one: Owed }) {
  const ack = one.acks?.find((told) => told.first);
  const who = ack ? `${ack.by}${has(`ack.how.${ack.how}`) ? `, ${word(`ack.how.${ack.how}`)}` : ""}` : (one.acknowledged_by ?? "");
  return (
    <>
      <span aria-hidden="true">{{ acknowledged: "✓✓", delivered: "✓", failed: "✕", expired: "✕", pending: "…", in_flight: "…" }[one.state] ?? "–"}</span> {named("delivery", one.state)}
      {one.ack === "acknowledged" && <span class="soft"> · {word("ack.acknowledged", { when: when(one.acknowledged_at), by: who })}</span>}
      {(one.ack === "waiting" || one.ack === "overdue") && <span class={one.ack === "overdue" ? "bad" : "soft"}> · {word(`ack.${one.ack}`, { when: when(one.ack_due_at) })}</span>}
    </>
  );
}

function Countdown({ asking, desk }: { asking: Asking; desk: Desk }) {
  const left = asking.due_at ? Date.parse(asking.due_at) - desk.now.value : 0;
  const calls = asking.fired.flatMap((step) => step.calls);
  return (
    <p class={asking.overdue ? "escalation bad" : "escalation"}>
      <strong>{asking.owner_name || asking.owner}</strong>:{" "}
      {asking.due_at ? word("escalation.next", { n: asking.step + 1, all: asking.steps, to: named("to", asking.due_to), timer: timer(left) }) : word("escalation.done")}
      {calls.map((call) => <span key={call.contact_id + call.phone}> · {word("escalation.call", { name: call.name || call.owner, post: call.post, phone: call.phone || "—" })}</span>)}
    </p>
  );
}

function nameOf(one: Owed, endpoints: Map<string, Endpoint>): string {
  return one.owner ?? endpoints.get(one.endpoint_id)?.owner ?? one.endpoint_id;
}

export function useEndpoints(): Map<string, Endpoint> {
  const [found, setFound] = useState(new Map<string, Endpoint>());
  useEffect(() => {
    void get("/v1/endpoints").then((answer) => {
      if (answer.ok) setFound(new Map((answer.body as Schemas["EndpointList"]).endpoints.map((one) => [one.endpoint_id, one])));
    });
  }, []);
  return found;
}
