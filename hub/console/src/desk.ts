// Everything the screen follows, put together once: the feed, the queues, what is chosen, the sound.

import { computed, effect, signal } from "@preact/signals";
import { get, getLoosely, post, type About, type Alert, type Gauge, type OnMap, type Refusal, type Schemas, type Session } from "./api/client";
import type { Asking, EscalationList } from "./api/acks";
import { gravity } from "./alerts/level";
import { isFlood, queues, searchable, type Row } from "./alerts/rows";
import { Standing } from "./alerts/standing";
import { found } from "./alerts/fold";
import { Ledger } from "./live/ledger";
import { Line } from "./live/line";
import { SILENT_SOURCE } from "./sound/patterns";
import { Siren } from "./sound/siren";
import { refused } from "./views/parts";
import { word } from "./words/words";

const GAUGES_EVERY_MS = 30_000;
const MAP_AFTER_MS = 400;
const MOST_AT_ONCE = 500;
const HOUR = new Intl.DateTimeFormat("en-GB", { timeZone: "Asia/Ho_Chi_Minh", hourCycle: "h23", hour: "numeric" });

export type Theme = "night" | "day";

export class Desk {
  readonly ledger: Ledger;
  readonly line: Line;
  readonly siren: Siren;
  readonly now = signal(Date.now());
  readonly stale = signal(false);
  readonly chosen = signal("");
  readonly search = signal("");
  readonly still = signal({ needs: false, force: false });
  readonly sheet = signal(false);
  readonly theme = signal<Theme>("night");
  readonly gauges = signal<{ list: Gauge[]; fresh: boolean } | null>(null);
  readonly onMap = signal<{ list: OnMap[]; more: boolean; fresh: boolean } | null>(null);
  readonly asking = signal<EscalationList["escalations"]>([]);
  readonly said = signal("");
  readonly open = signal({ why: false, original: false, phone: "" });
  readonly #arrivals = signal<number[]>([]);
  readonly #folded = new Map<string, { seq: number; text: string }>();
  readonly #standing = { needs: new Standing<Row>(), force: new Standing<Row>() };
  #mapSoon = 0;

