// What a person does about an alert: acknowledges it at the desk, or decides about one that is held. Shown done only when the hub says so.

import { useState } from "preact/hooks";
import { post, type Alert } from "../api/client";
import type { Desk } from "../desk";
import { timer, when } from "../words/times";
import { named, word } from "../words/words";
import { because } from "./detail";
import { Act, refused } from "./parts";

const LEAST_REASON = 3;

export function DeskAck({ alert, desk }: { alert: Alert; desk: Desk }) {
  void desk.line.told.value;
  const [sending, setSending] = useState(false);
  const done = desk.ledger.desk.get(alert.id);
  if (done) return <p class="acked"><span aria-hidden="true">✓</span> {word("ack.desk-done", { when: when(done.acknowledged_at), by: done.name || done.by })}</p>;
  if (alert.state !== "active" || Date.parse(alert.live_until) <= desk.line.now()) return null;
  if (!desk.may("alert.ack")) return <p class="soft">{word("ack.may-not")}</p>;
  const send = async (): Promise<void> => {
    setSending(true);
    await desk.acknowledgeNow();
    setSending(false);
  };
  return (
    <div class="act">
      <Act code="KeyX" strong disabled={sending} onClick={() => void send()}>{word(sending ? "ack.sending" : "ack.desk")}</Act>
      {desk.said.value && <p class="fault" role="alert">{desk.said.value}</p>}
    </div>
  );
}

export function Held({ alert, desk }: { alert: Alert; desk: Desk }) {
  const until = Date.parse(alert.held_until ?? "");
  const now = desk.now.value;
  return (
    <div class="held">
      <p><strong>{word("held.title")}</strong>: {because(alert.reason) || named("disposition", alert.disposition)}</p>
      <p class="soft">{word("held.who")}: {named("decider", alert.held_by)} · {now < until ? word("held.until", { when: when(alert.held_until), timer: timer(until - now) }) : word("held.late", { when: when(alert.held_until) })}</p>
      {desk.may("alert.release") && <Verdict alert={alert} />}
    </div>
  );
}

function Verdict({ alert }: { alert: Alert }) {
  const [act, setAct] = useState<"" | "release" | "dismiss">("");
  const [reason, setReason] = useState("");
  const [fault, setFault] = useState("");
  const [sending, setSending] = useState(false);
  const decide = async (): Promise<void> => {
    if (reason.trim().length < LEAST_REASON) { setFault(word("held.short")); return; }
    setSending(true);
    const answer = await post(`/v1/alerts/{alert_id}/${act}`, { alert_id: alert.id }, { reason: reason.trim() });
    setSending(false);
    setFault(answer.ok ? "" : refused(answer.refusal.code));
  };
  if (!act) return <p class="acts"><Act onClick={() => setAct("release")}>{word("held.release")}…</Act> <Act onClick={() => setAct("dismiss")}>{word("held.dismiss")}…</Act></p>;
  return (
    <form onSubmit={(event) => { event.preventDefault(); void decide(); }}>
      <p>{word(`held.${act}.meaning`)}</p>
      <label>{word("held.reason")}<input value={reason} maxLength={500} autocomplete="off" ref={(node) => { if (node && !reason && !fault) node.focus(); }} onInput={(event) => setReason(event.currentTarget.value)} /></label>
      {fault && <p class="fault" role="alert">{fault}</p>}
      <p class="acts"><button type="submit" class="strong" disabled={sending}>{word("held.confirm")}: {word(`held.${act}`)}</button> <Act onClick={() => setAct("")}>{word("ack.back")}</Act></p>
    </form>
  );
}
