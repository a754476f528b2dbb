import { budgets, type Check } from '@sabha/contracts';
import { describe, expect, it } from 'vitest';
import type { OutboxRow } from '../records/notices.ts';
import { live, nation, restarted } from './nation.test-helper.ts';
import { type EngineStage, fault, hour, minute, ok, online, pc } from './stage.test-helper.ts';

describe('R27 limit of three messages per hour and room', () => {
  it('R27 beyond three messages an hour a new critical fault is still reported, and the other faults follow in one message after the hour', () => {
    const stage = online();
    const all = ['pc.disk_full', 'pc.hot', 'clock.wrong', 'pc.load_high', 'pc.memory_low', 'microphone.missing'];
    for (let n = 1; n <= all.length; n += 1) {
      stage.state(all.slice(0, n).map((id) => fault(id)));
      stage.live(minute);
    }
    const { most } = budgets.messagesAnHour;
    const faultsOf = () => toldOf(stage, pc).map(({ notice }) => notice.faults.map((one) => one.fault).join(' '));
    expect(faultsOf()).toEqual([...all.slice(0, most), 'microphone.missing']);
    stage.live(hour);
    expect(faultsOf().slice(most + 1)).toEqual(['pc.load_high pc.memory_low']);
    expect(stage.incident()?.faults.every(({ told }) => told !== null)).toBe(true);
  });

  it('a camera that breaks every 14 min causes three messages an hour, which count the other changes, and the last message is the all-clear', {
    tags: ['long'],
  }, () => {
    const stage = online();
    const turn = (camera: Check, ms: number) => {
      stage.state([ok('microphone'), camera]);
      stage.live(ms);
    };
    // The pause is longer than the calm time, so each return is a separate incident.
    for (let n = 0; n < 16; n += 1) {
      turn(fault('camera.missing'), 2 * minute);
      turn(ok('camera'), 12 * minute);
    }
    stage.live(2 * hour);
    const rows = toldOf(stage, pc);
    expect(mostAnHour(rows)).toBe(budgets.messagesAnHour.most);
    expect(rows.some(({ notice }) => (notice.counted ?? 0) >= 2)).toBe(true);
    expect(rows.at(-1)?.notice.kind).toBe('cleared');
    expect(stage.engine.memory.live()).toEqual([]);
  });
});

describe('R27 limit of three messages per hour and room, across restarts', () => {
  const known = [{ pc, link: 'fibre' as const, elevationM: 3_524, alerts: true }];
  const minor = ['pc.disk_full', 'pc.hot', 'clock.wrong', 'pc.load_high', 'pc.memory_low', 'display.missing'];
  const one = (at: number) => [ok('microphone'), ok('camera'), fault(minor[at % minor.length] ?? '')];
  /** Restarts the server; then the PC sends a birth and its state again. */
  const next = (stage: EngineStage, checks: Check[], session: number) => {
    const started = restarted(stage, known);
    started.birth(pc, { session });
    started.state(checks);
    return started;
  };

  it('a server that restarts every ten minutes sends three messages an hour about a room, and counts the other changes', () => {
    const rows: OutboxRow[] = [];
    let stage = online();
    for (let turn = 0; turn < 18; turn += 1) {
      stage.state(one(turn));
      stage.live(10 * minute);
      rows.push(...toldOf(stage, pc));
      stage = next(stage, one(turn), turn + 2);
    }
    expect(mostAnHour(rows)).toBe(budgets.messagesAnHour.most);
    expect(rows.length).toBeGreaterThanOrEqual(2 * budgets.messagesAnHour.most);
    expect(rows.some(({ notice }) => (notice.counted ?? 0) >= 2)).toBe(true);
  });
});

describe('R27 limit of three messages per hour and group incident', () => {
  it('a site offline for 3 of every 14 min causes at most three messages an hour; an outage of its region is sent at once', () => {
    const { stage, of } = nation({ sites: 4, pcs: 2 });
    const all = [0, 1, 2, 3].map(of);
    let session = 1;
    const away = (sites: number[], ms: number) => {
      for (const one of sites.flatMap(of)) stage.lost(one, session);
      live(stage, ms, all.filter((_, at) => !sites.includes(at)).flat());
    };
    const there = (sites: number[], ms: number) => {
      session += 1;
      for (const one of all.flat()) stage.birth(one, { session, ...(sites.flatMap(of).includes(one) && { apartMs: minute }) });
      live(stage, ms, all.flat());
    };
    for (let at = 0; at < 6 * hour; at += 14 * minute) {
      away([0], 3 * minute);
      there([0], 11 * minute);
    }
    const rows = toldOf(stage, 'site:bihar/site-0');
    expect(mostAnHour(rows)).toBe(budgets.messagesAnHour.most);
    expect(stage.outbox()).toEqual(rows);
    expect(rows.some(({ notice }) => (notice.counted ?? 0) > 0)).toBe(true);
    away([0, 1, 2, 3], 5 * minute);
    const wider = stage.outbox().slice(rows.length);
    expect(wider.map(({ notice }) => notice.kind)).toContain('raised');
    expect(wider.every(({ notice }) => notice.scope !== 'site:bihar/site-0')).toBe(true);
  });
});

function toldOf(stage: EngineStage, scope: string): OutboxRow[] {
  return stage.outbox().filter(({ notice }) => notice.scope === scope);
}

function mostAnHour(rows: readonly OutboxRow[]): number {
  return Math.max(
    ...rows.map(({ createdAt: from }) => rows.filter(({ createdAt }) => createdAt >= from && createdAt < from + hour).length),
  );
}
