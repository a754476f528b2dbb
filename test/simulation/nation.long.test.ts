/** Streams of whole nations through the tabs themselves, at their full size: exact messages, persons and times. */
import { describe, expect, test } from 'vitest';
import { type LightNation, type LightSite, startLightNation } from './light-nation.ts';
import { hour } from './office-day.ts';
import { minute, second } from './scene.ts';

const states = ['assam', 'bihar', 'goa', 'kerala', 'ladakh', 'odisha', 'punjab', 'sikkim'];

/** So many offices of one PC each, of all states. */
function offices(count: number, edit: (at: number) => Partial<LightSite> = () => ({})): LightSite[] {
  return Array.from({ length: count }, (_, at) => ({ path: `${states[at % states.length]}/site-${at}`, ...edit(at) }));
}

/** Who was told what by mail, in its order. */
function mails({ deliveries }: LightNation): string[] {
  return deliveries.filter(({ channel }) => channel === 'email').map(({ person, subject }) => `${person}: ${subject}`);
}

/** One after the other, spread over a time. */
function over(nation: LightNation, spreadMs: number, pcs: readonly string[], act: (pc: string) => void): void {
  for (const [at, pc] of pcs.entries()) nation.time.later((at * spreadMs) / pcs.length, () => act(pc));
}

describe('736 offices', () => {
  test('of which all are lost within a minute are one message, and one all-clear when they are back', async () => {
    const nation = await startLightNation({ sites: offices(736) });
    await nation.pass(3 * minute);
    const all = nation.at('');
    over(nation, minute, all, (pc) => nation.cut([pc]));
    await nation.pass(15 * minute);
    expect(mails(nation)).toEqual([expect.stringMatching(/^meera: All offices: Critical: Half of all PCs went silent within a minute/)]);
    over(nation, minute, all, (pc) => nation.comeBack([pc]));
    await nation.pass(20 * minute);
    expect(mails(nation).slice(1)).toEqual([expect.stringMatching(/^meera: All offices: Cleared: Half of all PCs/)]);
  });

  test('of which twelve are of one provider that breaks are one message, and one all-clear', async () => {
    const nation = await startLightNation({ sites: offices(736, (at) => ({ isp: at % 61 === 3 && at < 732 ? 'Jio' : 'BSNL' })) });
    await nation.pass(3 * minute);
    const jio = Array.from({ length: 12 }, (_, at) => `${states[(3 + 61 * at) % states.length]}/site-${3 + 61 * at}/pc-1`);
    over(nation, 40 * second, jio, (pc) => nation.cut([pc]));
    await nation.pass(10 * minute);
    expect(mails(nation)).toEqual(['meera: All offices: Critical: Sites of one provider do not answer, Jio']);
    expect(nation.deliveries.at(-1)?.text).toMatch(/12 .*12/);
    over(nation, minute, jio, (pc) => nation.comeBack([pc]));
    await nation.pass(20 * minute);
    expect(mails(nation).slice(1)).toEqual(['meera: All offices: Cleared: Sites of one provider do not answer, Jio']);
  });
});

test('a fault in a room of 736 is told of that room alone, a day long: nothing else is anybody’s message', async () => {
  const nation = await startLightNation({ sites: offices(736) });
  await nation.pass(3 * minute);
  nation.device('ladakh/site-4/pc-1', { component: 'microphone', fault: 'microphone.missing' });
  await nation.pass(5 * minute);
  nation.device('ladakh/site-4/pc-1', { component: 'microphone', fault: null });
  await nation.pass(24 * hour);
  expect(mails(nation)).toEqual([
    expect.stringMatching(/^asha: ladakh\/site-4.*: Critical: Microphone not found/),
    expect.stringMatching(/^asha: ladakh\/site-4.*: Cleared: Microphone not found/),
  ]);
});
