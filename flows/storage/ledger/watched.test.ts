import { expect, test } from 'vitest';
import type { Ledger, Receipt } from '../../engine/records/ops.ts';
import { testClock } from '../../notify/people/people.test-helper.ts';
import { slowCommitMs, watchCommits } from './ledger.ts';

const receipt: Receipt = { cursors: [], applied: 0, gaps: 0, dropped: 0 };

function open() {
  const clock = testClock();
  const said: string[] = [];
  const commits: PromiseWithResolvers<Receipt>[] = [];
  const hung = () => {
    const one = Promise.withResolvers<Receipt>();
    commits.push(one);
    return one.promise;
  };
  const inner = { commit: hung } as unknown as Ledger;
  const tell = { slow: () => void said.push('slow'), took: () => void said.push('took') };
  return { clock, said, commits, ...watchCommits(inner, { clock, ...tell }) };
}

test('R20 a commit that hangs is reported once, and each commit that succeeds is reported', async () => {
  const { clock, said, commits, ledger, commitMs } = open();
  const all = Promise.all([ledger.commit([]), ledger.commit([])]);
  await clock.pass(slowCommitMs - 1);
  expect([said, commitMs()]).toEqual([[], slowCommitMs - 1]);
  await clock.pass(3 * slowCommitMs);
  expect(said).toEqual(['slow']);
  for (const one of commits) one.resolve(receipt);
  await all;
  expect([said, commitMs()]).toEqual([['slow', 'took', 'took'], 0]);
  await clock.pass(3 * slowCommitMs);
  expect(said).toEqual(['slow', 'took', 'took']);
});

test('R20, R18a a pause of the process is not reported as a slow commit', async () => {
  const { clock, said, ledger } = open();
  void ledger.commit([]);
  clock.stall(200_000);
  await clock.pass(slowCommitMs - 1);
  expect(said).toEqual([]);
  await clock.pass(1);
  expect(said).toEqual(['slow']);
});
