import { readFileSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { createServer } from 'node:net';
import { expect, test } from 'vitest';
import { codeOf } from '../kit/start.ts';
import { languageFor, translateLine } from './lines.ts';

const nowhere = () => '';

test.each([
  [['check', '--lang', 'hi'], { LANG: 'en_IN.UTF-8' }, 'hi'],
  [['--lang=en'], { LANG: 'hi_IN.UTF-8' }, 'en'],
  [[], { LC_ALL: 'C', LANG: 'hi_IN.UTF-8' }, 'en'],
  [[], { LC_ALL: '', LC_MESSAGES: 'hi_IN', LANG: 'en_IN' }, 'hi'],
  [['--lang', 'de'], { LANG: 'hi_IN.UTF-8' }, 'hi'],
  [[], {}, 'en'],
] as const)('the arguments %j with the variables %j select the language %s', (args, env, language) => {
  expect(languageFor(args, env, nowhere)).toBe(language);
});

test('without a language variable, as on Windows, the language of the system is used', () => {
  expect(languageFor([], {}, () => 'hi-IN')).toBe('hi');
});

test.each([
  [
    'x/identity: cannot be read: ENOENT',
    'x/identity: cannot be read: there is no such file or folder',
    'x/identity: पढ़ा नहीं जा सका: ऐसी कोई फ़ाइल या फ़ोल्डर नहीं है',
  ],
  [
    'site: expected state/site, found "ladakh"',
    'site: expected a site as STATE/SITE, such as ladakh/leh, found "ladakh"',
    /^site: ऑफ़िस का नाम STATE\/SITE.* चाहिए, "ladakh" नहीं$/,
  ],
  [
    'stage: expected ("planned" | "live" | "closed"), found "x"',
    'stage: expected one of "planned", "live", "closed", found "x"',
    'stage: "planned", "live", "closed" में से एक चाहिए, "x" नहीं',
  ],
  [
    "Unknown option '--jsn'; usage: sabha incidents [--open]",
    'there is no option --jsn; usage: sabha incidents [--open]',
    '--jsn नाम का कोई विकल्प नहीं है; ऐसे लिखें: sabha incidents [--open]',
  ],
  ['nothing listens on this port: check address and port', 'nothing listens on this port: check address and port', /^इस पोर्ट पर/],
  ['what nobody foresaw', 'what nobody foresaw', 'what nobody foresaw'],
])('"%s" is shown in plain words in both languages', (line, en, hi) => {
  expect(translateLine(line, 'en')).toBe(en);
  expect(translateLine(line, 'hi')).toEqual(typeof hi === 'string' ? hi : expect.stringMatching(hi));
});

/** Functions that cause real errors of this machine. */
const causes: Record<string, () => unknown> = {
  ENOENT: () => caught(() => readFileSync('/nowhere/at all')),
  EISDIR: () => caught(() => readFileSync('/')),
  ENOTDIR: () => caught(() => readFileSync('/dev/null/x')),
  ENOSPC: () => caught(() => writeFileSync('/dev/full', 'x')),
  ECONNREFUSED: () => failed((on) => request('http://127.0.0.1:1').on('error', on).end()),
  // An invalid name fails at once, without a DNS query.
  ENOTFOUND: () => failed((on) => request('http://a..b').on('error', on).end()),
  'a server without TLS': () => answeredBy('HTTP/1.1 400 no\r\n\r\n'),
  'a server that cuts the connection': () => answeredBy(undefined),
};

test.each(Object.keys(causes))('an error %s is shown without error code and library text in either language', async (name) => {
  const error = await causes[name]?.();
  const [code, message] = [codeOf(error), (error as Error).message];
  for (const language of ['en', 'hi'] as const)
    for (const said of [code, message]) {
      const line = translateLine(`x: ${said}`, language);
      expect(line).not.toMatch(/\bE[A-Z]{4,}\b|error:|getaddrinfo|syscall|UND_/);
      expect(line).not.toContain(said);
    }
});

function caught(act: () => unknown): unknown {
  try {
    return act();
  } catch (error) {
    return error;
  }
}

function failed(start: (on: (error: unknown) => void) => unknown): Promise<unknown> {
  const { promise, resolve } = Promise.withResolvers<unknown>();
  start(resolve);
  return promise;
}

async function answeredBy(text: string | undefined): Promise<unknown> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => (text === undefined ? socket.resetAndDestroy() : socket.end(text)));
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : 0;
  const error = await failed((on) => httpsRequest(`https://127.0.0.1:${port}`).on('error', on).end());
  server.close();
  return error;
}
