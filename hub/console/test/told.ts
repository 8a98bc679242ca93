// Alerts as the hub would tell them, for tests.

import type { Alert } from "../src/api/client";

export const NOW = Date.parse("2026-11-24T00:00:00Z");

export function alert(said: Partial<Alert>): Alert {
  return {
    id: "a", seq: 1, source: "kttv", sender: "kttv@example.test", identifier: "i", sent: "2026-11-23T23:50:00Z", status: "Actual", msgType: "Alert",
    scope: "Public", disposition: "accepted", reason: "", flags: [], repairs: 0, chain_id: said.id ?? "a", chain_seq: 1, incident_id: null, state: "active",
    superseded_by: null, withdrawn_at: null, held_until: null, held_by: null, live_until: "2026-11-24T06:00:00Z", keep_until: "2026-11-25T06:00:00Z",
    received_at: "2026-11-23T23:51:00Z", hazards: ["flood"], severity: "Severe", event: "Lũ", headline: "Lũ trên sông Đồng Nai", areaDesc: ["Huyện Tân Phú"],
    language: "vi-VN", urgency: "Expected", certainty: "Likely", onset: null, expires: null, risk_level: null, risk_computed: false, ...said,
  };
}
