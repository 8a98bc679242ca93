// The sound of the desk: synthesised, repeated until what sounds is acknowledged. Says when the browser blocks it.

import { signal } from "@preact/signals";
import { BY_GRAVITY, STALE, gravest, patternOf, type Pattern, type Sounding } from "./patterns";

const LOOK_EVERY_MS = 250;

export class Siren {
  /** Whether the browser lets us sound. */
  readonly allowed = signal(false);
  readonly on = signal(true);
  readonly testing = signal(false);
  /** How often anything has sounded, and what last; the tests look here and at the context's state. */
  readonly sounded = signal<{ times: number; what: string }>({ times: 0, what: "" });
  #context: AudioContext | null = null;
  #waiting: readonly Sounding[] = [];
  #stale = false;
  #last = new Map<string, number>();

  constructor(private readonly hour: () => number) {}

  /** Looks for something to sound, for ever. */
  start(): void {
    this.#open();
    for (const happened of ["pointerdown", "keydown"]) addEventListener(happened, () => this.unblock(), { capture: true });
    setInterval(() => this.look(), LOOK_EVERY_MS);
  }

  get state(): string { return this.#context?.state ?? "none"; }

  /** A person's gesture lets the sound through. */
  unblock(): void {
    this.#open();
    void this.#context?.resume().then(() => { this.allowed.value = this.#context?.state === "running"; });
  }

  turn(on: boolean): void { this.on.value = on; }

  /** What is unacknowledged, and whether the feed is silent. */
  hear(waiting: readonly Sounding[], stale: boolean): void {
    this.#waiting = waiting;
    this.#stale = stale;
    for (const key of this.#last.keys()) if (key !== "stale" && !waiting.some((one) => one.key === key)) this.#last.delete(key);
    if (!stale) this.#last.delete("stale");
  }

  look(): void {
    this.allowed.value = this.#context?.state === "running";
    if (!this.allowed.value || !this.on.value) return;
    const now = performance.now() / 1000;
    if (this.#stale) this.#due("stale", STALE, now);
    const fresh = this.#waiting.filter((one) => !this.#last.has(one.key));
    const most = gravest(fresh) ?? gravest(this.#waiting.filter((one) => !one.once));
    if (!most) return;
    const told = patternOf(most.gravity, this.hour());
    const pattern = most.once ? { ...told, every: 0 } : told;
    if (this.#due(most.key, pattern, now)) for (const one of this.#waiting) if (one.gravity <= most.gravity) this.#last.set(one.key, now);
  }

  /** That pattern once, when sound is on. */
  once(pattern: Pattern, what: string): void { if (this.on.value) this.#play(pattern, what); }

  /** Every level one after another, gravest last, and the tone of silence. */
  async test(): Promise<void> {
    this.#open();
    this.testing.value = true;
    await this.#context?.resume();
    let at = 0;
    for (const pattern of [...BY_GRAVITY.slice(1), STALE]) {
      setTimeout(() => this.#play(pattern, "test"), at);
      at += Math.max(...pattern.tones.map((tone) => tone.at + tone.for)) * 1000 + 350;
    }
    setTimeout(() => { this.testing.value = false; }, at);
  }

  #due(key: string, pattern: Pattern, now: number): boolean {
    const before = this.#last.get(key);
    if (before !== undefined && (pattern.every === 0 || now - before < pattern.every)) return false;
    this.#last.set(key, now);
    this.#play(pattern, key);
    return true;
  }

  #open(): void {
    if (this.#context || typeof AudioContext === "undefined") return;
    this.#context = new AudioContext();
    this.#context.onstatechange = () => { this.allowed.value = this.#context?.state === "running"; };
    this.allowed.value = this.#context.state === "running";
  }

  #play(pattern: Pattern, what: string): void {
    const context = this.#context;
    if (!context || context.state !== "running") return;
    for (const tone of pattern.tones) {
      const from = context.currentTime + 0.02 + tone.at;
      const oscillator = context.createOscillator();
      const gain = context.createGain();
      oscillator.type = tone.wave ?? "square";
      oscillator.frequency.value = tone.hz;
      const peak = pattern.gain * (oscillator.type === "square" ? 0.22 : 0.6);
      gain.gain.setValueAtTime(0, from);
      gain.gain.linearRampToValueAtTime(peak, from + 0.012);
      gain.gain.setValueAtTime(peak, from + tone.for - 0.03);
      gain.gain.linearRampToValueAtTime(0, from + tone.for);
      oscillator.connect(gain).connect(context.destination);
      oscillator.start(from);
      oscillator.stop(from + tone.for + 0.02);
    }
    this.sounded.value = { times: this.sounded.value.times + 1, what };
  }
}
