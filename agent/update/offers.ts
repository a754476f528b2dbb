/** What the centre offers over HTTP: `/updates/manifest.json`, and the bundle from any byte on. */
import { once } from 'node:events';
import { get as getHttp, type IncomingMessage } from 'node:http';
import { get as getHttps } from 'node:https';
import { text } from 'node:stream/consumers';
import { urlToHttpOptions } from 'node:url';
import { centreTls } from '../identity/est.ts';
import type { Offers } from './updater.ts';

const silentLimitMs = 60_000;
const manifestLimitBytes = 16 * 1_024;

/** `at` is the centre's address; `ca` = the only roots that are trusted where it is https. */
export function createOffers(at: string, ca?: string[]): Offers {
  return {
    async manifest() {
      const response = await asked(`${at}/updates/manifest.json`, ca, {});
      if (response.statusCode === 404) return null;
      if (Number(response.headers['content-length'] ?? 0) > manifestLimitBytes) throw new Error('the manifest is too large');
      return await text(response);
    },
    async bundle(from) {
      const response = await asked(`${at}/updates/agent.mjs`, ca, from > 0 ? { range: `bytes=${from}-` } : {});
      if (response.statusCode !== 200 && response.statusCode !== 206) throw new Error(`the centre answered ${response.statusCode}`);
      return { from: response.statusCode === 206 ? from : 0, pieces: response };
    },
  };
}

async function asked(url: string, ca: string[] | undefined, headers: Record<string, string>): Promise<IncomingMessage> {
  const request = url.startsWith('https:')
    ? getHttps(url, { headers, ...(ca === undefined ? { minVersion: 'TLSv1.3' } : centreTls(hostOf(url), ca)) })
    : getHttp(url, { headers });
  request.setTimeout(silentLimitMs, () => request.destroy(new Error('the centre does not answer')));
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  return response;
}

/** Of an IPv6 address without its brackets. */
function hostOf(url: string): string {
  return urlToHttpOptions(new URL(url)).hostname ?? '';
}
