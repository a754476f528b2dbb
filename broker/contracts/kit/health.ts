/** Liveness and readiness of a part, for systemd and over HTTP. */
import { spawn } from 'node:child_process';
import type { IncomingMessage, ServerResponse } from 'node:http';

export type Supervisor = { ready(): void; stopping(): void };

/** Interval of the alive messages as a share of the watchdog limit: two of them may be lost. */
const watchdogShare = 1 / 3;

/**
 * Returns the supervisor of this process from its environment (`sd_notify`); undefined without systemd. `notify` sends a state; a test
 * replaces it.
 * Guarantee: only the event loop sends the alive message, so a blocked event loop sends none.
 */
export function supervisorOf(env: Readonly<Record<string, string | undefined>>, notify = notifySystemd): Supervisor | undefined {
  if (!env['NOTIFY_SOCKET']) return undefined;
  const limitMs = Number(env['WATCHDOG_USEC'] ?? 0) / 1_000;
  let beats: NodeJS.Timeout | undefined;
  return {
    ready() {
      notify('READY=1');
      if (limitMs > 0) beats = setInterval(notify, limitMs * watchdogShare, 'WATCHDOG=1').unref();
    },
    stopping() {
      clearInterval(beats);
      notify('STOPPING=1');
    },
  };
}

/** Node has no Unix datagram sockets, so systemd's own program sends the message. */
function notifySystemd(state: string): void {
  const child = spawn('systemd-notify', [state], { stdio: 'ignore' });
  // Without `systemd-notify` no message is sent, and systemd then ends this process.
  child.on('error', () => {});
  child.unref();
}

/** Returns one line with the reason why a part is not ready; undefined if it is ready. */
export type ReadinessCheck = () => string | undefined;

/** Responds to `GET /healthz` and `GET /readyz` like the API of `flows`. Returns false for other requests. */
export function handleHealthRequest(
  { method, url }: Pick<IncomingMessage, 'method' | 'url'>,
  response: ServerResponse,
  unready: ReadinessCheck,
): boolean {
  if (method !== 'GET' || (url !== '/healthz' && url !== '/readyz')) return false;
  const because = url === '/readyz' ? unready() : undefined;
  const said = url === '/healthz' ? { alive: true } : { ready: because === undefined, because };
  response.writeHead(because === undefined ? 200 : 503, { 'content-type': 'application/json; charset=utf-8' }).end(JSON.stringify(said));
  return true;
}
