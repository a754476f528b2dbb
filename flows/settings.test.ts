import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type Random, randomFrom } from '../test/random.ts';
import { loadFlowsSettings, readFlowsSettings } from './settings.ts';

const full = {
  $schema: './x.json',
  site: {
    state: 'ladakh',
    id: 'leh',
    name: { en: 'District office Leh', hi: 'ज़िला कार्यालय लेह' },
    timeZone: 'Asia/Kolkata',
    profile: { link: 'geo', elevationM: 3_500, expected: { camera: [{ match: 'Logitech' }], microphone: [{}] } },
    pcs: [
      { id: 'hall', room: { en: 'Hall' } },
      { id: 'small', room: { en: 'Small room', hi: 'छोटा कमरा' } },
    ],
  },
  people: [
    {
      id: 'asha',
      name: 'Asha',
      role: 'technician',
      scope: 'ladakh/leh',
      language: 'hi',
      email: 'asha@example.org',
      webhook: false,
      addresses: { telegram: '4711' },
    },
    { id: 'desk', name: 'Central desk', role: 'central', scope: '', language: 'en', webhook: true, addresses: {} },
  ],
  channels: {
    email: { host: 'mail.example.org', port: 465, from: 'sabha@example.org', secure: true, user: 'sabha', password: 'secret' },
    offered: ['telegram'],
    webhook: { url: 'https://tickets.example.org/sabha', secret: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw' },
  },
  communityNodes: { packages: ['node-red-contrib-telegrambot'], credentials: {} },
  editor: true,
  ports: { mqtt: 1884, api: 0, editor: 1881, brokerMetrics: 9101, flowsMetrics: 9102, exporter: 9103, reflector: 8620 },
  https: {
    host: '0.0.0.0',
    port: 8443,
    mqttPort: 8883,
    names: ['sabha.example.org', '10.0.0.5'],
    openid: {
      issuer: 'https://login.example.org/realms/office',
      clientId: 'sabha',
      secretFile: '/etc/sabha/openid.secret',
      scope: 'openid email',
      nameClaim: 'email',
      claim: 'groups',
      grants: [{ value: 'sabha-ladakh', role: 'state', scope: 'ladakh' }],
    },
  },
  capacity: { atOncePerState: 1, atOnce: 20 },
  retention: { eventDays: 3, archiveMonths: 24, historyDays: 800 },
  ledgerLimitMiB: 512,
};

test('an empty settings file configures no channel, and offers none to the tabs', () => {
  expect(must('{}').channels).toEqual({ offered: [] });
});

test('a settings file with all keys is read without a change to any value', () => {
  expect(must(JSON.stringify(full))).toEqual(full);
});

describe('readFlowsSettings', () => {
  test.each([
    ['an unknown key before the channels', '{"sit":{},"channels":{"emial":{}}}', 'sabha.json: sit: this key is not known'],
    ['an unknown channel', '{"channels":{"emial":{}}}', 'sabha.json: channels.emial: this key is not known'],
    ['null as channels', '{"channels":null}', 'sabha.json: channels: expected Object, found null'],
    ['a time for events below two days', '{"retention":{"eventDays":1}}', 'sabha.json: retention.eventDays: expected >=2, found 1'],
    [
      'half a month of archives',
      '{"retention":{"archiveMonths":0.5}}',
      expect.stringMatching(/^sabha\.json: retention\.archiveMonths: expected /),
    ],
    ['an unknown key of the retention', '{"retention":{"days":9}}', 'sabha.json: retention.days: this key is not known'],
    [
      'settings for the console channel, which has none',
      '{"channels":{"console":{}}}',
      'sabha.json: channels.console: this key is not known',
    ],
    [
      'a channel of the tabs with the name of a built-in channel',
      '{"channels":{"offered":["webhook"]}}',
      expect.stringMatching(
        /^sabha\.json: channels\.offered\.0: expected !\("own-order" \| "email" \| "console" \| "webhook".*\), found "webhook"$/,
      ),
    ],
    [
      'a channel that is both configured and offered to the tabs',
      '{"channels":{"offered":["telegram"],"telegram":{"tokenFile":"/x"}}}',
      expect.stringContaining('not both'),
    ],
    [
      'a person with a channel that is not configured',
      '{"people":[{"id":"a","name":"A","role":"central","channels":["console","sms"]}]}',
      'sabha.json: people.0.channels.1: channels.sms is not set, and channels.offered does not name it',
    ],
    ...['central-desk', 'watchdog', 'technician', 'central'].map((id): [string, string, string] => [
      `a person with the reserved id ${id}`,
      JSON.stringify({ people: [{ id, name: 'A', role: 'state' }] }),
      `sabha.json: people.0: "${id}" is reserved by Sabha: choose another one`,
    ]),
    [
      'a group with a reserved name',
      '{"people":[{"id":"a","name":"A","role":"central","groups":["vendors","central-desk"]}]}',
      'sabha.json: people.0: "central-desk" is reserved by Sabha: choose another one',
    ],
    [
      'an invalid sender address',
      '{"channels":{"email":{"from":"me"}}}',
      'sabha.json: channels.email.from: expected a valid email, found "me"',
    ],
    [
      'a webhook to another machine without TLS',
      '{"channels":{"webhook":{"url":"http://tickets.example.org/","secret":"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}}}',
      'sabha.json: channels.webhook.url: expected an https:// address, or http:// on loopback, found "http://tickets.example.org/"',
    ],
    [
      'a webhook secret that is too short',
      '{"channels":{"webhook":{"url":"https://tickets.example.org/","secret":"whsec_abc"}}}',
      'sabha.json: channels.webhook.secret: expected whsec_ and at least 24 bytes in base64, found "whsec_abc"',
    ],
    [
      'a person with an address for a channel that is not offered',
      '{"people":[{"id":"a","name":"A","role":"state","addresses":{"email":"x"}}]}',
      'sabha.json: people.0.addresses.email: is not in channels.offered',
    ],
  ])('invalid settings are refused in one line that names the place: %s', (_what, text, line) => {
    expect(readFlowsSettings(text)).toEqual({ ok: false, line });
  });
});

test('readFlowsSettings accepts the id "central" for a person with the role central', () => {
  expect(must('{"people":[{"id":"central","name":"A","role":"central"}]}').people).toMatchObject([{ id: 'central' }]);
});

test('S20 each of 500 randomly changed settings files is refused, or is read as if unchanged', () => {
  const random = randomFrom(20);
  const counts = { refused: 0, equal: 0 };
  for (let round = 0; round < 500; round++) {
    const { text, same } = random.pick([typo, otherType, outOfRange, cut, reordered, moved])(random);
    const result = readFlowsSettings(text);
    expect(result.ok, text).toBe(same);
    if (result.ok) expect(result.value, text).toEqual(full);
    else expect(result.line).toMatch(/^sabha\.json: [^\n]{10,300}$/);
    counts[result.ok ? 'equal' : 'refused']++;
  }
  expect(counts.refused).toBeGreaterThan(200);
  expect(counts.equal).toBeGreaterThan(50);
});

type Changed = { text: string; same: boolean };

/** Misspells one key. */
function typo(random: Random): Changed {
  const root = structuredClone(full);
  const { parent, key } = random.pick(placesIn(root).filter((place) => !Array.isArray(place.parent)));
  const wrong = random.pick([`${key}s`, key.slice(0, -1), key.toUpperCase(), `${key} `, `_${key}`, 'toString']);
  const entries = Object.entries(parent).map(([name, value]) => [name === key ? wrong : name, value]);
  for (const name of Object.keys(parent)) delete parent[name];
  Object.assign(parent, Object.fromEntries(entries));
  return { text: JSON.stringify(root), same: false };
}

/** Changes the type of one value. */
function otherType(random: Random): Changed {
  const root = structuredClone(full);
  const { parent, key } = random.pick(placesIn(root));
  const value = parent[key];
  const others = [null, true, 7, 'x', [[]], { x: 1 }].filter(
    (other) => typeof other !== typeof value || Array.isArray(other) !== Array.isArray(value),
  );
  parent[key] = random.pick(others);
  return { text: JSON.stringify(root), same: false };
}

/** Sets one number or name outside its range. */
function outOfRange(random: Random): Changed {
  const text = JSON.stringify(full);
  const [from, to] = random.pick([
    ['"port":465', '"port":-1'],
    ['"mqtt":1884', '"mqtt":1884.5'],
    ['"api":0', '"api":1e9'],
    ['3500', '-3500'],
    ['512', '-1'],
    ['"geo"', '"GEO"'],
    ['"technician"', '"technican"'],
    ['"hi","email"', '"hindi","email"'],
    ['"hall"', '"all"'],
    ['"small"', '"hall"'],
    ['"desk"', '"asha"'],
    ['"ladakh/leh"', '"ladakh/leh/hall"'],
    ['asha@example.org', 'asha@'],
    ['Asia/Kolkata', 'Asia'],
  ] as const);
  return { text: text.replace(from, to), same: false };
}

function cut(random: Random): Changed {
  const text = JSON.stringify(full);
  return { text: text.slice(0, random.below(text.length)), same: false };
}

function reordered(random: Random): Changed {
  const shuffled = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(shuffled);
    if (value === null || typeof value !== 'object') return value;
    return Object.fromEntries(random.shuffle(Object.entries(value)).map(([key, inner]) => [key, shuffled(inner)]));
  };
  return { text: JSON.stringify(shuffled(full)), same: true };
}

