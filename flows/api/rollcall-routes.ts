/** The roll call: start one, follow it, take it along as a table. */

import { rollCallSummary, rollCallView } from '@sabha/contracts';
import * as v from 'valibot';
import { rollCallTable, tableName } from '../operations/rollcall/table.ts';
import { ownPart } from '../pki/door/door.ts';
import { Refused } from '../pki/door/refused.ts';
import type { NotStarted, PcChoice } from '../view/live-state.ts';
import { found, on, type Route } from './kit/route.ts';
import { by, csv, scope, scopeOf } from './kit/schemas.ts';

/** Where a site has none of its own, or is no more. */
const usualZone = 'Asia/Kolkata';
const noPcs: PcChoice = '';
const noRollCall = 'there is no such roll call';

const refusals: Record<NotStarted, [number, string]> = {
  busy: [409, 'a roll call runs already'],
  unknown: [404, 'there is no such scope'],
  deaf: [503, 'the broker is out of reach, nobody could answer'],
};

/** A call of the nation shows to each viewer their own part. */
export const rollCallRoutes: readonly Route[] = [
  on('view', ['rollcall list', 'हाज़िरी की सूची दिखाता है।', { columns: 'id scope by startedAt finishedAt counts' }])(
    ['get /api/rollcalls', 'Lists the roll calls, the newest first.'],
    { right: ownPart, answer: v.array(rollCallSummary) },
    (view) => view.rollcalls.list(),
  ),
  on('view', [
    'rollcall start --scope all|STATE|STATE/SITE [--no-wait]',
    'हर कमरे से एक साथ पूछता है कि तैयार है या नहीं, और जवाब का इंतज़ार करता है।',
    { english: 'Asks every room at once whether it is ready, and waits for the answers.' },
  ])(
    ['post /api/rollcalls', 'Asks every room of a scope at once whether it is ready.'],
    {
      right: { may: 'rollcall', at: scopeOf },
      body: v.strictObject({ scope, by }),
      answer: v.object({ id: v.string() }),
      done: 201,
      refusals: [404, 409, 503],
    },
    (view, { body }) => {
      const started = view.rollcalls.start(body);
      if (typeof started === 'string') {
        const [status, line] = refusals[started];
        throw new Refused(status, line, { code: started === 'unknown' ? 'missing' : started });
      }
      return started;
    },
  ),
  on('view', ['rollcall show ID', 'एक हाज़िरी दिखाता है।'])(
    ['get /api/rollcalls/{id}', 'Shows a roll call.'],
    { right: ownPart, answer: rollCallView, refusals: [404] },
    async (view, { params }) => found(await view.rollcalls.one(params.id), noRollCall),
  ),
  on('view')(
    ['get /api/rollcalls/{id}/table.csv', 'The same as a table.'],
    { right: ownPart, answer: csv('roll-call.csv'), refusals: [404] },
    async (view, { params, reply }) => {
      const call = found(await view.rollcalls.one(params.id), noRollCall);
      const zones = new Map(view.sites().map(({ site }) => [site, view.site(site)?.facts.timeZone]));
      const names = new Map(view.snapshot(noPcs).states.map(({ state, name }) => [state, name.en]));
      const timeZone = (site: string) => zones.get(site) ?? usualZone;
      reply.header('content-disposition', `attachment; filename="${tableName(call, timeZone(call.scope))}"`);
      return rollCallTable(call, { stateName: (state) => names.get(state) ?? state, timeZone });
    },
  ),
];
