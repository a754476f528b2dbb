/**
 * The agent's side of the bench `capacity`: measures once with each token, one line of JSON each.
 * Arguments: host, port, tokens, rate above which nobody needs to know. */
import { realClock } from '#contracts';
import { measureCapacity } from '../../agent/measure/capacity-test.ts';
import { udpTo } from '../../agent/net/udp.ts';

export type ClientRun = Awaited<ReturnType<typeof measureCapacity>> & { seconds: number };

const [host = '', port = '', tokens = '', ceilingBps = '50e6'] = process.argv.slice(2);
const clock = realClock();

for (const token of tokens.split(',')) {
  const since = clock.up();
  const measured = await measureCapacity({
    open: (onPacket) => udpTo(host)(Number(port), onPacket),
    token: Buffer.from(token, 'base64url'),
    clock,
    budget: { left: () => Number.POSITIVE_INFINITY, used: () => undefined },
    ceilingBps: Number(ceilingBps),
    directionBytes: Number.POSITIVE_INFINITY,
    cardBps: null,
  });
  process.stdout.write(`${JSON.stringify({ ...measured, seconds: (clock.up() - since) / 1_000 })}\n`);
}
