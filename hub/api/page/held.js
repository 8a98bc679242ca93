// Alerts that wait for a person: why, until when, who decides; and the two presses that decide, for those who may.

import { element } from "/page/draw.js";
import { gravest, level } from "/page/level.js";
import { because, countdown, left, named, when, word } from "/page/words.js";

const ACTS = ["release", "dismiss"];
const LEAST_REASON = 3;
const ANSWER_WITHIN_MS = 15000;
const SAID_FOR_MS = 120000;

export function waits(alert) { return Boolean(alert.held_until); }

export class Held {
  may = false;          // whether this reader may decide
  #lines = new Map();   // id -> Line, in the order of the list
  #saidAt = 0;

  constructor(section, feed) {
    this.section = section;
    this.feed = feed;
    [this.title, this.said, this.list] = ["h2", "[role=status]", "ul"].map((part) => section.querySelector(part));
  }

  // The list is that of the feed. A line that stays is never moved or made anew: somebody may be writing in it.
  draw() {
    const waiting = [...this.feed.alerts.values()].filter(waits).sort(gravest);
    const ids = new Set(waiting.map((alert) => alert.id));
    for (const [id, line] of this.#lines) if (!ids.has(id)) this.#drop(id, line);
    waiting.forEach((alert, at) => {
      if (!this.#lines.has(alert.id)) this.#lines.set(alert.id, new Line(alert, this));
      const { node } = this.#lines.get(alert.id);
      if (!node.isConnected) this.list.insertBefore(node, this.list.children[at] ?? null);
    });
    const title = word("held", { count: waiting.length });
    if (this.title.textContent !== title) this.title.textContent = title;
    this.tick();
  }

  // The texts that change with the clock.
  tick() {
    if (this.#saidAt && performance.now() - this.#saidAt > SAID_FOR_MS) this.say("");
    for (const line of this.#lines.values()) line.tick(this.feed.now());
    this.section.hidden = !this.#lines.size && !this.said.textContent;
  }

  // Every word anew, in the other language; what was written stays.
  reword() {
    this.say("");
    for (const line of this.#lines.values()) line.reword();
    this.draw();
  }

  say(text) {
    this.said.textContent = text;
    this.#saidAt = text ? performance.now() : 0;
  }

  #drop(id, line) {
    const focused = line.node.contains(document.activeElement);
    this.#lines.delete(id);
    line.node.remove();
    const now = this.feed.alerts.get(id);
    const outcome = now ? named("disposition", now.disposition) : word("no-data");
    this.say(word(line.tried ? "held.decided" : "held.decided-elsewhere", { headline: line.name, outcome }));
    if (!focused) return;
    this.section.hidden = false;
    const next = this.#lines.values().next().value;
    (next?.first ?? this.title).focus();
  }
}

class Line {
  tried = false;        // this reader has sent a decision: whose it was in the end is not known here
  #sending = false;
  #act = "";            // the form that is open, "" when none is

  constructor(alert, held) {
    this.alert = alert;
    this.held = held;
    this.node = element("li", { class: `held ${alert.severity}` });
    this.field = element("input", { name: "reason", autocomplete: "off", required: "required", maxlength: "500" });
    this.fault = element("p", { class: "fault", role: "alert" });
    this.reword();
  }

  get name() { return this.alert.headline || this.alert.event || this.alert.identifier; }

  get first() { return this.held.may ? this.buttons.release : this.open; }

  reword() {
    const { alert } = this;
    this.open = element("button", { type: "button", class: `row ${alert.severity}`, "data-id": alert.id }, [
      element("span", { class: "level" }, [level(alert)]),
      element("span", { lang: alert.language }, [this.name]),
      element("span", { class: "soft" }, [alert.areaDesc.slice(0, 4).join(", ")]),
      element("span", { class: "soft" }, [`${when(alert.sent)} · ${alert.source} · ${alert.sender}`]),
    ]);
    this.clock = element("span", { class: "clock" });
    this.over = element("p", { class: "soft" });
    this.buttons = {};
    this.actions = element("p", { class: "actions" }, ACTS.map((act) => this.#button(act)));
    this.form = this.#form();
    this.node.replaceChildren(
      this.open,
      element("p", {}, [`${word("held.why")}: ${because(alert.reason)}`]),
      element("p", {}, [`${word("held.who")}: ${named("decider", alert.held_by)} · `, this.clock]),
      this.over, ...(this.held.may ? [this.actions, this.form] : []),
    );
    this.#show(this.#act);
    this.tick(this.held.feed.now());
  }

  tick(now) {
    const until = Date.parse(this.alert.held_until);
    const told = now < until ? word("held.until", { when: when(this.alert.held_until), left: countdown(until - now) })
      : word("held.late", { when: when(this.alert.held_until), left: left(now - until) });
    if (this.clock.textContent !== told) this.clock.textContent = told;
    const over = Date.parse(this.alert.live_until) <= now ? word("held.expired") : "";
    if (this.over.textContent !== over) this.over.textContent = over;
    this.over.hidden = !over;
  }

  #button(act) {
    const button = element("button", { type: "button", "aria-expanded": "false" }, [word(`held.${act}`)]);
    button.addEventListener("click", () => { this.#show(act); this.field.focus(); });
    this.buttons[act] = button;
    return button;
  }

  #form() {
    this.meaning = element("p");
    this.confirm = element("button", { type: "submit", class: "strong" });
    const back = element("button", { type: "button" }, [word("held.back")]);
    const label = element("label", {}, [`${word("held.reason")} `, this.field]);
    const form = element("form", { novalidate: "novalidate" }, [this.meaning, label, element("p", { class: "actions" }, [this.confirm, back]), this.fault]);
    back.addEventListener("click", () => this.#close());
    form.addEventListener("keydown", (event) => { if (event.key === "Escape") this.#close(); });
    form.addEventListener("submit", (event) => { event.preventDefault(); this.#decide(); });
    return form;
  }

  #show(act) {
    this.#act = act;
    this.form.hidden = !act;
    if (act) {
      this.meaning.textContent = word(`held.${act}.meaning`);
      this.confirm.textContent = word(`held.${act}.confirm`);
    }
    for (const [name, button] of Object.entries(this.buttons)) button.setAttribute("aria-expanded", String(name === act));
  }

  #close() {
    const button = this.buttons[this.#act];
    this.fault.textContent = "";
    this.#show("");
    button?.focus();
  }

  async #decide() {
    const reason = this.field.value.trim();
    if (this.#sending) return;
    if (reason.length < LEAST_REASON) return this.#fail(word("held.reason-short"));
    this.fault.textContent = "";
    this.#sending = this.tried = true;
    this.form.setAttribute("aria-busy", "true");
    const code = await send(`/v1/alerts/${encodeURIComponent(this.alert.id)}/${this.#act}`, { reason });
    if (!code || code === "not-held") await this.held.feed.reread(this.alert.id);
    this.#sending = false;
    this.form.removeAttribute("aria-busy");
    if (!this.node.isConnected) return;       // the feed, or the reading again, has told of the decision
    this.#fail(code ? named("problem", code) : word("held.sent"));
  }

  #fail(text) {
    this.fault.textContent = text;
    this.field.focus();
  }
}

// "" when it was done, else the code of what stood in the way.
async function send(address, body) {
  try {
    const answer = await fetch(address, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
    });
    return answer.ok ? "" : ((await answer.json()).code ?? "fault");
  } catch {
    return "no-answer";
  }
}
