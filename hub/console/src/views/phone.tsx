// A confirmation that came by telephone, written down by the dispatcher: at night a province works by telephone.

import { useEffect, useState } from "preact/hooks";
import { post } from "../api/client";
import type { Owed } from "../api/acks";
import type { Desk } from "../desk";
import { word } from "../words/words";
import { Act, refused } from "./parts";

export function PhoneAck({ delivery, desk, onDone }: { delivery: Owed; desk: Desk; onDone: () => void }) {
  const open = desk.open.value.phone === delivery.delivery_id;
  const [by, setBy] = useState("");
  const [note, setNote] = useState("");
  const [fault, setFault] = useState("");
  const [sending, setSending] = useState(false);
  useEffect(() => { if (!open) setFault(""); }, [open]);
  const show = (which: string): void => { desk.open.value = { ...desk.open.value, phone: which }; };
  if (!open) return <button type="button" onClick={() => show(delivery.delivery_id)} aria-label={`${word("ack.phone")}: ${delivery.owner ?? delivery.endpoint_id}`}>☎ {word("ack.phone-short")}</button>;
  const record = async (): Promise<void> => {
    if (by.trim().length < 2) { setFault(word("ack.short")); return; }
    setSending(true);
    const answer = await post("/v1/deliveries/{delivery_id}/ack", { delivery_id: delivery.delivery_id }, { how: "phone", by: by.trim(), note: note.trim() });
    setSending(false);
    if (!answer.ok) { setFault(word("ack.failed", { why: refused(answer.refusal.code) })); return; }
    show("");
    onDone();
  };
  return (
    <form class="phone" onSubmit={(event) => { event.preventDefault(); void record(); }}>
      <label>{word("ack.by")}<input value={by} maxLength={200} autocomplete="off" ref={(node) => { if (node && !by && !fault) node.focus(); }} onInput={(event) => setBy(event.currentTarget.value)} /></label>
      <label>{word("ack.note")}<input value={note} maxLength={500} autocomplete="off" onInput={(event) => setNote(event.currentTarget.value)} /></label>
      {fault && <p class="fault" role="alert">{fault}</p>}
      <p class="acts"><button type="submit" class="strong" disabled={sending}>{word("ack.record")}</button> <Act onClick={() => show("")}>{word("ack.back")}</Act></p>
    </form>
  );
}
