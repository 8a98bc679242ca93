// What the live feed has told, and what has to be read again because something was missed. Pure: no clock, no network.

import type { Alert, Source, Version } from "../api/client";
import type { Counts, Desk, Frame } from "./frames";

/** What must be read besides: events after a seq that was missed, or how the versions of a chain stand. */
export type Wanted = { kind: "gap"; after: number } | { kind: "chain"; id: string } | { kind: "rest"; after: number };

const HEADS = ["active", "cancels", "ends"];

export class Ledger {
  alerts = new Map<string, Alert>();
  sources = new Map<string, Source>();
  deliveries = new Map<string, Counts>();
  desk = new Map<string, Desk>();
  /** False until the first snapshot: only then is "no alert" a fact. */
  known = false;
  /** Whether what was missed has been told, so that `prev` counts. */
  live = false;
  epoch = "";
  /** Seq of the last alert frame of this filter. */
  last = 0;
  /** Where to go on after a broken connection; null: from the beginning. */
  resume: number | null = null;
  gaps = 0;
  #revs = new Map<string, number>();

  constructor(readonly mostInSnapshot = 2000) {}

  /** The connection is over: until it is live again, a jump in seq is what the hub still has to tell. */
  broken(): void { this.live = false; }

  /** Takes one frame; returns what has to be read besides. */
  hear(frame: Frame): Wanted[] {
    switch (frame.frame) {
      case "hello":
        if (this.epoch && this.epoch !== frame.epoch) this.resume = null;
        this.epoch = frame.epoch;
        return [];
      case "snapshot": return this.#snapshot(frame);
      case "alert": return this.#alert(frame);
      case "live": return this.#upTo(frame.last, frame.seq);
      case "heartbeat": return this.live && frame.last > this.last ? this.#gap(frame.last) : [];
      case "state": this.#state(frame); return [];
      default: return []; // a frame of a newer hub
    }
  }

  /** What a gap hid, or what the snapshot had no room for. */
  fill(alert: Alert): Wanted[] {
    const known = this.alerts.get(alert.id);
    return known && known.seq >= alert.seq && known.state === alert.state && known.held_until === alert.held_until ? [] : this.#take(alert);
  }

  /** How the versions of a chain stand, as the hub says: a chain may have several heads, and two may have become one. */
  settle(versions: readonly Version[]): void {
    for (const version of versions) {
      const known = this.alerts.get(version.id);
      if (known) this.alerts.set(version.id, { ...known, state: version.state, superseded_by: version.superseded_by, chain_seq: version.chain_seq });
    }
  }

  #snapshot(frame: Extract<Frame, { frame: "snapshot" }>): Wanted[] {
    this.alerts = new Map(frame.alerts.map((alert) => [alert.id, alert]));
    this.sources = new Map(frame.sources.map((source) => [source.source, source]));
    this.#revs.clear();
    this.last = frame.last;
    this.resume = frame.seq;
    this.known = true;
    return frame.alerts.length >= this.mostInSnapshot ? [{ kind: "rest", after: 0 }] : [];
  }

  #alert(frame: Extract<Frame, { frame: "alert" }>): Wanted[] {
    if (this.resume !== null && frame.seq <= this.resume && frame.seq <= this.last) return []; // told twice
    const missed: Wanted[] = this.live && frame.prev !== this.last ? this.#gap(frame.prev) : [];
    const wanted = [...missed, ...this.#take(frame.alert)];
    this.last = frame.seq;
    this.resume = Math.max(this.resume ?? 0, frame.seq);
    return wanted;
  }

  #upTo(last: number, seq: number): Wanted[] {
    const missed: Wanted[] = this.known && last > this.last ? this.#gap(last) : [];
    this.last = last;
    this.resume = seq;
    this.live = true;
    return missed;
  }

  #gap(told: number): Wanted[] {
    this.gaps += 1;
    const after = this.last;
    this.last = Math.max(this.last, told);
    return [{ kind: "gap", after }];
  }

  #state(frame: Extract<Frame, { frame: "state" }>): void {
    const name = `${frame.object} ${frame.id}`;
    if ((this.#revs.get(name) ?? -1) > frame.rev) return;
    this.#revs.set(name, frame.rev);
    if (frame.object === "source") this.sources.set(frame.id, frame.body);
    if (frame.object === "deliveries") this.deliveries.set(frame.id, frame.body);
    if (frame.object === "desk") this.desk.set(frame.id, frame.body);
  }

  /** The newest version of a chain is its head; what it replaces is over. What comes late or is held replaces nothing. */
  #take(alert: Alert): Wanted[] {
    this.alerts.set(alert.id, alert);
    if (!HEADS.includes(alert.state) || !alert.chain_id || alert.msgType === "Alert") return [];
    for (const known of this.alerts.values()) {
      const older = known.chain_id === alert.chain_id && (known.chain_seq ?? 0) < (alert.chain_seq ?? 0);
      if (older && known.id !== alert.id && known.state === "active") {
        this.alerts.set(known.id, { ...known, state: alert.state === "cancels" ? "cancelled" : alert.state === "ends" ? "ended" : "superseded", superseded_by: alert.id });
      }
    }
    return [{ kind: "chain", id: alert.id }];
  }
}
