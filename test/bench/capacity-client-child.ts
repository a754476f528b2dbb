/**
 * The agent's side of the bench `capacity`: for each token it makes one measurement and prints one line of JSON. Arguments: host, port,
 * tokens, and the link class, which limits the bytes.
 */
import { linkClasses, links, realClock } from '@sabha/contracts';
import { measureCapacity } from '../../agent/link/measure/capacity-test.ts';
import { directionBytesOf } from '../../agent/link/measure/measure.ts';
import { udpTo } from '../../agent/link/net/udp.ts';

export type ClientRun = Awaited<ReturnType<typeof measureCapacity>> & { seconds: number };

const [host = '', port = '', tokens = '', name = 'fibre'] = process.argv.slice(2);
const limits = links[linkClasses.find((one) => one === name) ?? 'fibre'];
const clock = realClock();

for (const token of tokens.split(',')) {
  const since = clock.up();
  const measured = await measureCapacity({
    open: (onPacket) => udpTo(host)(Number(port), onPacket),
    token: Buffer.from(token, 'base64url'),
    clock,
    budget: { left: () => Number.POSITIVE_INFINITY, used: () => undefined },
    ceilingBps: limits.capacity?.ceilingBps ?? Number.POSITIVE_INFINITY,
    directionBytes: directionBytesOf(limits),
    cardBps: null,
  });
  process.stdout.write(`${JSON.stringify({ ...measured, seconds: (clock.up() - since) / 1_000 })}\n`);
}
