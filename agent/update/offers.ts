/** What the centre offers over HTTP: `/updates/manifest.json`, and the bundle from any byte on. */
import { get as getHttp, type IncomingMessage } from 'node:http';
import { get as getHttps } from 'node:https';
import { urlToHttpOptions } from 'node:url';
import { centreTls } from '../identity/est.ts';
import type { Offers } from './updater.ts';

const silentLimitMs = 60_000;
const manifestLimitBytes = 16 * 1_024;

/** `at` is the centre's address; `roots` = the only ones that are trusted where it is https, as they are at that moment. */
export function createOffers(at: string, roots?: () => string[], limitMs = silentLimitMs): Offers {
  const asked = (what: string, headers = {}) => ask(`${at}/updates/${what}`, { headers, roots: roots?.() }, limitMs);
  return {
    async manifest() {
      const response = await asked('manifest.json');
      if (response.statusCode === 200) return await textOf(response);
      response.destroy();
      if (response.statusCode === 404) return null;
      throw new Error(`the centre answered ${response.statusCode}`);
    },
    async bundle(from) {
      const response = await asked('agent.mjs', from > 0 ? { range: `bytes=${from}-` } : {});
      if (response.statusCode === 200 || response.statusCode === 206)
        return { from: response.statusCode === 206 ? from : 0, pieces: response };
      response.destroy();
      throw new Error(`the centre answered ${response.statusCode}`);
    },
  };
}

type Asking = { headers: Record<string, string>; roots?: string[] | undefined };

function ask(url: string, { headers, roots }: Asking, limitMs: number): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const request = url.startsWith('https:')
    ? getHttps(url, { headers, ...(roots === undefined ? { minVersion: 'TLSv1.3' } : centreTls(hostOf(url), roots)) })
    : getHttp(url, { headers });
  request.setTimeout(limitMs, () => request.destroy(new Error('the centre does not answer')));
  // This listener stays: a link that breaks after the headers is an error of the request too, and one that nobody hears ends the agent.
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

/** Of an IPv6 address without its brackets. */
function hostOf(url: string): string {
  return urlToHttpOptions(new URL(url)).hostname ?? '';
}
