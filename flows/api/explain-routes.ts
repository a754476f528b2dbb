/** What the tabs that run would do with a fault. */
import * as v from 'valibot';
import { explained } from '#contracts';
import { whole } from '../door/door.ts';
import { Refused } from '../door/refused.ts';
import { on, type Route } from './route.ts';

const name = v.pipe(v.string(), v.minLength(1), v.maxLength(120));

/** They are the rules of the whole tree, with the names of its people. */
export const explainRoutes: readonly Route[] = [
  on('explain')(
    ['get /api/explain', 'What the tabs that run would do with a fault of a site, a PC or the centre. Nobody is told.'],
    { right: whole('read'), query: v.strictObject({ scope: name, fault: name }), answer: explained, refusals: [404] },
    async (explain, { query: { scope, fault } }) => {
      const found = await explain(scope, fault);
      if (!found.ok) throw new Refused(404, found.line);
      return found.value;
    },
  ),
];
