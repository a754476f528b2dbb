/** The roll call: start one, follow it, take it along as a table. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { ownPart } from '../door/door.ts';
import { Refused } from '../door/refused.ts';
import { scopedDesk } from '../door/scoped.ts';
import { rollCallTable } from '../rollcall/table.ts';
import type { DeskView, NotStarted, RollCallDesk } from '../view/view.ts';
import { read } from './routes.ts';
import { rollcall } from './schemas.ts';

type One = FastifyRequest<{ Params: { id: string } }>;

const refusals: Record<NotStarted, [number, string]> = {
  busy: [409, 'a roll call runs already'],
  unknown: [404, 'there is no such scope'],
  deaf: [503, 'the broker is out of reach, nobody could answer'],
};

export function addRollCalls(app: FastifyInstance, desk: DeskView): void {
  const own = { config: ownPart };
  const callsOf = ({ viewer }: FastifyRequest): RollCallDesk => scopedDesk(desk, viewer.scope).rollcalls;
  app.post('/api/rollcalls', { config: { may: 'rollcall', at: scopeOf } }, (request, reply) => {
    const started = desk.rollcalls.start(read(rollcall, request.body));
    if (typeof started === 'string') throw new Refused(...refusals[started]);
    return reply.code(201).send(started);
  });
  app.get('/api/rollcalls', own, (request) => callsOf(request).list());
  app.get('/api/rollcalls/:id', own, (request: One) => found(callsOf(request), request.params.id));
  app.get('/api/rollcalls/:id/table.csv', own, async (request: One, reply) => {
    const table = rollCallTable(await found(callsOf(request), request.params.id));
    return reply.type('text/csv; charset=utf-8').header('content-disposition', 'attachment; filename="roll-call.csv"').send(table);
  });
}

/** What is no scope is told by the schema, to those who may call everybody. */
function scopeOf({ body }: FastifyRequest): string {
  const { scope } = (body ?? {}) as { scope?: unknown };
  return typeof scope === 'string' ? scope : '';
}

async function found(calls: RollCallDesk, id: string) {
  const call = await calls.one(id);
  if (call === undefined) throw new Refused(404, 'there is no such roll call');
  return call;
}
