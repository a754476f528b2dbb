/** Health, all that is so now, its changes, and the proof from the ledger. */
import * as v from 'valibot';
import { ledgerAudit, snapshot } from '#contracts';
import { ownPart, whole } from '../door/door.ts';
import { Refused } from '../door/refused.ts';
import { on, type Route } from './route.ts';
import { pcsQuery } from './schemas.ts';

const frames = {
  type: 'text/event-stream',
  about: 'First an event `snapshot` (Snapshot), then events `change` (StreamFrame); an empty one at least every 5 s.',
};

const readiness = v.object({ ready: v.boolean(), because: v.optional(v.string()) });

/** What a program asks first. */
export const centreRoutes: readonly Route[] = [
  on('view')(['get /healthz', 'The process lives.'], { right: ownPart, answer: v.object({ alive: v.literal(true) }) }, () => ({
    alive: true as const,
  })),
  on('view')(
    [
      'get /readyz',
      'The ledger is loaded and takes what it is given, the broker subscribed, the tabs run; 503 while not, with the reason.',
    ],
    { right: ownPart, answer: readiness, refusals: [503], alsoAs: 503 },
    (view, { reply }) => {
      const because = view.unready();
      if (because === undefined) return { ready: true };
      reply.code(503);
      return { ready: false, because };
    },
  ),
  on('view')(
    ['get /api/snapshot', 'All that is so now.'],
    { right: ownPart, query: pcsQuery, answer: snapshot },
    (view, { query: { pcs = '' } }) => view.snapshot(pcs),
  ),
  on('streams')(
    ['get /api/stream', 'All that is so now, then every change.'],
    { right: ownPart, query: pcsQuery, answer: frames, refusals: [503], more: { exposeHeadRoute: false } },
    ({ streams, headers }, { query: { pcs = '' }, viewer, reply }) => {
      const refusal = streams.open(reply.raw, { pcs, headers, viewer });
      if (refusal !== undefined) throw new Refused(503, refusal);
      return reply.hijack();
    },
  ),
];

/** The proof, over the whole tree. */
export const auditRoute = on('proof')(
  ['get /api/audit', 'Proof from the ledger that no event is missing and none stands twice.'],
  { right: whole('read'), answer: ledgerAudit },
  (proof) => proof.audit(),
);
