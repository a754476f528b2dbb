/** Files: those that are held in memory, and the newest agent's. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Refused } from '../../pki/door/refused.ts';

/** The ways to pack a file, the smallest first: on a thin link brotli is a seventh less than gzip. */
const packings = { br: (body: Buffer) => brotliCompressSync(body), gzip: (body: Buffer) => gzipSync(body) };
type Packing = keyof typeof packings;

/** A file in memory, as it is sent. One of `forever` has its content in its name: whoever has it never asks again. */
export type StaticFile = { body: Buffer; type: string; etag: string; forever: boolean; packed(how: Packing): Buffer };

/** Not again to whoever has it, and packed to whoever can unpack it. */
export function sendFile(file: StaticFile, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  reply.headers({ 'cache-control': file.forever ? 'max-age=31536000, immutable' : 'no-cache', etag: file.etag, vary: 'accept-encoding' });
  if (request.headers['if-none-match'] === file.etag) return reply.code(304).send();
  const understood = (request.headers['accept-encoding'] ?? '').split(/[\s,;]+/);
  const packing = (Object.keys(packings) as Packing[]).find((one) => understood.includes(one));
  if (packing !== undefined) reply.header('content-encoding', packing);
  return reply.type(file.type).send(packing === undefined ? file.body : file.packed(packing));
}

/** What never changes while this process runs: packed once, when it is first asked for. */
export function fileOf(body: Buffer, type: string, forever = false): StaticFile {
  const made = new Map<Packing, Buffer>();
  return {
    body,
    type,
    etag: `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`,
    forever,
    packed: (how) => made.getOrInsertComputed(how, () => packings[how](body)),
  };
}

/** The only names that are served, by the file that `pack:agent` writes. */
const updateTypes: Record<string, string> = {
  'manifest.json': 'application/json; charset=utf-8',
  'agent.mjs': 'text/javascript; charset=utf-8',
};

/**
 * `/updates/`: the newest agent, as the key of the releases signed it. Public, since each agent proves what it takes by itself. Each file from any byte on, so that a thin link goes on where it broke.
 */
export function addUpdates(app: FastifyInstance, folder: string): void {
  for (const [name, type] of Object.entries(updateTypes)) {
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
