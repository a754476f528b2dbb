/** What the centre offers over HTTP: `/updates/manifest.json`, and the bundle from any byte on. */
import { once } from 'node:events';
import { get as getHttp, type IncomingMessage } from 'node:http';
import { get as getHttps } from 'node:https';
import { isIP } from 'node:net';
import { text } from 'node:stream/consumers';
import { meteredTlsFor, meterTcp, type Used } from '../measure/wire.ts';
import type { Offers } from './updater.ts';

const silentLimitMs = 60_000;
const manifestLimitBytes = 16 * 1_024;

/** `at` is the centre's address; `ca` = the only roots that are trusted where it is https; `used` is told what it costs. */
export function createOffers(at: string, ca?: string[], used: Used = () => undefined): Offers {
  return {
    async manifest() {
      const response = await asked(`${at}/updates/manifest.json`, { ca, used });
      if (response.statusCode === 404) return null;
      if (Number(response.headers['content-length'] ?? 0) > manifestLimitBytes) throw new Error('the manifest is too large');
      return await text(response);
    },
    async bundle(from) {
      const response = await asked(`${at}/updates/agent.mjs`, { ca, used, headers: from > 0 ? { range: `bytes=${from}-` } : {} });
      if (response.statusCode !== 200 && response.statusCode !== 206) throw new Error(`the centre answered ${response.statusCode}`);
      return { from: response.statusCode === 206 ? from : 0, pieces: response };
    },
  };
}

type Asking = { ca: string[] | undefined; used: Used; headers?: Record<string, string> };

async function asked(url: string, { ca, used, headers = {} }: Asking): Promise<IncomingMessage> {
  const request = url.startsWith('https:')
    ? getHttps(url, { headers, createConnection: meteredTlsFor(tlsOf(url, ca), used) })
    : getHttp(url, { headers, agent: false }).once('socket', (socket) => meterTcp(socket, used));
  request.setTimeout(silentLimitMs, () => request.destroy(new Error('the centre does not answer')));
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  return response;
}

function tlsOf(url: string, ca: string[] | undefined) {
  const { hostname, port } = new URL(url);
  const host = hostname.replaceAll(/[[\]]/g, '');
  return {
    host,
    port: Number(port || 443),
    ...(isIP(host) === 0 && { servername: host }),
    ...(ca && { ca }),
    minVersion: 'TLSv1.3' as const,
  };
}
