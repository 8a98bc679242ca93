// What each level sounds like, as data. Pure. Graver is higher, denser and comes again sooner; stale is unlike all of them.

export interface Tone { hz: number; at: number; for: number; wave?: OscillatorType }
export interface Pattern { tones: readonly Tone[]; /** Seconds from one sounding to the next; 0: once. */ every: number; gain: number }

const pulses = (hz: readonly number[], step: number, length: number): Tone[] => hz.map((one, at) => ({ hz: one, at: at * step, for: length }));

/** By gravity 0 … 5. */
export const BY_GRAVITY: readonly Pattern[] = [
  { tones: pulses([523], 0, 0.25), every: 0, gain: 0.25 },
  { tones: pulses([523, 659], 0.22, 0.18), every: 60, gain: 0.3 },
  { tones: pulses([659, 784], 0.22, 0.18), every: 30, gain: 0.4 },
  { tones: pulses([784, 988, 784, 988], 0.22, 0.18), every: 12, gain: 0.6 },
  { tones: pulses([988, 740, 988, 740, 988, 740], 0.2, 0.18), every: 6, gain: 0.8 },
  { tones: pulses([1175, 880, 1175, 880, 1175, 880, 1175, 880], 0.16, 0.15), every: 3, gain: 1 },
];

/** The feed is silent: low, falling, nothing that a level sounds like. */
export const STALE: Pattern = { tones: [{ hz: 330, at: 0, for: 0.5, wave: "triangle" }, { hz: 247, at: 0.55, for: 0.8, wave: "triangle" }], every: 10, gain: 0.7 };

/** A source has gone silent: once. */
export const SILENT_SOURCE: Pattern = { tones: [{ hz: 440, at: 0, for: 0.3, wave: "triangle" }, { hz: 330, at: 0.4, for: 0.5, wave: "triangle" }], every: 0, gain: 0.5 };

const NIGHT_FROM = 22;
const NIGHT_TO = 6;

/** The pattern of a gravity at that hour: at night levels 1 and 2 sound once and do not repeat. */
export function patternOf(gravity: number, hour: number): Pattern {
  const pattern = BY_GRAVITY[Math.max(0, Math.min(5, gravity))] ?? BY_GRAVITY[0]!;
  const night = hour >= NIGHT_FROM || hour < NIGHT_TO;
  return night && gravity <= 2 ? { ...pattern, every: 0 } : pattern;
}

/** `once`: it does not repeat, whatever its gravity. */
export interface Sounding { key: string; gravity: number; once?: boolean }

/** What is to be heard now: the gravest of what is unacknowledged, or nothing. */
export function gravest(waiting: readonly Sounding[]): Sounding | null {
  return waiting.reduce<Sounding | null>((most, one) => (most === null || one.gravity > most.gravity ? one : most), null);
}
