/** What every world stands on: the order in which things happen. */
import { expect, test } from 'vitest';
import { createTime } from './time.ts';

test('between two events every promise that can go on has gone on, however many fall due together', async () => {
  const time = createTime();
  const said: string[] = [];
  const names = Array.from({ length: 200 }, (_, at) => `${at}`);
  for (const name of names) {
    time.at(1_000, () => {
      said.push(`${name} comes`);
      void Promise.resolve()
        .then(() => Promise.resolve())
        .then(() => said.push(`${name} goes`));
    });
  }
  await time.run(2_000);
  expect(said).toEqual(names.flatMap((name) => [`${name} comes`, `${name} goes`]));
  expect(time.now()).toBe(2_000);
});
