/** The line of one PC to the broker, for all traffic of the PC. The line can be cut, reset, slowed and left half-open. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export type Link = {
  port: number;
  /** Closes all connections, and refuses new ones until `heal`. */
  cut(): void;
  heal(): void;
  /** Closes all connections. They may return at once. */
  tear(): void;
  /** Like `tear`, but the broker does not notice: the old session still exists when the next one starts. */
  hang(): void;
  /** Limits rate and adds delay in each direction; undefined removes both. */
  shape(way: Thin | undefined): void;
  close(): void;
};

export type Thin = { bytesPerS: number; delayMs: number };
type Pair = { client: Socket; broker: Socket };

/** Opens the line. The broker need not run yet. */
export async function openLink(to: number): Promise<Link> {
  const pairs = new Set<Pair>();
  let isCut = false;
  let thin: Thin | undefined;
  const server = createServer((client) => {
    if (isCut) return client.destroy();
    const pair = { client, broker: connect(to, '127.0.0.1') };
    pairs.add(pair);
    const end = () => {
      pairs.delete(pair);
      client.destroy();
      pair.broker.destroy();
    };
    for (const socket of [client, pair.broker]) socket.setNoDelay(true).on('error', () => {});
    client.on('close', () => pairs.has(pair) && end());
    pair.broker.on('close', end);
    carry(client, pair.broker, () => thin);
    carry(pair.broker, client, () => thin);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const tear = () => {
    for (const { client } of pairs) client.destroy();
  };
  return {
    port: (server.address() as AddressInfo).port,
    cut() {
      isCut = true;
      tear();
    },
    heal() {
      isCut = false;
    },
    tear,
    hang() {
      const held = [...pairs];
      // The broker's ends of the connections stay open until the broker closes them.
      pairs.clear();
      for (const { client } of held) client.destroy();
    },
    shape(way) {
      thin = way;
    },
    close() {
      server.close();
      tear();
    },
  };
}

/** Forwards bytes in order, also when the shape of the line changes. */
function carry(from: Socket, to: Socket, thinNow: () => Thin | undefined): void {
  let freeAt = 0;
  let lastAt = 0;
  from.on('data', (bytes) => {
    const now = performance.now();
    const thin = thinNow();
    if (thin === undefined && lastAt <= now) return void to.write(bytes);
    const { bytesPerS, delayMs } = thin ?? { bytesPerS: Number.POSITIVE_INFINITY, delayMs: 0 };
    freeAt = Math.max(freeAt, now) + (bytes.length / bytesPerS) * 1_000;
    lastAt = Math.max(lastAt + 1, freeAt + delayMs);
    setTimeout(() => to.write(bytes), lastAt - now);
  });
}
