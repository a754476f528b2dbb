import { expect, it } from 'vitest';
import { isCutOff, lossAtMostOver, lossOfWorseDirection, type ProbeEcho, qualityOf, type Window, windowOf } from './quality.ts';

type ProbeFate = 'back' | 'lost up' | 'lost down';

/** Builds the echoes of probes sent 10 ms apart, with these outcomes and delays. The server clock is 1.2 s ahead. */
function echoes(
  fates: readonly ProbeFate[],
  delayMs: (seq: number) => { up: number; down: number } = () => ({ up: 20, down: 30 }),
): ProbeEcho[] {
  let reflectorSeq = 0;
  return fates.flatMap((fate, seq) => {
    if (fate === 'lost up') return [];
    const numbered = reflectorSeq++;
    if (fate === 'lost down') return [];
    const { up, down } = delayMs(seq);
    const sentAt = seq * 10;
    const receivedAt = sentAt + up + 1_200;
    return [{ seq, reflectorSeq: numbered, sentAt, receivedAt, repliedAt: receivedAt + 0.5, arrivedAt: receivedAt + 0.5 - 1_200 + down }];
  });
}
const many = (fate: ProbeFate, count: number): ProbeFate[] => Array.from({ length: count }, () => fate);
const one = (fates: readonly ProbeFate[]): Window => windowOf({ sent: fates.length, echoes: echoes(fates) }) as Window;

it('windowOf reports the loss and the loss runs of each direction independently of the other', () => {
  const fates: ProbeFate[] = [
    ...many('back', 4),
    'lost up',
    'lost up',
    'back',
    'lost down',
    'lost up',
    'lost down',
    'back',
    'lost down',
    'back',
  ];
  const window = one(fates);
  expect(window.up).toMatchObject({ sent: 13, lost: 3, runs: 2 });
  expect(window.down).toMatchObject({ sent: 10, lost: 3, runs: 2 });
  expect(qualityOf([window])?.up).toMatchObject({ loss: 3 / 13, burst: 1.5 });
});

it('windowOf counts no loss after the last echo, and returns undefined without echoes or after a reflector restart', () => {
  expect(one([...many('back', 9), ...many('lost up', 3)])).toMatchObject({ up: { sent: 9, lost: 0 }, tail: 3 });
  expect(windowOf({ sent: 3, echoes: [] })).toBeUndefined();
  const restarted = echoes(many('back', 6)).map((echo) => ({ ...echo, reflectorSeq: echo.seq < 3 ? echo.seq : echo.seq - 3 }));
  expect(windowOf({ sent: 6, echoes: restarted })).toBeUndefined();
});

it('the highest possible loss of each direction includes the probes after the last echo; the worse direction has half of them', () => {
  const windows = [one([...many('back', 90), 'lost down', 'back', ...many('lost up', 10)])];
  const { up, down } = qualityOf(windows) ?? {};
  expect([up?.loss, up?.lossAtMost, down?.loss, down?.lossAtMost]).toEqual([0, 10 / 102, 1 / 92, 11 / 102]);
  expect([lossAtMostOver(windows, 'up', 0.05), lossAtMostOver(windows, 'up', 0.01)]).toEqual([10 / 102, undefined]);
  expect([lossOfWorseDirection(windows, 0.05), lossOfWorseDirection(windows, 0.01)]).toEqual([11 / 204, undefined]);
});

it('isCutOff detects a round of which only the first packets return, and ignores random or heavy loss', () => {
  const cut = (came: number) => one([...many('back', came), ...many('lost up', 23 - came)]);
  for (const came of [1, 4, 11]) expect([came, isCutOff(cut(came))]).toEqual([came, true]);
  for (const came of [12, 20, 23]) expect([came, isCutOff(cut(came))]).toEqual([came, false]);
  expect(isCutOff(one([...many('lost up', 4), 'back', ...many('lost down', 18)]))).toBe(false);
});

it('windowOf returns undefined for impossible sequence numbers or times', () => {
  const [first, second] = echoes(many('back', 2)) as [ProbeEcho, ProbeEcho];
  const says = (changed: Partial<ProbeEcho>) => windowOf({ sent: 2, echoes: [first, { ...second, ...changed }] });
  for (const reflectorSeq of [2, 4_294_967_295, -1, 0.5]) expect(says({ reflectorSeq }), `${reflectorSeq}`).toBeUndefined();
  expect(says({ repliedAt: second.receivedAt + 60 })).toBeUndefined();
  expect(says({ repliedAt: second.receivedAt - 1 })).toBeUndefined();
  expect(says({ receivedAt: Number.NaN })).toBeUndefined();
  expect(says({ arrivedAt: second.sentAt + 0.3 })?.roundTripsMs).toEqual([50, 0]);
});
