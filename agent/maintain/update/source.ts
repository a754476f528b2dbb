/** Fetches an update over HTTP: `/updates/manifest.json`, and the bundle from any byte on. */
import { get as getHttp, type IncomingMessage } from 'node:http';
import { get as getHttps } from 'node:https';
import { serverTlsOptions } from '../../identity/est.ts';
import { type CountBytes, meteredTlsFor, meterTcp } from '../../link/net/meter.ts';
import type { UpdateSource } from './updater.ts';

const silentLimitMs = 60_000;
const manifestLimitBytes = 16 * 1_024;

export type SourceOptions = {
  /** Returns the only root certificates that are trusted for HTTPS, read at each request; absent = the roots of the system. */
  roots?: (() => string[]) | undefined;
  used?: CountBytes;
  limitMs?: number;
};

export function createUpdateSource(
  at: string,
  { roots, used = () => undefined, limitMs = silentLimitMs }: SourceOptions = {},
): UpdateSource {
  const asked = (what: string, headers = {}) => ask(`${at}/updates/${what}`, { headers, roots: roots?.(), used, limitMs });
  return {
    async manifest() {
      const response = await asked('manifest.json');
      if (response.statusCode === 200) return await textOf(response);
      response.destroy();
      if (response.statusCode === 404) return null;
      throw new Error(`the server answered ${response.statusCode}`);
    },
    async bundle(from) {
      const response = await asked('agent.mjs', from > 0 ? { range: `bytes=${from}-` } : {});
      if (response.statusCode === 200 || response.statusCode === 206)
        return { from: response.statusCode === 206 ? from : 0, pieces: response };
      response.destroy();
      throw new Error(`the server answered ${response.statusCode}`);
    },
  };
}

type SourceRequest = { headers: Record<string, string>; roots: string[] | undefined; used: CountBytes; limitMs: number };

function ask(url: string, { headers, roots, used, limitMs }: SourceRequest): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const request = url.startsWith('https:')
    ? getHttps(url, { headers, createConnection: meteredTlsFor(serverTlsOptions(url, roots), used) })
    : getHttp(url, { headers, agent: false }).once('socket', (socket) => meterTcp(socket, used));
  request.setTimeout(limitMs, () => request.destroy(new Error('the server does not answer')));
  // This listener stays, because a link that breaks after the headers raises an error on the request too. Without a listener it would
  // end the agent.
  request.on('error', reject).once('response', resolve);
  return promise;
}

async function textOf(response: IncomingMessage): Promise<string> {
  let text = '';
  for await (const piece of response.setEncoding('utf8')) {
    text += piece;
    if (text.length > manifestLimitBytes) throw new Error('the manifest is too large');
  }
  return text;
}
