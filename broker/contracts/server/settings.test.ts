import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { isTimeZone, readSettings } from './settings.ts';

describe('the default settings', () => {
  test('serve nothing beyond loopback', () => {
    expect(must('{}').https).toBeUndefined();
    expect(must('{"https":{"host":"::","names":["a"]}}').https).toEqual({ host: '::', port: 8443, mqttPort: 8883, names: ['a'] });
  });

  test('describe, for an empty file, one site with one PC, a camera, a microphone and a speaker, on loopback ports', () => {
    expect(must('{}')).toMatchObject({
      site: {
        state: 'capital',
        id: 'this-office',
        timeZone: 'Asia/Kolkata',
        profile: { link: 'fibre', elevationM: 0, expected: { camera: [{}], microphone: [{}], speaker: [{}] } },
        pcs: [{ id: 'this-pc' }],
      },
      people: [],
      ports: { mqtt: 1883, api: 1880, editor: 1881, brokerMetrics: 9101, flowsMetrics: 9102, exporter: 9103, reflector: 8620 },
      editor: false,
      capacity: { atOncePerState: 2, atOnce: 10 },
      ledgerLimitMiB: 0,
    });
  });

  test('equal those of the shipped file', () => {
    const { $schema, ...rest } = must(readFileSync(new URL('../../../sabha.json', import.meta.url), 'utf8'));
    expect($schema).toBe('./broker/contracts/sabha.schema.json');
    expect(rest).toEqual(must('{}'));
  });

  test('keep the expected devices if only the link is set', () => {
    const { site } = must('{"site":{"profile":{"link":"geo"}}}');
    expect(site?.profile).toEqual({ link: 'geo', elevationM: 0, expected: { camera: [{}], microphone: [{}], speaker: [{}] } });
  });
});

describe('an invalid file returns one line with the place and the problem', () => {
  test.each([
    ['an unknown key', '{"sit":{}}', 'sabha.json: sit: this key is not known'],
    [
      'a typo in an expected device',
      '{"site":{"profile":{"expected":{"camera":[{"mach":"x"}]}}}}',
      'sabha.json: site.profile.expected.camera.0.mach: this key is not known',
    ],
    ['__proto__', '{"__proto__":{"people":[]}}', 'sabha.json: __proto__: this key is not known'],
    ['a port that is none', '{"ports":{"api":65536}}', 'sabha.json: ports.api: expected <=65535, found 65536'],
    [
      'a bad id',
      '{"site":{"id":"Head Office"}}',
      'sabha.json: site.id: expected lower-case letters, digits and "-", at most 32, and not "all", found "Head Office"',
    ],
    [
      'a name that an export of the sites would carry into a spreadsheet as a formula',
      '{"site":{"name":{"en":"=1+1"}}}',
      'sabha.json: site.name.en: expected a name on one line, and no = + - @ as the first, found "=1+1"',
    ],
    ['HTTPS without a name', '{"https":{"host":"0.0.0.0","names":[]}}', 'sabha.json: https.names: expected a length >=1, found 0'],
    [
      'HTTPS at every address, by a typo',
      '{"https":{"host":"*","names":["a.org"]}}',
      'sabha.json: https.host: expected an address of this machine, or 0.0.0.0 for all of them, found "*"',
    ],
    [
      'a name with its scheme',
      '{"https":{"host":"::","names":["https://a.org"]}}',
      'sabha.json: https.names.0: expected a name such as sabha.example.org, in lower case, without https:// and port, found "https://a.org"',
    ],
    [
      'a directory in clear',
      '{"https":{"host":"::","names":["a"],"openid":{"issuer":"http://login.example.org","clientId":"a","secretFile":"b","grants":[]}}}',
      'sabha.json: https.openid.issuer: expected an https:// address, or http:// on loopback, found "http://login.example.org"',
    ],
    [
      'a person twice',
      '{"people":[{"id":"a","name":"A","role":"state"},{"id":"a","name":"B","role":"state"}]}',
      'sabha.json: people.1.id: "a" is there twice',
    ],
    [
      'a group with the name of a role',
      '{"people":[{"id":"a","name":"A","role":"state","groups":["vendors","central"]}]}',
      'sabha.json: people.0.groups: "central" is a role or a person',
    ],
    [
      'a PC twice',
      '{"site":{"pcs":[{"id":"b","room":{"en":"A"}},{"id":"a","room":{"en":"A"}},{"id":"a","room":{"en":"B"}}]}}',
      'sabha.json: site.pcs.2.id: "a" is there twice',
    ],
  ])('%s', (_what, text, line) => {
    expect(readSettings(text)).toEqual({ ok: false, line });
  });

  test.each(['', '{', '{"site":\n\n oops}', '{"a":1,}', '// no\n{}', '{"people":[]} {}'])('not JSON: %j', (text) => {
    expect(readSettings(text, 'other.json')).toEqual({ ok: false, line: expect.stringMatching(/^other\.json: not JSON: [^\n]{10,200}$/) });
  });
});

function must(text: string) {
  const result = readSettings(text);
  if (!result.ok) throw new Error(result.line);
  return result.value;
}

test('a time zone is accepted in any case, also from the cache, and an invalid zone is not cached', () => {
  for (const round of [1, 2]) {
    expect(['Asia/Kolkata', 'asia/kolkata', 'UTC', '+05:30'].map(isTimeZone), `${round}`).toEqual([true, true, true, true]);
    expect(['Asia/Kolkatta', '', 'IST', '2026-11-29T00:00[Asia/Kolkata]'].map(isTimeZone), `${round}`).toEqual([
      false,
      false,
      false,
      false,
    ]);
  }
});
