/** Whether a part lives and is ready: it tells systemd where that started it, and whoever asks by HTTP. */
import { spawn } from 'node:child_process';
import type { IncomingMessage, ServerResponse } from 'node:http';

/** Who started a part and is told how it is. */
export type Supervisor = { ready(): void; stopping(): void };

/** Of the limit of the watchdog, in which it must hear from us: two words may be lost. */
const share = 1 / 3;

/**
 * The supervisor of this process, from its environment; undefined where nobody asks to be told (`sd_notify`).
 * `tell`: how it is told; a test scripts it.
 * Guarantee: that it lives is said from the event loop and by nothing else, so that one that is blocked falls silent.
 */
export function supervisorOf(env: Readonly<Record<string, string | undefined>>, tell = tellSystemd): Supervisor | undefined {
  if (!env['NOTIFY_SOCKET']) return undefined;
  const limitMs = Number(env['WATCHDOG_USEC'] ?? 0) / 1_000;
  let beats: NodeJS.Timeout | undefined;
  return {
    ready() {
      tell('READY=1');
      if (limitMs > 0) beats = setInterval(tell, limitMs * share, 'WATCHDOG=1').unref();
    },
    stopping() {
      clearInterval(beats);
      tell('STOPPING=1');
    },
  };
}

/** Node has no datagram sockets of this machine: systemd's own program has. */
function tellSystemd(state: string): void {
  const child = spawn('systemd-notify', [state], { stdio: 'ignore' });
  // Where it is not there systemd ends us, and says that it heard nothing.
  child.on('error', () => {});
  child.unref();
}

/** Why a part is not ready, in one line; undefined where it is. */
export type Unready = () => string | undefined;

/** Answers `GET /healthz` and `GET /readyz` as the API of `flows` does; false where something else was asked. */
export function answersHealth(
  { method, url }: Pick<IncomingMessage, 'method' | 'url'>,
  response: ServerResponse,
  unready: Unready,
): boolean {
  if (method !== 'GET' || (url !== '/healthz' && url !== '/readyz')) return false;
  const because = url === '/readyz' ? unready() : undefined;
  const said = url === '/healthz' ? { alive: true } : { ready: because === undefined, because };
  response.writeHead(because === undefined ? 200 : 503, { 'content-type': 'application/json; charset=utf-8' }).end(JSON.stringify(said));
  return true;
}
