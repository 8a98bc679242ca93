// The line to the hub: one WebSocket at a time, resumed by seq; never silent for long without saying so.

import { batch, signal } from "@preact/signals";
import { get, type Alert } from "../api/client";
import type { Frame } from "./frames";
import { Ledger, type Wanted } from "./ledger";

export type Connection = "connecting" | "live" | "lost" | "signed-out";

const SIGNED_OUT = 4401;
const SLOWEST_MS = 10_000;
const PORTIONS = 200;

export class Line {
  readonly connection = signal<Connection>("connecting");
  /** Grows with everything that was told of alerts; the queues follow it. */
  readonly told = signal(0);
  /** Grows with everything that was told: of alerts, sources, deliveries. A heartbeat alone tells nothing. */
  readonly stated = signal(0);
  /** When anything was last heard: by the monotonic clock, and as the time to show. */
  heard = performance.now();
  heardAt = Date.now();
  /** The hub's clock minus this machine's, in ms. */
  ahead = 0;
  /** How long a heartbeat was under way beyond the fastest one seen, in ms. */
  readonly late = signal(0);
  #delay = 500;
  #drawing = false;
  #alerts = false;
  #chains = new Set<string>();
  #reading = false;
  #socket: WebSocket | null = null;

  constructor(readonly ledger: Ledger, readonly staleMs: number, readonly arrived: (alert: Alert) => void) {}

  now(): number { return Date.now() + this.ahead; }

  isStale(): boolean { return performance.now() - this.heard > this.staleMs; }

  /** Says something to the hub; nothing when it is not there. */
  say(frame: unknown): void {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(frame));
  }

  connect(): void {
    const { resume, epoch } = this.ledger;
    const query = resume === null ? "" : `?after=${resume}&epoch=${encodeURIComponent(epoch)}`;
    const socket = new WebSocket(`${location.protocol === "https:" ? "wss:" : "ws:"}//${location.host}/v1/live${query}`);
    const opened = performance.now();
    this.#socket = socket;
    const over = (code: number): void => {
      clearInterval(deaf);
      socket.onmessage = socket.onclose = null;
      socket.close();
      this.ledger.broken();
      if (code === SIGNED_OUT) { this.connection.value = "signed-out"; return; }
      this.connection.value = "lost";
      setTimeout(() => void this.#again(), this.#delay * (0.5 + Math.random()));
      this.#delay = Math.min(this.#delay * 2, SLOWEST_MS);
    };
    // A dead line gives no close event for minutes: give it up after the same silence that makes the screen stale.
    const deaf = setInterval(() => { if (this.isStale() && performance.now() - opened > this.staleMs) over(0); }, 1000);
    socket.onmessage = (event: MessageEvent<string>) => this.#hear(JSON.parse(event.data) as Frame);
    socket.onclose = (event) => over(event.code);
  }

  // A refused handshake does not say why: ask whether the sign-in still stands before knocking again.
  async #again(): Promise<void> {
    const answer = await get("/v1/session");
    if (!answer.ok && answer.refusal.status === 401) { this.connection.value = "signed-out"; return; }
    if (this.connection.value === "lost") this.connection.value = "connecting";
    this.connect();
  }

  #hear(frame: Frame): void {
    this.heard = performance.now();
    this.heardAt = Date.now();
    if ("time" in frame) this.ahead = Date.parse(frame.time) - Date.now();
    if (frame.frame === "alert" && this.ledger.live) this.arrived(frame.alert);
    const wanted = this.ledger.hear(frame);
    if (frame.frame === "live") { this.connection.value = "live"; this.#delay = 500; }
    for (const one of wanted) void this.#read(one);
    if (frame.frame === "state") this.changed(frame.object === "desk");
    else if (frame.frame !== "heartbeat" && frame.frame !== "hello") this.changed();
  }

  /** Whoever follows the ledger is told, once per picture however much was heard. */
  changed(alerts = true): void {
    this.#alerts ||= alerts;
    if (this.#drawing) return;
    this.#drawing = true;
    const draw = (): void => {
      this.#drawing = false;
      batch(() => { this.stated.value += 1; if (this.#alerts) this.told.value += 1; });
      this.#alerts = false;
    };
    if (document.hidden) setTimeout(draw, 100); else requestAnimationFrame(draw);
  }

  async #read(wanted: Wanted): Promise<void> {
    if (wanted.kind === "gap") return this.#gap(wanted.after);
    if (wanted.kind === "rest") return this.#rest(wanted.after);
    this.#chains.add(wanted.id);
    if (this.#reading) return;
    this.#reading = true;
    for (const id of this.#chains) {
      this.#chains.delete(id);
      const answer = await get("/v1/alerts/{alert_id}", { alert_id: id });
      if (answer.ok) this.ledger.settle(answer.body.chain);
      this.changed();
    }
    this.#reading = false;
  }

  // Something was missed: it is read again from the last place that is sure, and logged.
  async #gap(from: number): Promise<void> {
    console.warn(`feed.gap after=${from}`);
    let after = from;
    for (let portion = 0; portion < PORTIONS; portion += 1) {
      const answer = await get("/v1/events", {}, { after, limit: 500 });
      if (!answer.ok) { this.#socket?.close(); return; } // connect again and begin where it is sure
      for (const event of answer.body.events) for (const one of this.ledger.fill(event.alert)) void this.#read(one);
      if (answer.body.next === after) break;
      after = answer.body.next;
    }
    this.changed();
  }

  // A snapshot is bounded: what it had no room for is read in portions, oldest first.
  async #rest(from: number): Promise<void> {
    let after = from;
    for (let portion = 0; portion < PORTIONS; portion += 1) {
      const answer = await get("/v1/alerts", {}, { after, limit: 500, active: true });
      if (!answer.ok) return;
      for (const alert of answer.body.alerts) this.ledger.fill(alert);
      this.changed();
      if (!answer.body.more) return;
      after = answer.body.next;
    }
  }
}
