/** Commands to PCs: issue one, see what became of it. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { CommandDesk } from '../commands/commands.ts';
import { whole } from '../door/door.ts';
import { Refused } from '../door/refused.ts';
import { read } from './routes.ts';
import { ordering } from './schemas.ts';

type One = FastifyRequest<{ Params: { id: string } }>;

export function addCommands(app: FastifyInstance, commands: CommandDesk): void {
  const central = whole('commands');
  app.post('/api/commands', central, async (request, reply) => {
    const issued = await commands.issue(read(ordering, request.body));
    if (!issued.ok) throw new Refused(issued.missing ? 404 : 400, issued.line);
    return reply.code(201).send({ id: issued.id });
  });
  app.get('/api/commands', central, () => commands.list());
  app.get('/api/commands/:id', central, async ({ params: { id } }: One) => {
    const found = await commands.one(id);
    if (found === undefined) throw new Refused(404, 'there is no such command');
    return found;
  });
}
