/** What stands in a scope: read from a PC's record, or from the centre's own list. */
import { faultOf, type Severity } from '#contracts';
import type { PcRecord } from './model.ts';

/** A fault that is true now. `key` = `fault|device`. */
export type Standing = {
  key: string;
  fault: string;
  device: string;
  name: string | null;
  reason: string | null;
  severity: Severity;
  since: number;
};

/** `gone` = its check is ok now; `unknown` = nobody can say; `absent` = its check is no longer made. */
export type Verdict = 'standing' | 'gone' | 'unknown' | 'absent';

/** What a scope says: the faults that stand, and what to think of one that does not. */
export type Scene = { standing: Standing[]; verdict(key: string): Verdict };

export function faultKey(fault: string, device: string): string {
  return `${fault}|${device}`;
}

/** A fault with the severity of the catalogue; one that this version does not know is `major`. */
export function standingFault(fault: string, device: string, since: number): Standing {
  const severity = faultOf(fault)?.severity ?? 'major';
  return { key: faultKey(fault, device), fault, device, name: null, reason: null, severity, since };
}

/** The scene of a room. Of a PC that is silent or stopped only its silence is known: the rest is frozen (R14). */
export function sceneOfPc(record: PcRecord, unreadable: boolean, now: number): Scene {
  const talks = record.presence === 'online' || record.presence === 'lost';
  const own: Standing[] = [];
  if (record.presence === 'silent' && !record.unheard) own.push(standingFault('pc.silent', '', now));
  if (unreadable) own.push(standingFault('agent.unreadable', '', now));
  const ownKeys = new Set(['pc.silent|', 'agent.unreadable|']);
  const told: Standing[] = talks
    ? record.checks.flatMap((check) => (check.status === 'fault' && check.fault !== null ? [ofCheck(check)] : []))
    : [];
  const standing = [...own, ...told];
  const keys = new Set(standing.map((one) => one.key));
  return {
    standing,
    verdict(key) {
      if (keys.has(key)) return 'standing';
      if (ownKeys.has(key)) return 'gone';
      return talks ? verdictOfChecks(record, key) : 'unknown';
    },
  };
}

/** The scene of a scope of the centre's own: what is not in the list is gone. */
export function sceneOfList(list: Iterable<Standing>): Scene {
  const standing = [...list];
  const keys = new Set(standing.map((one) => one.key));
  return { standing, verdict: (key) => (keys.has(key) ? 'standing' : 'gone') };
}

/** A scope that is no longer ours: every fault is absent. */
export const emptyScene: Scene = { standing: [], verdict: () => 'absent' };

function ofCheck(check: PcRecord['checks'][number]): Standing {
  const made = standingFault(check.fault ?? '', check.device, check.since);
  return { ...made, name: check.name ?? null, reason: check.reason };
}

function verdictOfChecks(record: PcRecord, key: string): Verdict {
  const [fault = '', device = ''] = key.split('|');
  const component = fault.slice(0, fault.indexOf('.'));
  const check = record.checks.find((one) => one.component === component && one.device === device);
  if (check !== undefined) return check.status === 'unknown' ? 'unknown' : 'gone';
  const whole = record.checks.find((one) => one.component === component && one.device === '');
  return whole?.status === 'unknown' ? 'unknown' : 'absent';
}
