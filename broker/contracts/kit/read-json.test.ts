import * as v from 'valibot';
import { expect, test } from 'vitest';
import { readJson } from './read-json.ts';

const schema = v.object({ at: v.number() });

test('a text is read where it is JSON of the shape; no text, broken JSON and another shape give undefined', () => {
  expect(readJson(schema, '{"at":1,"other":2}')).toEqual({ at: 1 });
  for (const text of [undefined, '', '{"at":', '{"at":"1"}']) expect(readJson(schema, text)).toBeUndefined();
});