/** Changes the white space. */
function moved(random: Random): Changed {
  return { text: `\n${JSON.stringify(full, null, random.pick([1, 2, '\t']))}\r\n`, same: true };
}

/** Returns every key inside a nested value, with the object or list that contains the key. */
function placesIn(node: object): { parent: Record<string, unknown>; key: string }[] {
  return Object.entries(node).flatMap(([key, value]) => [
    { parent: node as Record<string, unknown>, key },
    ...(value !== null && typeof value === 'object' ? placesIn(value) : []),
  ]);
}

function must(text: string) {
  const result = readFlowsSettings(text);
  if (!result.ok) throw new Error(result.line);
  return result.value;
}

test.skipIf(process.platform === 'win32')(
  'a settings file with a secret is refused if every user can read it, and accepted if only owner and group can',
  () => {
    const folder = mkdtempSync(join(tmpdir(), 'sabha-settings-'));
    const file = join(folder, 'sabha.json');
    const load = (settings: object, mode: number) => {
      writeFileSync(file, JSON.stringify(settings));
      chmodSync(file, mode);
      return loadFlowsSettings(file);
    };
    const webhook = { url: 'https://tickets.test/', secret: `whsec_${'A'.repeat(32)}` };
    const secrets: [object, string][] = [
      [{ channels: { email: { user: 'sabha', password: 'x' } } }, 'channels.email.password'],
      [{ channels: { webhook } }, 'channels.webhook.secret'],
      [{ communityNodes: { credentials: { 'node-1': { token: 'x' } } } }, 'communityNodes.credentials'],
    ];
    for (const [settings, name] of secrets) {
      expect(load(settings, 0o644)).toEqual({
        ok: false,
        line: `${file}: contains ${name}, and every user can read it: run chmod 600 ${file}`,
      });
      for (const mode of [0o600, 0o640]) expect(load(settings, mode).ok).toBe(true);
    }
    expect(load({ people: [], channels: { email: { host: 'mail.test' } } }, 0o644).ok).toBe(true);
    rmSync(folder, { recursive: true });
  },
);
