import { expect, onTestFinished, test } from 'vitest';
import { testClock } from '../people.test-helper.ts';
import { createTelegram } from './telegram.ts';
import { telegramBot } from './telegram-bot.test-helper.ts';

test('who wrote "on" while the centre was away was put on duty for twelve hours when it was back, the next morning: a word of an hour ago is none', async () => {
  const clock = testClock();
  const { happen, fetch, posts } = telegramBot(clock);
  const heard: string[] = [];
  const onWord = async ({ text }: { text: string }) => {
    heard.push(text);
    return 'You are on duty';
  };
  const onAnswer = async () => ({ line: '' });
  const channel = createTelegram({ token: '4711:AAH-secret', api: 'https://api.telegram.test', clock, fetch, onAnswer, onWord });
  onTestFinished(() => channel.close());
  const second = clock.now() / 1_000;
  happen({ message: { chat: { id: 4711 }, date: second - 3_601, text: 'on' } });
  happen({ message: { chat: { id: 4711 }, date: second - 3_500, text: 'off' } });
  happen({ message: { chat: { id: 4711 }, date: second - 90_000, text: '/start' } });
  await clock.pass(5_000);
  expect(heard).toEqual(['off']);
  const replies = posts.filter(({ method }) => method === 'sendMessage').map(({ body }) => body['text']);
  expect(replies.toSorted()).toEqual(['4711', 'You are on duty']);
});
