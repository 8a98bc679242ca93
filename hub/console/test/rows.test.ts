// The two queues are never mixed, the gravest and oldest first; what ends fades and says how; a flood is grouped and hides nothing.

import { describe, expect, it } from "vitest";
import { countOf, isFlood, queues, searchable } from "../src/alerts/rows";
import { found } from "../src/alerts/fold";
import { countByLevel, legalLevel, paint } from "../src/alerts/level";
import { Standing } from "../src/alerts/standing";
import { NOW, alert } from "./told";

const ack = { acknowledged_at: "2026-11-24T00:00:00Z", by: "p", name: "An" };
const asked = (desk: string[] = [], grouped = false) => ({ now: NOW, desk: new Map(desk.map((id) => [id, ack])), grouped });

describe("queues", () => {
  it("put what nobody acknowledged first by gravity, then by age", () => {
    const { needs } = queues([
      alert({ id: "new", received_at: "2026-11-23T23:59:00Z" }), alert({ id: "old", received_at: "2026-11-23T23:00:00Z" }),
      alert({ id: "grave", severity: "Extreme" }), alert({ id: "level", severity: "Minor", risk_level: 5 }),
    ], asked());
    expect(needs.map((row) => row.alert.id)).toEqual(["level", "grave", "old", "new"]);
  });

  it("move what is acknowledged to those in force, each alert in one queue", () => {
    const told = queues([alert({ id: "a" }), alert({ id: "b" })], asked(["a"]));
    expect([told.needs.map((row) => row.alert.id), told.force.map((row) => row.alert.id), told.inForce.length]).toEqual([["b"], ["a"], 2]);
  });

  it("ask for a decision about what is held, acknowledged or not", () => {
    const { needs } = queues([alert({ id: "h", held_until: "2026-11-24T00:10:00Z", state: "none" })], asked(["h"]));
    expect(needs.map((row) => row.needs)).toEqual(["decision"]);
  });

  it("say how a chain ended, for an hour", () => {
    const version = (id: string, seq: number, said: object) => alert({ id, chain_id: "c", chain_seq: seq, ...said });
    const cancelled = queues([version("a", 1, { state: "cancelled" }), version("b", 2, { state: "cancels", msgType: "Cancel" })], asked());
    expect(cancelled.over.map((row) => [row.alert.id, row.ending])).toEqual([["a", "cancelled"]]);
    const expired = queues([alert({ id: "x", live_until: "2026-11-23T23:30:00Z" })], asked());
    expect(expired.over.map((row) => row.ending)).toEqual(["expired"]);
    expect(queues([alert({ id: "x", live_until: "2026-11-23T22:30:00Z" })], asked()).over).toEqual([]);
  });

  it("say until when the clock alone changes nothing", () => {
    expect(queues([alert({ id: "a" }), alert({ id: "b", live_until: "2026-11-24T02:00:00Z" })], asked()).until).toBe(Date.parse("2026-11-24T02:00:00Z"));
    expect(queues([alert({ id: "x", live_until: "2026-11-23T23:30:00Z" })], asked()).until).toBe(Date.parse("2026-11-24T00:30:00Z"));
    expect(queues([], asked()).until).toBe(Infinity);
  });

  it("show every head of a chain", () => {
    const { needs } = queues([alert({ id: "a", chain_id: "c", seq: 1 }), alert({ id: "b", chain_id: "c", seq: 2 })], asked());
    expect(new Set(needs.map((row) => row.key)).size).toBe(2);
  });

  it("sound a version once when one as grave of its chain was acknowledged", () => {
    const chain = [alert({ id: "a", chain_id: "c", chain_seq: 1, state: "superseded" }), alert({ id: "b", chain_id: "c", chain_seq: 2 })];
    expect(queues(chain, asked(["a"])).needs.map((row) => row.again)).toEqual([true]);
    expect(queues([chain[0]!, { ...chain[1]!, severity: "Extreme" }], asked(["a"])).needs.map((row) => row.again)).toEqual([false]);
    expect(queues(chain, asked()).needs.map((row) => row.again)).toEqual([false]);
  });

  it("group a flood by incident and count every alert", () => {
    const many = Array.from({ length: 7 }, (_, at) => alert({ id: `a${at}`, incident_id: "i", severity: at === 3 ? "Extreme" : "Minor" }));
    const { needs } = queues([...many, alert({ id: "b" })], asked([], true));
    expect(needs.map((row) => [row.alert.id, row.others.length])).toEqual([["a3", 6], ["b", 0]]);
    expect(countOf(needs)).toBe(8);
    expect(new Set(needs.flatMap((row) => [row.alert.id, ...row.others.map((one) => one.id)])).size).toBe(8);
  });

  it("call it a flood past ten in ten minutes", () => {
    expect(isFlood(Array.from({ length: 11 }, () => NOW - 1000), NOW)).toBe(true);
    expect(isFlood(Array.from({ length: 10 }, () => NOW - 1000), NOW)).toBe(false);
    expect(isFlood(Array.from({ length: 30 }, () => NOW - 700_000), NOW)).toBe(false);
  });
});

describe("levels", () => {
  it("are legal only where a bulletin gives them", () => {
    expect(legalLevel(alert({ risk_level: 3 }))).toBe(3);
    expect(legalLevel(alert({ risk_level: 3, risk_computed: true }))).toBe(null);
    expect([paint(alert({ risk_level: 3 })), paint(alert({ risk_level: 3, risk_computed: true }))]).toEqual(["l3", "s3"]);
  });

  it("are counted by themselves, and what has none apart", () => {
    expect(countByLevel([alert({ risk_level: 3 }), alert({}), alert({ risk_level: 4, risk_computed: true })])).toEqual({ levels: [0, 0, 0, 1, 0, 0], outside: 2 });
  });
});

describe("search", () => {
  it("finds Vietnamese words without their marks", () => {
    const text = searchable(alert({}));
    for (const asked of ["song dong nai", "SÔNG đồng", "tan phu", "kttv lu"]) expect(found(text, asked)).toBe(true);
    expect(found(text, "song hau")).toBe(false);
  });
});

describe("standing rows", () => {
  const rows = (...keys: string[]) => keys.map((key) => ({ key }));

  it("stay where they are while somebody points at them, and count what waits", () => {
    const standing = new Standing<{ key: string }>();
    standing.settle(rows("a", "b"), false);
    const still = standing.settle(rows("new", "b", "a"), true);
    expect(still.rows.map((row) => row.key)).toEqual(["a", "b"]);
    expect(still.waiting).toBe(1);
  });

  it("keep the place of what left until nobody points any more", () => {
    const standing = new Standing<{ key: string }>();
    standing.settle(rows("a", "b"), false);
    expect(standing.settle(rows("b"), true).rows.map((row) => [row.key, row.gone])).toEqual([["a", true], ["b", false]]);
    expect(standing.settle(rows("b"), false).rows.map((row) => row.key)).toEqual(["b"]);
  });
});
