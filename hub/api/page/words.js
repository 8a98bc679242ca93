// The dictionary of the page: Vietnamese first, English second. Every text a person reads comes through `word`.

const PLACES = { vi: "vi-VN", en: "en-GB" };
const ZONE = "Asia/Ho_Chi_Minh";
let language = localStorage.getItem("language") === "en" ? "en" : "vi";
let dictionary = {};

export async function load() {
  const answer = await fetch(`/page/words.${language}.json`);
  dictionary = await answer.json();
  document.documentElement.lang = language;
  for (const element of document.querySelectorAll("[data-word]")) element.textContent = word(element.dataset.word);
  const mode = document.documentElement.dataset.mode;
  const band = document.getElementById("band");
  band.hidden = mode === "actual";
  band.textContent = mode === "actual" ? "" : word(`mode.${mode}`);
  const other = document.getElementById("language");
  other.textContent = language === "vi" ? "English" : "Tiếng Việt";
  other.lang = language === "vi" ? "en" : "vi";
}

export function current() { return language; }

export async function other() {
  language = language === "vi" ? "en" : "vi";
  localStorage.setItem("language", language);
  await load();
}

// The text of that name with {name} filled in; an unknown name shows itself, so that a gap in the dictionary is seen.
export function word(name, values = {}) {
  const text = dictionary[name] ?? name;
  return text.replace(/\{(\w+)\}/g, (_, key) => String(values[key] ?? ""));
}

// The word of a code of CAP or of the hub; a code without a word is shown as it is.
export function named(kind, code) {
  return dictionary[`${kind}.${code}`] ?? String(code ?? "");
}

const TIME = new Intl.DateTimeFormat("en-GB", { timeZone: ZONE, hourCycle: "h23", hour: "2-digit", minute: "2-digit" });
const CLOCK = new Intl.DateTimeFormat("en-GB", { timeZone: ZONE, hourCycle: "h23", hour: "2-digit", minute: "2-digit", second: "2-digit" });
const DATE = new Intl.DateTimeFormat("en-GB", { timeZone: ZONE, day: "2-digit", month: "2-digit", year: "numeric" });

// HH:mm dd/MM/yyyy, Vietnamese time.
export function when(moment) {
  if (!moment) return "—";
  const date = new Date(moment);
  return `${TIME.format(date)} ${DATE.format(date)}`;
}

export function clock(milliseconds) {
  return `${CLOCK.format(milliseconds)} ${DATE.format(milliseconds)}`;
}

export function time(milliseconds) { return CLOCK.format(milliseconds); }

// What is left of an interval in whole minutes, hours or days.
export function left(milliseconds) {
  const minutes = Math.max(0, Math.floor(milliseconds / 60000));
  if (minutes < 60) return word("left.minutes", { m: minutes });
  if (minutes < 48 * 60) return word("left.hours", { h: Math.floor(minutes / 60), m: minutes % 60 });
  return word("left.days", { d: Math.floor(minutes / 1440), h: Math.floor((minutes % 1440) / 60) });
}

// A short interval to the second, while somebody is expected to act in it.
export function countdown(milliseconds) {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  return seconds < 3600 ? word("left.seconds", { m: Math.floor(seconds / 60), s: seconds % 60 }) : left(milliseconds);
}

// Why an alert was decided so, in words where there are words for it.
export function because(reason) {
  const [, act, why] = /^(released|dismissed): (.*)$/s.exec(reason ?? "") ?? [];
  return act ? word(`because.${act}`, { why }) : named("because", reason);
}

export function number(value) { return new Intl.NumberFormat(PLACES[language]).format(value); }

// Text without diacritics and case: "song dong nai" finds "sông Đồng Nai".
export function fold(text) {
  return text.normalize("NFD").replace(/\p{M}/gu, "").replace(/đ/g, "d").replace(/Đ/g, "D").toLowerCase();
}
