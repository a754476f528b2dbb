/** Planned times of a history: when a fault exists in a room, and when nothing prevents its notification. */
import { checkKey, links } from '@sabha/contracts';
import { centreStepMs, hits } from './disturbances.ts';
import type { History } from './history.ts';
import type { QuietAct } from './quiets.ts';
import type { SiteAct } from './sites.ts';

const minute = 60_000;

export type Stood = { pc: number; key: string; from: number; to: number };

export function standingTimes({ changes, calmAtMs, pcs }: History): Stood[] {
  const stood: Stood[] = [];
  const open = new Map<string, Stood>();
  for (const { pc, component, device, fault, atMs } of changes) {
    const check = `${pc % pcs} ${checkKey({ component, device })}`;
    const before = open.get(check);
    if (before !== undefined) stood.push({ ...before, to: atMs });
    open.delete(check);
    if (fault !== null && fault !== 'absent') open.set(check, { pc: pc % pcs, key: `${fault}|${device}`, from: atMs, to: 0 });
  }
  return [...stood, ...[...open.values()].map((one) => ({ ...one, to: calmAtMs }))];
}

/**
 * Returns the longest time without a disturbance of this PC, its path to the server, or the server, and without a snooze or maintenance.
 */
export function longestQuiet(history: History, pc: number, from: number, to: number): number {
  const { disturbances, restores, siteActs, quiets, pcs, link } = history;
  const recoveryMs = links[link].backoffMaxMs + 2 * links[link].beatMs;
  const moved = siteActs.filter(({ kind }) => kind === 'move').map((act) => act.pc);
  // PCs alternate between the two sites until they move.
  const isMaintained = (one: number) => one % 2 === pc % 2 || moved.includes(one);
  const trouble = [
    ...disturbances
      .filter(({ kind, pc: whose }) => hits(kind) === 'all' || (hits(kind) === 'pc' && whose % pcs === pc))
      .map(({ kind, atMs, forMs }) => [atMs, atMs + forMs + (kind === 'probe fails' ? 660_000 : recoveryMs)] as const),
    ...restores.filter((one) => one.pc === pc).map(({ atMs }) => [atMs, atMs + recoveryMs] as const),
    ...siteActs.filter((act) => act.kind !== 'close' || act.pc % 2 === pc % 2).flatMap((act) => timeOfAct(act, pc, recoveryMs)),
    ...quiets.filter((one) => one.kind === 'snooze' || isMaintained(one.pc)).map((one) => timeOfQuiet(one, disturbances)),
  ].sort(([a], [b]) => a - b);
  let quietFrom = from;
  let longest = 0;
  for (const [start, over] of trouble) {
    if (start > to) break;
    longest = Math.max(longest, start - quietFrom);
    quietFrom = Math.max(quietFrom, over);
  }
  return Math.max(longest, to - quietFrom);
}

/**
 * Returns when a room is moved or not watched. After a site reopens, changes that the server did not see may take half an hour, by R3 (no
 * events before the birth is acknowledged).
 */
function timeOfAct({ kind, atMs, forMs, pc: whose }: SiteAct, pc: number, recoveryMs: number): [number, number][] {
  if (kind === 'close') return [[atMs, atMs + forMs + 10 * minute + recoveryMs]];
  return whose === pc ? [[atMs, Number.POSITIVE_INFINITY]] : [];
}

/** The snoozed incident is chosen at run time, so the snooze may affect any fault. A clock step moves its end. */
function timeOfQuiet({ atMs, forMs }: QuietAct, disturbances: History['disturbances']): readonly [number, number] {
  const isPut = disturbances.some(({ kind }) => kind === 'clock of the centre is put right');
  return [atMs, atMs + forMs + minute + (isPut ? centreStepMs : 0)];
}
