/** Commands to PCs: issue one, see what became of it. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { CommandDesk } from '../commands/commands.ts';
import { Refused, read } from './routes.ts';
import { ordering } from './schemas.ts';

type One = FastifyRequest<{ Params: { id: string } }>;

export function addCommands(app: FastifyInstance, commands: CommandDesk): void {
  app.post('/api/commands', async (request, reply) => {
    const issued = await commands.issue(read(ordering, request.body));
    if (!issued.ok) throw new Refused(issued.missing ? 404 : 400, issued.line);
    return reply.code(201).send({ id: issued.id });
  });
  app.get('/api/commands', () => commands.list());
  app.get('/api/commands/:id', async ({ params: { id } }: One) => {
    const found = await commands.one(id);
    if (found === undefined) throw new Refused(404, 'there is no such command');
    return found;
  });
}
