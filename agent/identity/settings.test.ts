import { expect, test } from 'vitest';
import { readAgentSettings } from './settings.ts';

const onFibre = { link: 'fibre', elevationM: 0, expected: {} };
const good = { SABHA_PC: 'up/lucknow/room-1', SABHA_TOKEN_FILE: '/t', SABHA_DATA: '/d' };

test('readAgentSettings requires three settings and has defaults for all others', () => {
  expect(readAgentSettings(good)).toEqual({
    ok: true,
    value: {
      pc: 'up/lucknow/room-1',
      tokenFile: '/t',
      dataDir: '/d',
      host: '127.0.0.1',
      port: 1883,
      profile: onFibre,
      speed: 1,
      reflectorHost: '127.0.0.1',
      anchors: [],
    },
  });
  const all = {
    ...good,
    SABHA_MQTT_HOST: 'b',
    SABHA_MQTT_PORT: '8883',
    SABHA_LINK: 'geo',
    SABHA_SPEED: '10',
    SABHA_EPOCH: '5',
    SABHA_ANCHORS: '198.51.100.1:443,[2001:db8::1]:53',
    OTHER: 'x',
  };
  expect(readAgentSettings(all)).toMatchObject({
    ok: true,
    value: {
      host: 'b',
      reflectorHost: 'b',
      port: 8883,
      profile: { link: 'geo' },
      speed: 10,
      epochMs: 5,
      anchors: [
        { host: '198.51.100.1', port: 443 },
        { host: '2001:db8::1', port: 53 },
      ],
    },
  });
});

test('readAgentSettings with a certificate needs neither PC nor token, and refuses a PC other than that of the certificate', () => {
  expect(readAgentSettings({ SABHA_DATA: '/d' }, 'up/lucknow/room-1')).toMatchObject({ ok: true, value: { pc: 'up/lucknow/room-1' } });
  expect(readAgentSettings(good, 'up/lucknow/room-1')).toMatchObject({ ok: true, value: { pc: 'up/lucknow/room-1' } });
  expect(readAgentSettings(good, 'up/lucknow/room-2')).toEqual({
    ok: false,
    line: 'SABHA_PC: up/lucknow/room-1, but the certificate is of up/lucknow/room-2',
  });
});

test.each([
  ['SABHA_PC', undefined, 'SABHA_PC is not set'],
  ['SABHA_PC', 'Up/lucknow/room 1', 'SABHA_PC: a path state/site/pc of small letters, digits and "-" is expected'],
  ['SABHA_MQTT_PORT', 'x', 'SABHA_MQTT_PORT: a number from 1 to 65535 is expected'],
  ['SABHA_LINK', 'pigeon', 'SABHA_LINK: one of fibre, 4g, leo, geo, floor is expected'],
  ['SABHA_PROFILE', '{"link":"pigeon"}', 'SABHA_PROFILE.link: expected ("fibre" | "4g" | "leo" | "geo" | "floor"), found "pigeon"'],
  ['SABHA_ANCHORS', '198.51.100.1', 'SABHA_ANCHORS: HOST:PORT,HOST:PORT is expected'],
])('readAgentSettings reports the wrong setting %s=%s in one line that names it', (name, value, line) => {
  expect(readAgentSettings({ ...good, [name]: value })).toEqual({ ok: false, line });
});
