/** Commands to PCs: issue one, see what became of it. */

import { commandSummary, commandView, isPcPath, verbNames } from '@sabha/contracts';
import * as v from 'valibot';
import { whole } from '../pki/door/door.ts';
import { found, granted, on, type Route } from './kit/route.ts';
import { by, isScope } from './kit/schemas.ts';

/** The arguments are read by the table of the verbs. */
const ordering = v.strictObject({
  by,
  to: v.pipe(
    v.string(),
    v.check((text) => isScope(text) || isPcPath(text), 'Invalid address: "" for everywhere, a state, state/site or state/site/pc'),
  ),
  verb: v.picklist(verbNames),
  args: v.optional(v.record(v.string(), v.union([v.string(), v.number()])), {}),
});

/** Only for those who see the whole tree. */
export const commandRoutes: readonly Route[] = [
  on('commands', ['cmd list', 'आदेशों की सूची दिखाता है।', { columns: 'id verb args to by at' }])(
    ['get /api/commands', 'Lists the orders to PCs, the newest first.'],
    { right: whole('commands'), answer: v.array(commandSummary) },
    (commands) => commands.list(),
  ),
  on('commands', ['cmd VERB --to all|STATE|STATE/SITE|STATE/SITE/PC [--arg KEY=VALUE]... [--wait]', 'PC को आदेश भेजता है।'])(
    ['post /api/commands', 'Sends an order to PCs.'],
    { right: whole('commands'), body: ordering, answer: v.object({ id: v.string() }), done: 201, refusals: [404] },
    async (commands, { body }) => ({ id: granted(await commands.issue(body), 400).id }),
  ),
  on('commands', ['cmd show ID', 'दिखाता है कि आदेश का क्या हुआ।'])(
    ['get /api/commands/{id}', 'Shows the results of an order.'],
    { right: whole('commands'), answer: commandView, refusals: [404] },
    async (commands, { params: { id } }) => found(await commands.one(id), 'there is no such command'),
  ),
];
