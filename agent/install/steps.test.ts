import { expect, test } from 'vitest';
import { perform, type Step } from './steps.ts';
import { listener } from './windows.test-helper.ts';

/** Steps that say what became of them. */
function steps(...kinds: ('works' | 'fails' | 'throws' | 'cannot be taken back')[]) {
  const heard: string[] = [];
  const names = ['stop', 'program', 'data', 'tasks'] as const;
  const made = kinds.map((kind, at): Step => {
    const name = names[at] ?? 'start';
    return {
      name,
      do: async () => {
        heard.push(`do ${name}`);
        if (kind === 'throws') throw new Error('thrown');
        return kind === 'fails' ? { ok: false, line: 'refused' } : { ok: true };
      },
      undo: async () => {
        heard.push(`undo ${name}`);
        if (kind === 'cannot be taken back') throw new Error('held');
      },
      tidy: () => {
        heard.push(`tidy ${name}`);
        throw new Error('in use');
      },
    };
  });
  return { heard, made };
}

test('all are done in order, then each tidies up, which may fail', async () => {
  const { heard, made } = steps('works', 'works');
  expect(await perform(made, listener())).toBe(true);
  expect(heard).toEqual(['do stop', 'do program', 'tidy stop', 'tidy program']);
});

test.each(['fails', 'throws'] as const)('one that %s is taken back with all before it, the last one first', async (kind) => {
  const { heard, made } = steps('works', 'cannot be taken back', kind, 'works');
  const tell = listener();
  expect(await perform(made, tell)).toBe(false);
  expect(heard).toEqual(['do stop', 'do program', 'do data', 'undo data', 'undo program', 'undo stop']);
  const why = kind === 'fails' ? 'refused' : 'thrown';
  expect(tell.lines).toEqual(['stop', 'program', `data failed: ${why}`, 'data back', 'program not back: held', 'stop back']);
});
