import { expect, test } from 'vitest';
import { parseAddress, serverUrl } from './known-server.ts';

const centre = { host: 'sabha.example.org', port: 8_443 };

test.each([
  ['sabha.example.org', centre],
  [' Sabha.Example.org ', centre],
  ['sabha,example. org:9443', { ...centre, port: 9_443 }],
  ['https://sabha.example.org', { ...centre, port: 443 }],
  ['https://sabha.example.org:8443/', centre],
  ['10.0.0.1', { host: '10.0.0.1', port: 8_443 }],
  ['[2001:db8::1]', { host: '2001:db8::1', port: 8_443 }],
  ['http://sabha.example.org', undefined],
  ['', undefined],
  ['sabha example org/?', { host: 'sabhaexampleorg', port: 8_443 }],
  ['a b:c', undefined],
])('parseAddress parses the typed server address "%s"', (typed, place) => {
  expect(parseAddress(typed)).toEqual(place);
});

test('serverUrl writes a server address as a URL, with brackets around an IPv6 address', () => {
  expect(serverUrl(centre)).toBe('https://sabha.example.org:8443');
  expect(serverUrl({ host: '2001:db8::1', port: 443 })).toBe('https://[2001:db8::1]:443');
});
