// One alert: what it says, its versions, what was repaired, to whom it was delivered, and why someone got it or did not.

import { confirmed } from "/page/confirming.js";
import { element, pairs, table } from "/page/draw.js";
import { read } from "/page/read.js";
import { because, current, named, when, word } from "/page/words.js";

const MOST_UNITS = 12;

export class Detail {
  #id = "";
  #asked = 0;
  #deliveries = element("div");

  constructor(title, body, confirming) {
    this.title = title;
    this.body = body;
    this.confirming = confirming;
    confirming.node.addEventListener("recorded", () => this.refresh());
  }

  async show(id) {
    this.#id = id;
    if (!id) return;
    const asked = (this.#asked += 1);
    const told = await read(`/v1/alerts/${encodeURIComponent(id)}`);
    if (asked !== this.#asked) return;
    if (!told) {
      this.title.textContent = word("no-data");
      this.body.replaceChildren();
      return;
    }
    const alert = told.alert;
    this.title.textContent = alert.headline || alert.event || alert.identifier;
    this.title.lang = alert.language || "";
    this.#deliveries = element("div");
    this.confirming.show(id);
    this.body.replaceChildren(facts(told), ...told.cap.info?.map(info) ?? [], this.confirming.node, versions(told), repairs(told), this.#deliveries, why(id));
    await this.refresh();
  }

  async refresh() {
    const id = this.#id;
    const told = await read(`/v1/alerts/${encodeURIComponent(id)}/deliveries`);
    if (id !== this.#id) return;
    this.#deliveries.replaceChildren(element("h3", {}, [word("deliveries")]), deliveries(told));
    await this.confirming.refresh(told);
  }
}

function facts({ alert, units, hazards }) {
  const id = encodeURIComponent(alert.id);
  return element("div", { class: alert.severity }, [
    pairs([
      [word("fact.disposition"), [named("disposition", alert.disposition), because(alert.reason)].filter(Boolean).join(": ")],
      [word("fact.state"), named("state", alert.state)],
      [word("fact.source"), alert.source],
      [word("fact.sender"), alert.sender],
      [word("fact.identifier"), alert.identifier],
      [word("fact.sent"), when(alert.sent)],
      [word("fact.received"), when(alert.received_at)],
      [word("fact.until"), when(alert.live_until)],
      [word("fact.hazards"), hazards.map((hazard) => hazard[current()]).join(", ")],
      [word("fact.units"), units.slice(0, MOST_UNITS).map((unit) => unit.name || unit.code).join(", ") + (units.length > MOST_UNITS ? word("and-more", { more: units.length - MOST_UNITS }) : "")],
      [word("fact.incident"), alert.incident_id],
    ]),
    element("p", {}, [element("a", { href: `/v1/alerts/${id}/cap` }, [word("as-cap")]), " · ", element("a", { href: `/v1/alerts/${id}/payload`, download: "payload" }, [word("as-received")])]),
  ]);
}

function info(told) {
  return element("section", { lang: told.language ?? "" }, [
    element("h3", {}, [told.headline || told.event || ""]),
    pairs([
      [word("fact.severity"), `${named("severity", told.severity)} · ${named("urgency", told.urgency)} · ${named("certainty", told.certainty)}`],
      [word("fact.onset"), told.onset ? when(told.onset) : ""],
      [word("fact.expires"), told.expires ? when(told.expires) : word("not-said")],
      [word("fact.area"), (told.area ?? []).map((area) => area.areaDesc).join("; ")],
    ]),
    element("p", { class: "text" }, [told.description ?? ""]),
    element("p", { class: "text" }, [told.instruction ?? ""]),
  ]);
}

function versions({ chain }) {
  if (chain.length < 2) return element("div");
  const lines = chain.map((version) => [version.chain_seq ?? "", named("msgType", version.msgType), named("state", version.state), when(version.sent), openButton(version.id)]);
  return element("div", {}, [element("h3", {}, [word("versions")]), table(word("versions"), [word("col.version"), word("col.kind"), word("col.state"), word("col.sent"), ""], lines)]);
}

function openButton(id) {
  return element("button", { type: "button", "data-id": id }, [word("open")]);
}

function repairs({ repairs: made, flags }) {
  const lines = made.map((repair) => [repair.code, repair.path, repair.before, repair.after, word(repair.certain ? "certain" : "uncertain")]);
  const children = [element("h3", {}, [word("repairs")])];
  if (lines.length) children.push(table(word("repairs"), [word("col.repair"), word("col.where"), word("col.before"), word("col.after"), ""], lines));
  else children.push(element("p", { class: "soft" }, [word("no-repair")]));
  if (flags.length) children.push(element("p", {}, [`${word("flags")}: ${flags.join(", ")}`]));
  return element("div", {}, children);
}

function deliveries(told) {
  if (!told) return element("p", {}, [word("no-data")]);
  if (!told.deliveries.length) return element("p", { class: "soft" }, [word("no-delivery")]);
  const lines = told.deliveries.map((one) => [
    one.endpoint_id,
    named("event", one.event_type),
    named("delivery", one.state),
    confirmed(one),
    one.attempts,
    when(one.delivered_at ?? one.due_at),
    [one.outcome, one.reason].filter(Boolean).join(" · "),
  ]);
  return table(word("deliveries"), [word("col.endpoint"), word("col.kind"), word("col.state"), word("col.ack"), word("col.attempts"), word("col.when"), word("col.reason")], lines);
}

function why(id) {
  const field = element("input", { name: "endpoint", required: "required", autocomplete: "off" });
  const told = element("div", { role: "status" });
  const form = element("form", {}, [element("label", {}, [word("why-endpoint"), " ", field]), " ", element("button", { type: "submit" }, [word("why")])]);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const answer = await read(`/v1/alerts/${encodeURIComponent(id)}/why?endpoint=${encodeURIComponent(field.value.trim())}`);
    told.replaceChildren(answer ? pairs(Object.entries(answer).map(([name, value]) => [named("why", name), typeof value === "object" ? JSON.stringify(value) : String(value)])) : word("no-answer"));
  });
  return element("section", {}, [element("h3", {}, [word("why")]), form, told]);
}
