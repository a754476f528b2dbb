/** The displays that the graphics card sees, by /sys/class/drm: nothing is drawn and nothing is switched. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readNames, readText } from '../linux/files.ts';
import { displayName } from '../linux/hardware.ts';
import type { Answer, Question } from '../platform.ts';
import { shortId, shortText } from '../text.ts';

/** Width and height in points. */
export type Size = { width: number; height: number };
/** `id`: connector, and maker with product number where it tells them (`HDMI-A-1 DEL40A3`). */
export type Display = {
  id: string;
  name: string;
  /** The most that the card offers it; null where it offers nothing. */
  best: Size | null;
  /** What it was made for, by its own word; null where it does not tell. */
  own: Size | null;
};

/** `isSure`: of each connector the card can tell whether anything hangs on it. */
export type Displays = { found: Display[]; isSure: boolean };

/** Not known where the card shows no connector at all. */
export const displays: Question<Displays> = { linux: ({ root }) => readDisplays(root) };

async function readDisplays(root: string): Promise<Answer<Displays>> {
  const folder = join(root, 'sys/class/drm');
  const connectors = ((await readNames(folder)) ?? []).filter((name) => /^card\d+-(?!Writeback)/.test(name));
  if (connectors.length === 0) return { known: false, reason: 'the graphics card shows no connectors' };
  const found: Display[] = [];
  let isSure = true;
  for (const connector of connectors) {
    const status = await readText(join(folder, connector, 'status'));
    if (status === 'connected') found.push(await readDisplay(join(folder, connector), connector.replace(/^card\d+-/, '')));
    else if (status !== 'disconnected') isSure = false;
  }
  return { known: true, value: { found, isSure } };
}

async function readDisplay(folder: string, connector: string): Promise<Display> {
  const edid = await readFile(join(folder, 'edid')).catch(() => Buffer.alloc(0));
  const model = edid.length < edidBytes ? '' : modelOf(edid);
  const modes = ((await readText(join(folder, 'modes'))) ?? '').split('\n').flatMap((mode) => sizeOf(mode) ?? []);
  return {
    id: shortId(`${connector} ${model}`.trim()),
    name: shortText(displayName(edid) || model || connector),
    best: modes.toSorted((a, b) => areaOf(b) - areaOf(a))[0] ?? null,
    own: ownSize(edid),
  };
}

/** How many points a picture of this size has. */
export function areaOf({ width, height }: Size): number {
  return width * height;
}

function sizeOf(mode: string): Size | undefined {
  const [, width, height] = /^(\d{3,5})x(\d{3,5})/.exec(mode) ?? [];
  return width === undefined ? undefined : { width: Number(width), height: Number(height) };
}

const edidBytes = 128;
/** Where the first of its four descriptors begins. */
const firstAt = 54;

/** Three letters of five bits each, and the maker's own number. */
function modelOf(edid: Buffer): string {
  const maker = edid.readUInt16BE(8);
  const letters = [10, 5, 0].map((shift) => String.fromCharCode(64 + ((maker >> shift) & 31)));
  return /^[A-Z]{3}$/.test(letters.join(''))
    ? `${letters.join('')}${edid.readUInt16LE(10).toString(16).padStart(4, '0').toUpperCase()}`
    : '';
}

/** The first descriptor is the timing that the display likes best: the upper four bits of each length stand apart. */
function ownSize(edid: Buffer): Size | null {
  if (edid.length < edidBytes || edid.readUInt16LE(firstAt) === 0) return null;
  const [width, height] = [2, 5].map((at) => edid.readUInt8(firstAt + at) + ((edid.readUInt8(firstAt + at + 2) & 0xf0) << 4));
  return width && height ? { width, height } : null;
}
