// Who must confirm an alert and by when, what was done because nobody did, and the form by which the desk records a telephone call.

import { element, table } from "/page/draw.js";
import { read } from "/page/read.js";
import { countdown, left, named, when, word } from "/page/words.js";

const ANSWER_WITHIN_MS = 15000;
const OPEN = ["none", "waiting", "overdue", "ended"];

export class Confirming {
  may = false;          // whether this reader may record that somebody confirmed
  node = element("section", { "aria-labelledby": "confirming-title" });
  #id = "";
  #clocks = [];
  #times = [];          // [element, clock]: texts that change every second
  #sending = false;

  constructor(feed) {
    this.feed = feed;
    this.body = element("div");
    this.reword();
  }

  // The form is made once for an alert: somebody may be writing in it while the ledger changes.
  reword() {
    this.list = element("select", { name: "delivery" });
    this.by = element("input", { name: "by", autocomplete: "off", maxlength: "200" });
    this.note = element("input", { name: "note", autocomplete: "off", maxlength: "500" });
    this.said = element("p", { role: "status" });
    this.fault = element("p", { class: "fault", role: "alert" });
    this.form = element("form", { novalidate: "novalidate" }, [
      element("h3", {}, [word("phone")]),
      ...[["phone.delivery", this.list], ["phone.by", this.by], ["phone.note", this.note]].map(([name, field]) => element("p", {}, [element("label", {}, [`${word(name)} `, field])])),
      element("p", { class: "actions" }, [element("button", { type: "submit", class: "strong" }, [word("phone.send")])]),
      this.fault, this.said,
    ]);
    this.form.addEventListener("submit", (event) => { event.preventDefault(); this.#record(); });
    this.node.replaceChildren(element("h3", { id: "confirming-title" }, [word("confirming")]), this.body, this.form);
  }

  show(id) {
    this.#id = id;
    this.#clocks = [];
    this.reword();
    this.draw(null);
  }

  async refresh(deliveries) {
    const id = this.#id;
    const told = await read(`/v1/alerts/${encodeURIComponent(id)}/escalations`);
    if (id !== this.#id) return;
    this.#clocks = told?.escalations ?? [];
    this.draw(deliveries);
  }

  draw(deliveries) {
    this.#times = [];
    const lines = this.#clocks.map((clock) => {
      const time = element("span", { class: `clock ${clock.overdue ? "fault" : ""}` });
      this.#times.push([time, clock]);
      const counted = clock.quorum > 1 ? ` (${clock.acknowledged}/${clock.quorum})` : "";
      return [clock.owner_name, time, `${named("clock", clock.overdue ? "overdue" : clock.state)}${counted}`, next(clock), element("div", {}, clock.fired.flatMap(done))];
    });
    const heads = ["col.owner", "col.when", "col.state", "col.next", "col.done"].map((name) => word(name));
    this.body.replaceChildren(lines.length ? table(word("confirming"), heads, lines) : element("p", { class: "soft" }, [word("confirming.nobody")]));
    this.#choices(deliveries?.deliveries ?? []);
    this.tick();
  }

  tick() {
    const now = this.feed.now();
    for (const [node, clock] of this.#times) {
      const text = remaining(clock, now);
      if (node.textContent !== text) node.textContent = text;
    }
  }

  // What can still be confirmed; the choice that was made stays.
  #choices(deliveries) {
    const open = deliveries.filter((one) => OPEN.includes(one.ack) && !one.outcome.startsWith("withheld ") && one.event_type !== "alert.reminder");
    const chosen = this.list.value;
    this.list.replaceChildren(...open.map((one) => element("option", { value: one.delivery_id }, [`${one.owner} · ${one.endpoint_id} · ${named("ack", one.ack)}`])));
    if (open.some((one) => one.delivery_id === chosen)) this.list.value = chosen;
    this.form.hidden = !this.may || (!open.length && !this.said.textContent);
  }

  async #record() {
    if (this.#sending) return;
    const by = this.by.value.trim();
    this.said.textContent = "";
    this.fault.textContent = by && this.list.value ? "" : word("phone.by-missing");
    if (this.fault.textContent) return this.by.focus();
    this.#sending = true;
    this.form.setAttribute("aria-busy", "true");
    const code = await send(`/v1/deliveries/${encodeURIComponent(this.list.value)}/ack`, { how: "phone", by, note: this.note.value.trim() });
    this.#sending = false;
    this.form.removeAttribute("aria-busy");
    if (code) this.fault.textContent = named("problem", code);
    else {
      this.said.textContent = word("phone.sent", { by });
      this.by.value = this.note.value = "";
      this.node.dispatchEvent(new CustomEvent("recorded", { bubbles: true }));
    }
  }
}

// Who has confirmed a delivery and how, or how it stands without.
export function confirmed(one) {
  const said = one.acks.map((ack) => `${ack.by} (${named("how", ack.how)}, ${when(ack.at)})`).join("; ");
  return said || named("ack", one.ack);
}

function remaining(clock, now) {
  if (clock.state !== "waiting") return when(clock.ended_at);
  const due = Date.parse(clock.ack_due_at);
  return now < due ? word("clock.left", { when: when(clock.ack_due_at), left: countdown(due - now) }) : word("clock.past", { when: when(clock.ack_due_at), left: left(now - due) });
}

function next(clock) {
  if (clock.state !== "waiting") return clock.state === "ended" ? named("ended", clock.ended_by) : "";
  return clock.due_at ? word("step.next", { to: named("step", clock.due_to), when: when(clock.due_at) }) : word("step.none");
}

function done(step) {
  const reached = step.reached.map((one) => one.endpoint_id + (one.outcome ? ` (${one.outcome})` : "")).join(", ");
  const told = `${named("step", step.to)} · ${when(step.fired_at)}${step.late ? ` · ${word("step.late")}` : ""}${reached ? ` · ${reached}` : ""}`;
  const calls = step.calls.map((call) => element("p", { class: "fault" }, [call.contact_id ? word("call", { owner: call.owner, who: [call.name ?? call.contact_id, call.post, call.phone].filter(Boolean).join(", ") }) : word("call.hole", { owner: call.owner })]));
  return [element("p", {}, [told]), ...calls];
}

// "" when it was recorded, else the code of what stood in the way.
async function send(address, body) {
  try {
    const answer = await fetch(address, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body), signal: AbortSignal.timeout(ANSWER_WITHIN_MS) });
    return answer.ok ? "" : ((await answer.json()).code ?? "fault");
  } catch {
    return "no-answer";
  }
}
