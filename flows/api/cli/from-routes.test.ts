import * as v from 'valibot';
import { expect, test } from 'vitest';
import { routes } from '../routes.ts';
import { CliError, type VerbCall } from './kit/model.ts';
import { verbImplementations } from './own-verbs.ts';
import { dispatch, findVerb } from './verbs.ts';

const words: Readonly<Record<string, string>> = {
  'STATE/SITE/PC': 'ladakh/leh/vc-1',
  'STATE/SITE/PC...': 'ladakh/leh/vc-1',
  'STATE[/SITE[/PC]]': 'ladakh/leh',
  'STATE/SITE[/PC]': 'ladakh/kargil',
  'STATE/SITE': 'ladakh/leh',
  'FROM..TO|none': '2027-01-10..2027-01-20',
  '[STATE[/SITE]|group:NAME]': 'ladakh',
  'all|STATE[/SITE]|group:NAME|GROUP': 'all',
  ID: '7',
  VERB: 'send-log',
  '[FILE]': 'a.csv',
  '90m|2h|2027-01-15T18:30+05:30': '90m',
};
const values: Readonly<Record<string, string>> = {
  arg: 'lines=2',
  role: 'reader',
  uses: '2',
  hours: '24',
  days: '3',
  minutes: '60',
  stage: 'live',
  site: 'ladakh/leh',
};
const commands = routes
  .flatMap((route) => (route.command === undefined ? [] : [[route.command[0], route] as const]))
  .filter(([usage]) => !Object.hasOwn(verbImplementations, findVerb(usage.split(' '))?.name ?? ''));

test.each(commands)(
  'the command %s sends a request that its route accepts, with one field for each argument and option',
  async (usage, route) => {
    const { name, verb } = findVerb(usage.split(' ')) ?? {};
    if (name === undefined || verb === undefined) throw new Error(`no verb for ${usage}`);
    const [typed = ''] = verb.usage.split(/ ?(?:\| )?\[?--/);
    const isEither = verb.usage.includes(' | ');
    const names = Object.keys(verb.options).filter((option) => !(isEither && option === 'scope') && !['dry-run', 'wait'].includes(option));
    const options = names.flatMap((one) => (verb.options[one]?.type === 'boolean' ? [`--${one}`] : [`--${one}`, values[one] ?? 'ladakh']));
    const given = typed
      .split(' ')
      .filter(Boolean)
      .map((word) => words[word] ?? 'asha');
    const asked: { path: string; body?: object }[] = [];
    const answer = { results: [], wrong: [], refused: null } as never;
    const record = (path: string, body?: object) => void asked.push({ path, ...(body && { body }) });
    const api: VerbCall['api'] = {
      get: async (path) => record(path) ?? answer,
      text: async (path) => record(path) ?? '',
      post: async (path, body) => record(path, body) ?? answer,
    };
    const around = {
      api,
      by: 'tester',
      language: 'en',
      writeText: async () => {},
      readText: async (file: string) => file,
      now: () => 0,
    } as never;
    await dispatch([...name.split(' '), ...given, ...options], around).catch((error: Error) => {
      // The scripted response is empty, so printing it may fail. Only the request matters here.
      if (error instanceof CliError) throw error;
    });
    const { pathname, searchParams } = new URL(asked[0]?.path ?? '', 'http://sabha.test');
    expect(pathname).toMatch(new RegExp(`^${route.path.replaceAll('.', '\\.').replace(/\{\w+\}/g, '[^/]+')}$`));
    const query = Object.fromEntries(searchParams);
    if (route.definition.query !== undefined) v.parse(route.definition.query, query);
    if (route.definition.body !== undefined) v.parse(route.definition.body, asked[0]?.body);
    const { by: _, ...body } = { by: '', ...asked[0]?.body };
    const inPath = given.filter((word) => /\{/.test(route.path) && pathname.includes(`/${word}`)).length;
    const toFile = typed.includes('[FILE]') ? 1 : 0;
    expect(searchParams.size + Object.keys(body).length + inPath + toFile).toBe(given.length + names.length);
  },
);
