// What the feed tells is taken once and in order; what it skips is asked for; silence is never taken for news.

import { describe, expect, it } from "vitest";
import { Ledger } from "../src/live/ledger";
import { alert } from "./told";

const snapshot = (seq: number, ...alerts: ReturnType<typeof alert>[]) => ({ frame: "snapshot" as const, seq, last: seq, alerts, sources: [] });
const told = (seq: number, prev: number, one = alert({ id: `a${seq}`, seq })) => ({ frame: "alert" as const, seq, prev, kind: "accepted", id: one.id, alert: one });
const hello = (epoch: string) => ({ frame: "hello" as const, hub: "h", mode: "test", epoch, time: "2026-11-24T00:00:00Z", heartbeat_s: 5, stale_s: 15 });

function live(seq = 4): Ledger {
  const ledger = new Ledger();
  ledger.hear(hello("e1"));
  ledger.hear(snapshot(seq));
  ledger.hear({ frame: "live", seq, last: seq });
  return ledger;
}

describe("the ledger", () => {
  it("knows nothing before the first snapshot", () => {
    const ledger = new Ledger();
    ledger.hear(hello("e1"));
    expect(ledger.known).toBe(false);
    ledger.hear(snapshot(0));
    expect(ledger.known).toBe(true);
  });

  it("takes the next alert without asking for anything", () => {
    const ledger = live();
    expect(ledger.hear(told(5, 4))).toEqual([]);
    expect([ledger.alerts.has("a5"), ledger.resume, ledger.gaps]).toEqual([true, 5, 0]);
  });

  it("asks for what a jump in seq skipped", () => {
    const ledger = live();
    expect(ledger.hear(told(9, 7))).toEqual([{ kind: "gap", after: 4 }]);
    expect(ledger.gaps).toBe(1);
  });

  it("finds a gap at the very end by the heartbeat", () => {
    const ledger = live();
    expect(ledger.hear({ frame: "heartbeat", time: "2026-11-24T00:00:05Z", seq: 6, last: 6, recent: [] })).toEqual([{ kind: "gap", after: 4 }]);
    expect(ledger.hear({ frame: "heartbeat", time: "2026-11-24T00:00:10Z", seq: 6, last: 6, recent: [] })).toEqual([]);
  });

  it("resumes after a break with no gap and nothing twice", () => {
    const ledger = live();
    ledger.hear(told(5, 4));
    ledger.broken();
    expect(ledger.resume).toBe(5);
    ledger.hear(hello("e1"));
    expect(ledger.hear(told(6, 5))).toEqual([]);
    expect(ledger.hear({ frame: "live", seq: 6, last: 6 })).toEqual([]);
    ledger.hear(told(6, 5, alert({ id: "a6", seq: 6, headline: "again" })));
    expect([ledger.gaps, ledger.alerts.get("a6")?.headline]).toEqual([0, alert({}).headline]);
  });

  it("forgets its place when the seqs are given anew", () => {
    const ledger = live();
    ledger.broken();
    ledger.hear(hello("e2"));
    expect(ledger.resume).toBe(null);
  });

  it("ends what a later version of the chain replaces, and has the chain read", () => {
    const ledger = live();
    ledger.hear(told(5, 4, alert({ id: "one", seq: 5, chain_id: "c", chain_seq: 1 })));
    const wanted = ledger.hear(told(6, 5, alert({ id: "two", seq: 6, chain_id: "c", chain_seq: 2, msgType: "Cancel", state: "cancels" })));
    expect(wanted).toEqual([{ kind: "chain", id: "two" }]);
    expect(ledger.alerts.get("one")?.state).toBe("cancelled");
  });

  it("lets a held Update end nothing", () => {
    const ledger = live();
    ledger.hear(told(5, 4, alert({ id: "one", seq: 5, chain_id: "c", chain_seq: 1 })));
    ledger.hear(told(6, 5, alert({ id: "two", seq: 6, chain_id: "c", chain_seq: 2, msgType: "Update", state: "none", held_until: "2026-11-24T01:00:00Z" })));
    expect(ledger.alerts.get("one")?.state).toBe("active");
  });

  it("drops a state older than the one it has", () => {
    const ledger = live();
    ledger.hear({ frame: "state", object: "deliveries", id: "a", rev: 7, body: { delivered: 2 } });
    ledger.hear({ frame: "state", object: "deliveries", id: "a", rev: 6, body: { delivered: 1 } });
    expect(ledger.deliveries.get("a")).toEqual({ delivered: 2 });
  });

  it("has what a full snapshot left out read besides", () => {
    const ledger = new Ledger(1);
    expect(ledger.hear(snapshot(9, alert({ id: "x" })))).toEqual([{ kind: "rest", after: 0 }]);
  });
});
