// Legal colours on a map are told apart without colour, too: each level has a hatch of its own, denser the graver it is.

const SIZE = 16;
const RATIO = 2;

const made = new Map<string, CanvasPattern | string>();

/** A fill of that colour with the hatch of gravity 0 … 5. */
export function hatch(colour: string, gravity: number, strength: number): CanvasPattern | string {
  const name = `${colour} ${gravity} ${strength}`;
  const known = made.get(name);
  if (known) return known;
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = SIZE * RATIO;
  const context = canvas.getContext("2d");
  if (!context) return colour;
  context.scale(RATIO, RATIO);
  context.fillStyle = rgba(colour, strength * 0.55);
  context.fillRect(0, 0, SIZE, SIZE);
  context.strokeStyle = rgba(colour, strength);
  context.lineWidth = gravity >= 4 ? 2.4 : 1.6;
  context.beginPath();
  const step = [SIZE, SIZE, SIZE, SIZE / 2, SIZE / 2, SIZE / 4][gravity] ?? SIZE;
  for (let at = -SIZE; at <= SIZE * 2; at += step) {
    context.moveTo(at, SIZE * 1.5);
    context.lineTo(at + SIZE * 2, -SIZE * 0.5);
    if (gravity >= 4) { context.moveTo(at, -SIZE * 0.5); context.lineTo(at + SIZE * 2, SIZE * 1.5); }
  }
  if (gravity > 0) context.stroke();
  const pattern = context.createPattern(canvas, "repeat");
  if (!pattern) return colour;
  pattern.setTransform(new DOMMatrix().scale(1 / RATIO));
  made.set(name, pattern);
  return pattern;
}

export function rgba(colour: string, alpha: number): string {
  const [r, g, b] = [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16));
  return `rgba(${r}, ${g}, ${b}, ${alpha})`;
}