  constructor(readonly about: About, readonly session: Session) {
    this.ledger = new Ledger(about.most_in_snapshot);
    this.line = new Line(this.ledger, about.stale_s * 1000, (alert) => this.#arrived(alert));
    this.siren = new Siren(() => Number(HOUR.format(this.line.now())));
  }

  may(act: string): boolean { return this.session.may.includes(act); }

  readonly #minute = computed(() => Math.floor(this.now.value / 5000));

  readonly flood = computed(() => { void this.#minute.value; return isFlood(this.#arrivals.value, this.line.now()); });

  readonly queues = computed(() => {
    void this.line.told.value; void this.#turn.value;
    const told = queues(this.ledger.alerts.values(), { now: this.line.now(), desk: this.ledger.desk, grouped: this.flood.value });
    this.#nextTurn = told.until;
    return told;
  });
  /** Grows when the clock alone changes the queues: something has expired, or has been over for long enough. */
  readonly #turn = signal(0);
  #nextTurn = Infinity;

  readonly needs = computed(() => this.#standing.needs.settle(this.#fitting(this.queues.value.needs), this.#isStill("needs")));
  readonly force = computed(() => this.#standing.force.settle([...this.#fitting(this.queues.value.force), ...this.#fitting(this.queues.value.over)], this.#isStill("force")));
  readonly #searched = { needs: "", force: "" };

  readonly sources = computed(() => {
    void this.line.stated.value; void this.#minute.value;
    const listed = [...this.ledger.sources.values()].filter((source) => source.state !== "off").map((source) => ({ ...source, state: stateNow(source, Date.now() + this.line.ahead) }));
    return { listed, live: listed.filter((source) => source.state === "live").length };
  });

  /** Runs the desk: the feed, the clock, the gauges, the map's data, the sound. */
  start(): void {
    this.line.connect();
    this.siren.start();
    setInterval(() => { if (this.line.now() >= this.#nextTurn) { this.#nextTurn = Infinity; this.#turn.value += 1; } }, 1000);
    setInterval(() => { this.now.value = this.line.now(); this.stale.value = this.line.isStale() || this.line.connection.value === "signed-out"; }, 1000);
    setInterval(() => void this.#readGauges(), GAUGES_EVERY_MS);
    setInterval(() => this.#readAsking(), 10_000);
    effect(() => { void this.line.told.value; this.#readMapSoon(); });
    effect(() => { if (this.line.connection.value === "live") { void this.#readGauges(); this.#readAsking(); void this.#readDesk(); } });
    effect(() => {
      const waiting = this.queues.value.needs.map((row) => ({ key: row.alert.id, gravity: gravity(row.alert), once: row.again }));
      this.siren.hear(waiting, this.stale.value && this.line.connection.value !== "signed-out");
    });
    effect(() => { document.documentElement.dataset["theme"] = this.theme.value; });
    let bad = new Set<string>();
    effect(() => {
      const now = new Set(this.sources.value.listed.filter((source) => !["live", "new"].includes(source.state)).map((source) => source.source));
      if ([...now].some((name) => !bad.has(name)) && this.ledger.live) this.siren.once(SILENT_SOURCE, "source");
      bad = now;
    });
    const heard = (): void => this.line.say({ frame: "sound", on: this.siren.allowed.value && this.siren.on.value });
    effect(() => { if (this.line.connection.value === "live") heard(); });
    setInterval(heard, 15_000);
  }

  choose(id: string): void {
    this.chosen.value = id;
    this.open.value = { why: false, original: false, phone: "" };
    this.said.value = "";
    history.replaceState(null, "", id ? `#${id}` : location.pathname);
  }

  /** The row after (or before) the chosen one, through both queues. */
  step(by: 1 | -1): void {
    const rows = [...this.needs.value.rows, ...this.force.value.rows];
    const at = rows.findIndex((row) => row.alert.id === this.chosen.value);
    const next = rows[at < 0 ? (by > 0 ? 0 : rows.length - 1) : Math.min(rows.length - 1, Math.max(0, at + by))];
    if (next) this.choose(next.alert.id);
  }

  /** First key: the top alert is open. Second: the open one is acknowledged. Shown as such only when the hub has said so. */
  async acknowledge(): Promise<Refusal | null> {
    const rows = this.queues.value.needs.filter((row) => row.needs === "ack");
    const chosen = rows.find((row) => row.alert.id === this.chosen.value);
    if (!chosen) {
      const top = this.needs.value.rows.find((row) => row.needs === "ack" && !row.gone);
      if (top && !this.chosen.value) this.choose(top.alert.id);
      return null;
    }
    const ids = [chosen.alert, ...chosen.others].map((alert) => alert.id);
    for (let from = 0; from < ids.length; from += MOST_AT_ONCE) {
      const answer = await post<Schemas["DeskAcks"]>("/v1/desk", {}, { alert_ids: ids.slice(from, from + MOST_AT_ONCE) });
      if (!answer.ok) return answer.refusal;
      for (const one of answer.body.acknowledged) this.ledger.desk.set(one.alert_id, one);
    }
    this.line.changed();
    return null;
  }

  /** As `acknowledge`, and says what went wrong. */
  async acknowledgeNow(): Promise<void> {
    const refusal = await this.acknowledge();
    this.said.value = refusal ? word("ack.failed", { why: refused(refusal.code) }) : "";
  }

  showWaiting(): void {
    this.#standing.needs.settle(this.#fitting(this.queues.value.needs), false);
    this.#standing.force.settle([...this.#fitting(this.queues.value.force), ...this.#fitting(this.queues.value.over)], false);
    this.still.value = { ...this.still.value };
  }

  /** The mode's word stands round the whole window; before every headline it would hide the headline. */
  unmarked(text: string): string {
    for (const mark of Object.values(this.about.mode_words)) if (mark && text.startsWith(mark)) return text.slice(mark.length).replace(/^\s*[–-]\s*/, "");
    return text;
  }

  askingOf(alertId: string): Asking[] { return this.asking.value.filter((one) => one.alert_id === alertId && one.state === "waiting"); }

  /** Rows keep their places for who looks at them, but not against who has just asked for others. */
  #isStill(name: "needs" | "force"): boolean {
    const asked = this.search.value.trim();
    const same = this.#searched[name] === asked;
    this.#searched[name] = asked;
    return this.still.value[name] && same;
  }

  #fitting(rows: Row[]): Row[] {
    const asked = this.search.value.trim();
    return asked ? rows.filter((row) => found(this.#text(row.alert), asked)) : rows;
  }

  #text(alert: Alert): string {
    const known = this.#folded.get(alert.id);
    if (known && known.seq === alert.seq) return known.text;
    const text = searchable(alert);
    this.#folded.set(alert.id, { seq: alert.seq, text });
    return text;
  }

  #arrived(alert: Alert): void {
    if (alert.msgType !== "Alert" && alert.msgType !== "Update") return;
    const now = this.line.now();
    this.#arrivals.value = [...this.#arrivals.value.slice(-50), now];
  }

  async #readGauges(): Promise<void> {
    const answer = await get("/v1/gauges");
    const known = this.gauges.value;
    if (answer.ok) this.gauges.value = { list: answer.body.gauges, fresh: true };
    else if (known) this.gauges.value = { ...known, fresh: false };
  }

  async #readDesk(): Promise<void> {
    const answer = await get("/v1/desk");
    if (!answer.ok) return;
    for (const one of answer.body.acknowledged) this.ledger.desk.set(one.alert_id, one);
    this.line.changed();
  }

  #readAsking(): void {
    if (!this.may("delivery.read") || this.#noAsking) return;
    void getLoosely<EscalationList>("/v1/escalations?open=true").then((answer) => {
      if (answer.ok) this.asking.value = answer.body.escalations;
      else if (answer.refusal.status === 404) this.#noAsking = true;
    });
  }
  #noAsking = false;

  #readMapSoon(): void {
    clearTimeout(this.#mapSoon);
    this.#mapSoon = window.setTimeout(() => void this.#readMap(), MAP_AFTER_MS);
  }

  async #readMap(): Promise<void> {
    const answer = await get("/v1/map/alerts");
    const known = this.onMap.value;
    if (answer.ok) this.onMap.value = { list: answer.body.alerts, more: answer.body.more, fresh: true };
    else if (known) this.onMap.value = { ...known, fresh: false };
  }
}

/** A source that was to be read by now and was not is late, also when nobody is there to say so. */
function stateNow(source: { state: string; late_at: string | null }, now: number): string {
  return ["live", "silent"].includes(source.state) && source.late_at !== null && now > Date.parse(source.late_at) ? "late" : source.state;
}
