/** Are the room's cameras there, and does a forgotten program hold one? No camera is opened. */
import { type Clock, realClock } from '#contracts';
import { fault, ok, type Verdict } from '../../analysis/verdict.ts';
import type { Probe } from '../../checks/probe.ts';
import type { Camera } from '../../platform/platform.ts';
import { isInName, shortText } from '../../platform/text.ts';
import { createExpected, inUse } from './expected.ts';

/** Longer than any meeting of a day. */
const heldMs = 8 * 3_600_000;
/** Where one comes and goes without a word. */
const soonMs = 8_000;

/** Remembers since when each program holds each camera; a program that is not seen once begins anew. */
export function createCameraProbe(clock: Pick<Clock, 'up'> = realClock()): Probe {
  const expected = createExpected<Camera>();
  const since = new Map<string, number>();
  const judge = (camera: Camera): Verdict => {
    const programs = camera.usedBy.known ? camera.usedBy.value : [];
    const held = programs.filter((program) => clock.up() - (since.get(keyOf(camera, program)) ?? clock.up()) > heldMs);
    if (held.length > 0) return fault('camera.held', `held by ${held.join(', ')}`);
    return { ...ok, reason: inUse(programs) };
  };
  let isOfSession = false;
  return {
    name: 'camera',
    everyMs: 30_000,
    timeoutMs: 10_000,
    async run({ platform, profile, signal }) {
      const all = await platform.cameras(signal);
      const found = all.known ? all.value : [];
      if (all.known) remember(since, found, clock.up());
      isOfSession ||= found.some((camera) => camera.isOfSession);
      const answer = all.known ? { known: true as const, value: found.filter(({ isVirtual }) => !isVirtual) } : all;
      const absent = (match: string) => missing(found, match);
      return { checks: expected({ kind: 'camera', profile, answer, judge, absent }), ...(isOfSession && { soonMs }) };
    },
    watch: (platform, changed) => platform.watchCameras(changed),
  };
}

/** One that a program makes shows no room, whoever takes it for the camera. */
function missing(found: readonly Camera[], match: string): Verdict {
  const virtual = found.find(({ isVirtual, name }) => isVirtual && isInName(match, name));
  return virtual ? fault('camera.virtual', shortText(`found: ${virtual.name}`)) : fault('camera.missing');
}

function remember(since: Map<string, number>, cameras: Camera[], up: number): void {
  const now = cameras.flatMap((camera) => (camera.usedBy.known ? camera.usedBy.value.map((program) => keyOf(camera, program)) : []));
  for (const key of since.keys()) if (!now.includes(key)) since.delete(key);
  for (const key of now) if (!since.has(key)) since.set(key, up);
}

function keyOf(camera: Camera, program: string): string {
  return `${camera.id}/${program}`;
}
