/** The roll call: start one, follow it, take it along as a table. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { rollCallTable } from '../rollcall-table.ts';
import type { NotStarted, RollCallDesk } from './model.ts';
import { Refused, read } from './routes.ts';
import { rollcall } from './schemas.ts';

type One = FastifyRequest<{ Params: { id: string } }>;

const refusals: Record<NotStarted, [number, string]> = {
  busy: [409, 'a roll call runs already'],
  unknown: [404, 'there is no such scope'],
  deaf: [503, 'the broker is out of reach, nobody could answer'],
};

export function addRollCalls(app: FastifyInstance, calls: RollCallDesk): void {
  app.post('/api/rollcalls', (request, reply) => {
    const started = calls.start(read(rollcall, request.body));
    if (typeof started === 'string') throw new Refused(...refusals[started]);
    return reply.code(201).send(started);
  });
  app.get('/api/rollcalls', () => calls.list());
  app.get('/api/rollcalls/:id', ({ params: { id } }: One) => found(calls, id));
  app.get('/api/rollcalls/:id/table.csv', async ({ params: { id } }: One, reply) => {
    const table = rollCallTable(await found(calls, id));
    return reply.type('text/csv; charset=utf-8').header('content-disposition', 'attachment; filename="roll-call.csv"').send(table);
  });
}

async function found(calls: RollCallDesk, id: string) {
  const call = await calls.one(id);
  if (call === undefined) throw new Refused(404, 'there is no such roll call');
  return call;
}
