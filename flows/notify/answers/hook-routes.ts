/** The address at which the provider of a channel calls us: what became of a message, a key that was pressed. Each channel itself judges who calls. */
import { type Clock, networkOf } from '@sabha/contracts';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { createLimits } from '../../pki/accounts/accounts.ts';
import type { Channels } from '../people/channels/channels.ts';

/** Behind it stand the name of the channel and, where the provider signs nothing, a secret. */
const hookPath = '/hook';
/** Some say a hundred things in one call. */
const bodyLimitBytes = 256 * 1024;

/** Adds the routes to a door. `channels`: whose calls are taken; `clock`: by what time who knocks in vain waits. Guarantee: who cannot prove who it is waits, and with it its network; whoever can is never held up by that. */
export function addHooks(app: FastifyInstance, { channels, clock }: { channels: Channels; clock: Pick<Clock, 'up'> }): void {
  const limits = createLimits(clock.up);

  async function hook(request: FastifyRequest<{ Params: Asked }>, reply: FastifyReply): Promise<FastifyReply> {
    const { name, token = '' } = request.params;
    const hear = channels.get(name)?.channel.hear;
    const { method, headers, body, raw } = request;
    const query = new URLSearchParams(/\?([^#]*)/.exec(raw.url ?? '')?.[1] ?? '');
    const call = { method, token, query, headers, body: Buffer.isBuffer(body) ? body : Buffer.alloc(0) };
    const { status, text = '' } = (await hear?.(call)) ?? { status: 401 };
    reply.type('text/plain; charset=utf-8');
    if (status !== 401) return reply.code(status).send(text);
    const waitMs = limits.take({ name: `hooks of ${networkOf(request.ip)}`, address: request.ip });
    if (waitMs > 0) reply.header('retry-after', `${Math.ceil(waitMs / 1_000)}`);
    // A channel that is not there looks like one that is.
    return reply.code(waitMs > 0 ? 429 : 401).send('');
  }

  app.register((scope, _options, done) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: bodyLimitBytes }, (_request, body, parsed) => parsed(null, body));
    const config = { open: true, form: true };
    for (const url of [`${hookPath}/:name`, `${hookPath}/:name/:token`]) {
      scope.route<{ Params: Asked }>({ method: ['GET', 'POST'], url, exposeHeadRoute: false, config, handler: hook });
    }
    done();
  });
}

type Asked = { name: string; token?: string };
