/** `/updates/`: the newest agent, as the key of the releases signed it. Public, since each agent proves what it takes by itself. */
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import { Refused } from '../door/refused.ts';

/** The only names that are served, by the file that `pack:agent` writes. */
const types: Record<string, string> = { 'manifest.json': 'application/json; charset=utf-8', 'agent.mjs': 'text/javascript; charset=utf-8' };

/** Serves the folder; each file from any byte on, so that a thin link goes on where it broke. */
export function addUpdates(app: FastifyInstance, folder: string): void {
  for (const [name, type] of Object.entries(types)) {
    app.get(`/updates/${name}`, { config: { machine: true } }, async (request, reply) => {
      const file = join(folder, name);
      const size = await stat(file).then(
        (found) => found.size,
        () => undefined,
      );
      if (size === undefined) throw new Refused(404, 'no update is offered');
      const from = Number(/^bytes=(\d{1,12})-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
      if (from >= size) return reply.code(416).header('content-range', `bytes */${size}`).send();
      if (from > 0) reply.code(206).header('content-range', `bytes ${from}-${size - 1}/${size}`);
      return reply
        .type(type)
        .header('content-length', size - from)
        .send(createReadStream(file, { start: from }));
    });
  }
}
