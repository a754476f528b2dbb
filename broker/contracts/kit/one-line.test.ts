import * as v from 'valibot';
import { expect, test } from 'vitest';
import { issueText } from './one-line.ts';

const odd = (site: unknown) => site === 'a/b';

test.each([
  [v.custom(odd, 'Invalid site: state/site'), 'ladakh', 'site: expected state/site, found "ladakh"'],
  [
    v.pipe(
      v.string(),
      v.check((text) => text === 'a', 'Invalid state'),
    ),
    'x',
    'site: expected a valid state, found "x"',
  ],
  [v.pipe(v.string(), v.regex(/^[1-9]$/, 'Invalid number of an incident')), 'x', 'site: expected a valid number of an incident, found "x"'],
  [v.pipe(v.string(), v.minLength(12)), 'short', 'site: expected a length >=12, found 5'],
  [v.pipe(v.string(), v.minLength(2, 'a name')), 'x', 'site: expected a name, found 1'],
  [v.pipe(v.string(), v.email()), 'nobody', 'site: expected a valid email, found "nobody"'],
  [v.picklist(['a', 'b']), 'c', 'site: expected ("a" | "b"), found "c"'],
])('an issue of a schema with its own message is described by that message, not by the text of the library: %#', (schema, input, line) => {
  const [issue] = v.safeParse(v.object({ site: schema }), { site: input }).issues ?? [];
  expect(issue && issueText(issue)).toBe(line);
});
