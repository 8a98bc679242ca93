// How grave an alert is: told by colour, shape and word, and the order in which alerts are listed.

import { named } from "/page/words.js";

const SHAPES = { Extreme: "⬤", Severe: "■", Moderate: "▲", Minor: "◆" };
const GRAVITY = ["Extreme", "Severe", "Moderate", "Minor"];

export function level(alert) {
  return `${SHAPES[alert.severity] ?? "○"} ${named("severity", alert.severity)} · ${named("msgType", alert.msgType)}`;
}

export function gravest(one, other) {
  return rank(one) - rank(other) || other.seq - one.seq;
}

function rank(alert) {
  const at = GRAVITY.indexOf(alert.severity);
  return at < 0 ? GRAVITY.length : at;
}
