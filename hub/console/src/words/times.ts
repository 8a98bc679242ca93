// Moments and numbers as people here write them: HH:mm dd/MM/yyyy, Vietnamese time; decimal comma, dot thousands.

import { current, word } from "./words";

const ZONE = "Asia/Ho_Chi_Minh";
const PLACES = { vi: "vi-VN", en: "en-GB" };
const format = (parts: Intl.DateTimeFormatOptions): Intl.DateTimeFormat => new Intl.DateTimeFormat("en-GB", { timeZone: ZONE, hourCycle: "h23", ...parts });
const TIME = format({ hour: "2-digit", minute: "2-digit" });
const CLOCK = format({ hour: "2-digit", minute: "2-digit", second: "2-digit" });
const DATE = format({ day: "2-digit", month: "2-digit", year: "numeric" });
const WEEKDAY = format({ weekday: "short" });

type Moment = string | number | null | undefined;

export function when(moment: Moment): string {
  return moment === null || moment === undefined || moment === "" ? "—" : `${TIME.format(new Date(moment))} ${DATE.format(new Date(moment))}`;
}

export function clock(moment: number): string { return CLOCK.format(moment); }

export function timeOf(moment: number): string { return TIME.format(moment); }

export function date(moment: number): string { return `${word(`weekday.${WEEKDAY.format(moment)}`)} ${DATE.format(moment)}`; }

/** An interval; the second date stands only when it is another day. */
export function between(from: string, to: string): string {
  const [a, b] = [new Date(from), new Date(to)];
  return DATE.format(a) === DATE.format(b) ? `${TIME.format(a)} – ${TIME.format(b)} ${DATE.format(b)}` : `${when(from)} – ${when(to)}`;
}

/** What is left of, or has passed in, an interval: whole minutes, hours or days. */
export function span(milliseconds: number): string {
  const minutes = Math.max(0, Math.floor(milliseconds / 60_000));
  if (minutes < 1) return word("left.under");
  if (minutes < 60) return word("left.minutes", { m: minutes });
  if (minutes < 48 * 60) return minutes % 60 ? word("left.hours", { h: Math.floor(minutes / 60), m: minutes % 60 }) : word("left.hours-even", { h: minutes / 60 });
  return word("left.days", { d: Math.floor(minutes / 1440), h: Math.floor((minutes % 1440) / 60) });
}

/** mm:ss, or h:mm:ss. */
export function timer(milliseconds: number): string {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  const two = (value: number): string => String(value).padStart(2, "0");
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor((seconds % 3600) / 60), seconds % 60];
  return h ? `${h}:${two(m)}:${two(s)}` : `${two(m)}:${two(s)}`;
}

export function number(value: number, digits?: number): string {
  const fixed = digits === undefined ? {} : { minimumFractionDigits: digits, maximumFractionDigits: digits };
  return new Intl.NumberFormat(PLACES[current()], fixed).format(value);
}
