/** Lists the displays of the graphics card from /sys/class/drm or Windows. It changes no display setting. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { displayName, modelOf, ownSize } from '../edid.ts';
import { readNames, readText } from '../linux/files.ts';
import type { Answer, Query, WindowsSystem } from '../platform.ts';
import { deviceName, shortId } from '../text.ts';
import { attempt, displayPlace, readEdid } from '../windows/attempt.ts';

/** Width and height in pixels. */
export type Size = { width: number; height: number };
/** `id`: connector, with maker and product number if known (`HDMI-A-1 DEL40A3`). */
export type Display = Awaited<ReturnType<typeof readDisplay>>;

/** `isSure` is true if every connector reports whether a display is connected. */
export type Displays = { found: Display[]; isSure: boolean };

/** Reads the displays. Unknown if the graphics card lists no connector. */
export const displays: Query<Displays> = { linux: ({ root }) => readDisplays(root), windows: readScreens };

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

async function readDisplay(folder: string, connector: string) {
  const edid = await readFile(join(folder, 'edid')).catch(() => Buffer.alloc(0));
  const model = modelOf(edid);
  const modes = ((await readText(join(folder, 'modes'))) ?? '').split('\n').flatMap((mode) => sizeOf(mode) ?? []);
  return {
    id: shortId(`${connector} ${model}`.trim()),
    name: deviceName(displayName(edid), model, connector),
    /** Highest resolution that the graphics card offers; null if it offers none. */
    best: modes.toSorted((a, b) => areaOf(b) - areaOf(a))[0] ?? null,
    /** Native resolution as reported by the display, or null. */
    own: ownSize(edid),
  };
}

export function areaOf({ width, height }: Size): number {
  return width * height;
}

function sizeOf(mode: string): Size | undefined {
  const [, width, height] = /^(\d{3,5})x(\d{3,5})/.exec(mode) ?? [];
  return width === undefined ? undefined : { width: Number(width), height: Number(height) };
}

/** Reads the displays of Windows. Unknown outside the console session, because Windows reports the displays only there. */
async function readScreens({ native }: WindowsSystem): Promise<Answer<Displays>> {
  const here = attempt(native().calls, (calls) => calls.isAtConsole());
  if (!here.known) return here;
  if (!here.value) return { known: false, reason: 'only the session at the PC knows its displays' };
  const seen = await native().ask('screens');
  if (!seen.known) return seen;
  const found: Display[] = [];
  for (const { path, name, best } of seen.value) {
    const edid = await readEdid(native(), path);
    const model = modelOf(edid);
    const place = deviceName(name, path);
    found.push({ id: shortId(displayPlace(path) ?? path), name: deviceName(displayName(edid), model, place), best, own: ownSize(edid) });
  }
  return { known: true, value: { found, isSure: true } };
}
