// Keys, sounds, times, words, colours and differences: small, and each with its rule.

import { describe, expect, it } from "vitest";
import vi from "../src/words/vi.json";
import en from "../src/words/en.json";
import { differences } from "../src/alerts/difference";
import type { Whole } from "../src/api/client";
import { SHEET, meant } from "../src/keys/keys";
import { BY_GRAVITY, STALE, gravest, patternOf } from "../src/sound/patterns";
import { ink } from "../src/style/colours";
import { between, number, span, timer, when } from "../src/words/times";
import { alert } from "./told";

const pressed = (said: object) => ({ code: "KeyX", isComposing: false, keyCode: 88, ctrlKey: false, altKey: false, metaKey: false, repeat: false, target: null, ...said });

describe("keys", () => {
  it("go by their place on the board, and mean nothing while letters are composed", () => {
    expect(meant(pressed({}), false)).toBe("KeyX");
    expect(meant(pressed({ isComposing: true }), false)).toBe("");
    expect(meant(pressed({ keyCode: 229 }), false)).toBe("");
    expect(meant(pressed({ ctrlKey: true }), false)).toBe("");
    expect(meant(pressed({ repeat: true }), false)).toBe("");
  });

  it("leave those who write alone, but for Escape and F1", () => {
    expect(meant(pressed({}), true)).toBe("");
    expect(meant(pressed({ code: "Escape" }), true)).toBe("Escape");
    expect(meant(pressed({ code: "F1" }), true)).toBe("F1");
  });

  it("all stand on the sheet with words", () => { for (const code of SHEET) expect(`key.${code}` in vi).toBe(true); });
});

describe("sounds", () => {
  it("come sooner and louder the graver it is", () => {
    for (let at = 2; at <= 5; at += 1) {
      expect(BY_GRAVITY[at]!.every).toBeLessThan(BY_GRAVITY[at - 1]!.every);
      expect(BY_GRAVITY[at]!.gain).toBeGreaterThan(BY_GRAVITY[at - 1]!.gain);
    }
  });

  it("do not repeat for levels 1 and 2 at night", () => {
    for (const hour of [22, 23, 0, 5]) expect([1, 2].map((level) => patternOf(level, hour).every)).toEqual([0, 0]);
    expect(patternOf(2, 12).every).toBeGreaterThan(0);
    expect(patternOf(3, 2).every).toBeGreaterThan(0);
  });

  it("of a silent feed are like no level's", () => {
    const levels = BY_GRAVITY.flatMap((pattern) => pattern.tones.map((tone) => tone.hz));
    for (const tone of STALE.tones) expect(levels).not.toContain(tone.hz);
  });

  it("tell the gravest of what waits", () => {
    expect(gravest([{ key: "a", gravity: 1 }, { key: "b", gravity: 4 }, { key: "c", gravity: 4 }])?.key).toBe("b");
    expect(gravest([])).toBe(null);
  });
});

describe("times and numbers", () => {
  it("are written as people here write them", () => {
    expect(when("2026-11-24T07:02:00Z")).toBe("14:02 24/11/2026");
    expect(when(null)).toBe("—");
    expect(between("2026-11-24T06:00:00Z", "2026-11-24T09:00:00Z")).toBe("13:00 – 16:00 24/11/2026");
    expect(between("2026-11-24T06:00:00Z", "2026-11-24T18:00:00Z")).toBe("13:00 24/11/2026 – 01:00 25/11/2026");
    expect(number(1234.5, 2)).toBe("1.234,50");
    expect([timer(252_000), timer(3_661_000), timer(-5)]).toEqual(["04:12", "1:01:01", "00:00"]);
    expect([span(20_000), span(59 * 60_000), span(7_500_000)]).toEqual(["chưa tới 1 phút", "59 phút", "2 giờ 5 phút"]);
  });
});

describe("the dictionaries", () => {
  it("have the same words with the same gaps", () => {
    expect(Object.keys(en).sort()).toEqual(Object.keys(vi).sort());
    const gaps = (text: string): string[] => [...text.matchAll(/\{\w+\}/g)].map(String).sort();
    for (const [key, text] of Object.entries(vi)) expect([key, gaps(text)]).toEqual([key, gaps((en as Record<string, string>)[key] ?? "")]);
  });

  it("never call what was sent confirmed, nor what is unconfirmed not received", () => {
    expect(vi["delivery.delivered"]).toContain("chưa xác nhận");
    for (const text of Object.values(vi)) expect(text).not.toMatch(/chưa nhận được tin/i);
  });
});

describe("ink", () => {
  it("is dark on the pale legal colours and light on the deep ones", () => {
    expect(["#A7D8F0", "#FFF3A0", "#FFA94D"].map(ink)).toEqual(["#0b0f14", "#0b0f14", "#0b0f14"]);
    expect(ink("#7B2CBF")).toBe("#ffffff");
  });
});

describe("differences", () => {
  const whole = (said: object, area: string[], level: number | null): Whole => ({
    alert: alert({ risk_level: level }), repairs: [], flags: [], hazards: [], provenance: {}, units: [], chain: [],
    cap: { info: [{ language: "vi-VN", headline: "Lũ", severity: "Severe", area: area.map((areaDesc) => ({ areaDesc })), ...said }] },
  });

  it("name what a bulletin says otherwise, areas by what came and went", () => {
    const changes = differences(whole({}, ["Tân Phú", "Định Quán"], 2), whole({ severity: "Extreme" }, ["Tân Phú", "Xuân Lộc"], 3), "vi");
    expect(changes).toEqual([
      { field: "risk_level", before: "2", after: "3" }, { field: "area", before: "Định Quán", after: "Xuân Lộc" }, { field: "severity", before: "Severe", after: "Extreme" },
    ]);
  });

  it("are none between the same bulletin", () => { expect(differences(whole({}, ["a"], null), whole({}, ["a"], null), "vi")).toEqual([]); });
});
