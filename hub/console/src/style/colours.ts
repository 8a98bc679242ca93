// The law's colours come from the hub's dated table; what is written on them is dark or light, whichever reads better.

import type { About } from "../api/client";

const DARK = "#0b0f14";
const LIGHT = "#ffffff";

/** The legal colour of a level, "" where the table has none. */
export const legal: Record<number, string> = {};

/** The page wears the colours of the disaster-risk levels of the day. */
export function wear(about: About): void {
  for (const { level, colour } of about.scales["disaster_risk"] ?? []) {
    if (!colour) continue;
    legal[level] = colour;
    document.documentElement.style.setProperty(`--l${level}`, colour);
    document.documentElement.style.setProperty(`--on-l${level}`, ink(colour));
  }
}

/** Dark or light, whichever stands out more from the colour (WCAG 2 contrast). */
export function ink(colour: string): string {
  const on = luminance(colour);
  return (on + 0.05) / (luminance(DARK) + 0.05) >= 1.05 / (on + 0.05) ? DARK : LIGHT;
}

function luminance(colour: string): number {
  const [r, g, b] = [1, 3, 5].map((at) => {
    const part = parseInt(colour.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}
