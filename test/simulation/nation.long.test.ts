// @module-tag long
/** Tests whole nations at full size with the real tabs: exact messages, persons and times. */
import { describe, expect, test } from 'vitest';
import { type LightNation, type LightSite, startLightNation } from './light-nation.ts';
import { minute } from './scene.ts';
import { epochMs } from './time.ts';

const states = ['assam', 'bihar', 'goa', 'kerala', 'ladakh', 'odisha', 'punjab', 'sikkim'];

/** Creates `count` offices of one PC each, spread over all states. */
function offices(count: number, edit: (at: number) => Partial<LightSite> = () => ({})): LightSite[] {
  return Array.from({ length: count }, (_, at) => ({ path: `${states[at % states.length]}/site-${at}`, ...edit(at) }));
}

function mails({ deliveries }: LightNation): string[] {
  return deliveries.filter(({ channel }) => channel === 'email').map(({ person, subject }) => `${person}: ${subject}`);
}

/** Lets time pass until this local time in India. */
async function until(nation: LightNation, local: string): Promise<void> {
  const at = Temporal.PlainDateTime.from(local).toZonedDateTime('Asia/Kolkata').epochMilliseconds;
  await nation.pass(at - epochMs - nation.time.now());
}

/** Acts on the PCs one after another, spread evenly over a time. */
function over(nation: LightNation, spreadMs: number, pcs: readonly string[], act: (pc: string) => void): void {
  for (const [at, pc] of pcs.entries()) nation.time.later((at * spreadMs) / pcs.length, () => act(pc));
}

describe('736 offices', () => {
  test('F19 lost within one minute cause one message, and one all-clear after their return', async () => {
    const nation = await startLightNation({ sites: offices(736) });
    await nation.pass(3 * minute);
    const all = nation.at('');
    over(nation, minute, all, (pc) => nation.cut([pc]));
    await nation.pass(15 * minute);
    expect(mails(nation)).toEqual([
      expect.stringMatching(/^meera: All offices: Critical: PCs of many sites stopped answering within a minute/),
    ]);
    over(nation, minute, all, (pc) => nation.comeBack([pc]));
    await nation.pass(20 * minute);
    expect(mails(nation).slice(1)).toEqual([expect.stringMatching(/^meera: All offices: Cleared: PCs of many sites/)]);
  });

  test('cause two messages, one raise and one all-clear, if one office after another goes offline and returns for two hours', async () => {
    const nation = await startLightNation({ sites: [...offices(735), { path: 'ladakh/leh', pcs: 2 }] });
    await nation.pass(3 * minute);
    const leh = nation.at('ladakh/leh');
    for (let turn = 0; turn < 24; turn += 1) {
      nation.cut(leh);
      await nation.pass(3 * minute);
      nation.comeBack(leh);
      await nation.pass(2 * minute);
    }
    await nation.pass(50 * minute);
    expect(mails(nation)).toEqual([
      expect.stringMatching(/^asha: .*Critical: No PC of the site answers, ladakh\/leh/),
      expect.stringMatching(/^asha: .*Cleared: No PC of the site answers, ladakh\/leh/),
    ]);
  });
});

/** The simulation begins at 14:05. An early closing time saves hours in which 600 PCs only send beats. */
const short = { vc: [{ days: [1, 2, 3, 4, 5, 6], from: 570, to: 880 }], closes: 900 };

test('600 offices that close for the day notify nobody until the morning, and ten that stay offline are one list for each person', async () => {
  const nation = await startLightNation({ sites: offices(600), hours: short });
  await until(nation, '2026-03-03T14:30');
  const all = nation.at('');
  for (const [at, pc] of all.entries()) {
    const go = () => (at % 3 === 0 ? nation.leave([pc], 'shutdown') : nation.powerOff([pc]));
    nation.time.later((at * 40 * minute) / all.length, go);
  }
  await until(nation, '2026-03-04T08:55');
  expect(mails(nation)).toEqual([]);
  // Ten offices were switched off at the mains, so they stay offline.
  const missing = all.filter((_, at) => at % 60 === 1);
  over(
    nation,
    30 * minute,
    all.filter((pc) => !missing.includes(pc)),
    (pc) => nation.comeBack([pc]),
  );
  await until(nation, '2026-03-04T10:00');
  const told = nation.deliveries.filter(({ channel }) => channel === 'email');
  expect(mails(nation)).toEqual(['meera: 8 alerts of the night', 'asha: 2 alerts of the night']);
  expect(missing).toHaveLength(10);
  for (const pc of missing) expect(told.map(({ text }) => text).join('\n')).toContain(pc.slice(0, pc.lastIndexOf('/')));
  // The list comes 15 min after the opening time, and no room is notified separately before it.
  const opened = Temporal.PlainDateTime.from('2026-03-04T09:45').toZonedDateTime('Asia/Kolkata').epochMilliseconds;
  expect(told.every(({ at }) => at + epochMs >= opened)).toBe(true);
});
