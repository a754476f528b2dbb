import { languages, realClock, vocabulary } from '@sabha/contracts';
import { expect, test } from 'vitest';
import { type ChannelSettings, lastChannel, openChannels, vocabularyOf } from './channels.ts';
import { createOffers } from './offered.ts';

const mail = { host: '127.0.0.1', port: 25, from: 'sabha@office.test', secure: false };
const opened = (settings: ChannelSettings) => [
  ...openChannels({
    settings,
    offers: createOffers(),
    log: () => {},
    clock: realClock(),
  }).keys(),
];

test('the console is always open and comes first; another channel is open only if the settings set it up', () => {
  expect(opened({})).toEqual([lastChannel]);
  expect(opened({ offered: ['telegram'], email: mail })).toEqual([lastChannel, 'email', 'telegram']);
});

test('each channel has a name in every language, in Devanagari letters for Hindi', () => {
  for (const language of languages) {
    const { channel } = vocabularyOf(language);
    expect(channel).toMatchObject({ email: expect.any(String), console: expect.any(String), webhook: expect.any(String) });
    for (const word of Object.values(channel)) expect(word.trim()).toMatch(language === 'hi' ? /^[\p{Script=Devanagari} -]+$/u : /./);
  }
});

test('the vocabulary of the API equals the vocabulary of the contracts in the same order, except the names of channels', () => {
  for (const language of languages) expect({ ...vocabularyOf(language), channel: {} }).toEqual(vocabulary[language]);
  expect(Object.keys(vocabularyOf('hi'))).toEqual(Object.keys(vocabulary.en));
});
