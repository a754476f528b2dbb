/**
 * Tests that times are whole milliseconds where they leave the server: API, webhooks, MQTT messages, output of the CLI and rows of the
 * ledger.
 */

import fastify from 'fastify';
import { expect, test } from 'vitest';
import { createClient } from '../../flows/api/cli/kit/model.ts';
import { dispatch } from '../../flows/api/cli/verbs.ts';
import { addRoutes } from '../../flows/api/routes.ts';
import { createWebhook } from '../../flows/notify/people/channels/webhook.ts';
import { addAuthentication, openLoopback } from '../../flows/pki/http-auth/http-auth.ts';
import { camera, microphone, minute, second } from './scene.ts';
import { createWorld, type World } from './world.ts';

const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
/** Routes of the live view and of the commands. The test also reads the tables. */
const apiPaths = [
  'snapshot?pcs=all',
  'incidents',
  'incidents/1',
  'sites',
  'sites/ladakh/leh',
  'sites/ladakh/leh/history?hours=1',
  'pcs?site=ladakh/leh',
  'rollcalls',
  'commands',
];
const year2020 = Date.UTC(2020);
const year2040 = Date.UTC(2040);

/** Returns the paths in a JSON value that hold a time or duration with a fraction of a millisecond. */
function fractionsIn(value: unknown, path: string): string[] {
  if (typeof value === 'number') {
    const isTime = (value > year2020 && value < year2040) || path.endsWith('.after');
    return isTime && !Number.isInteger(value) ? [`${path}: ${value}`] : [];
  }
  // Rows and signed messages hold JSON as text.
  if (typeof value === 'string' && /^[[{]/.test(value)) return fractionsIn(JSON.parse(value), path);
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, one]) => fractionsIn(one, Array.isArray(value) ? `${path}[]` : `${path}.${key}`));
}

test.each([
  [
    'a fault that is taken, put off and cleared',
    3,
    async (play: Play) => {
      microphone(play.world, 'microphone.missing');
      await play.world.pass(3 * minute);
      await play.sabha('ack', '1');
      await play.sabha('incidents', 'snooze', '1', '10m');
      await play.world.pass(11 * minute);
      await play.sabha('incidents', 'fixed', '1');
      microphone(play.world, null);
      await play.world.pass(12 * minute);
    },
  ],
  [
    'a PC that loses its power, a roll call and a second fault',
    11,
    async (play: Play) => {
      play.world.pc(1).kill({ power: true });
      camera(play.world, 'camera.held');
      await play.world.pass(7 * minute);
      await play.sabha('rollcall', 'start', '--scope', 'ladakh');
      await play.world.pass(2 * minute);
      await play.sabha('incidents', 'snooze', '1', '2h');
      play.world.pc(1).start();
      await play.world.pass(20 * minute);
    },
  ],
])('times of %s are integers of milliseconds wherever they leave the server', async (_, seed, story) => {
  const play = await begin(seed);
  try {
    await story(play);
    const { world, seen, get } = play;
    for (const path of apiPaths) seen.push(...fractionsIn(await get(`/api/${path}`), path));
    for (const { name } of world.centre.db().prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").all() as { name: string }[])
      for (const row of world.centre.db().prepare(`SELECT * FROM "${name}"`).all()) seen.push(...fractionsIn(row, `table ${name}`));
    expect([...new Set(seen)]).toEqual([]);
    expect(play.posted()).toBeGreaterThan(0);
  } finally {
    await play.end();
  }
});

type Play = Awaited<ReturnType<typeof begin>>;

/** Starts a simulation with API, CLI and webhook. `seen` collects each time with a fraction. */
async function begin(seed: number) {
  const world: World = createWorld({ seed, pcs: 4, sites: 2, fractions: true });
  const seen: string[] = [];
  let posted = 0;
  const { channels } = world.centre.post;
  world.centre.post.channels = (process) => {
    const fetch = async (_: unknown, init?: RequestInit) => {
      posted += 1;
      seen.push(...fractionsIn(JSON.parse(`${init?.body}`), 'webhook'));
      return new Response(null, { status: 204 });
    };
    const channel = createWebhook({ url: 'https://tickets.test/', secret }, { clock: process.clock, fetch });
    return new Map([...channels(process), ['webhook', { channel, reaches: () => true, forPrograms: true }]]);
  };
  world.broker.intercept((topic, payload) => {
    if (payload.length > 0 && /^[[{]/.test(payload.toString())) seen.push(...fractionsIn(JSON.parse(payload.toString()), topic));
    return false;
  });
  world.boot();
  await world.pass(2 * minute);
  const app = fastify();
  addAuthentication(app, openLoopback());
  const running = world.centre.centre();
  if (running === undefined) throw new Error('the server does not run');
  addRoutes(app, { view: () => ({ ...running.view, acts: async () => [] }) as never, commands: running.view.commands });
  const address = await app.listen({ host: '127.0.0.1', port: 0 });
  /** Advances virtual time until the work is done, since it may wait for a commit. */
  const inWorld = async <T>(work: Promise<T>): Promise<T> => {
    let isOver = false;
    void work.finally(() => (isOver = true)).catch(() => {});
    while (!isOver) {
      await new Promise((go) => setImmediate(go));
      await world.pass(10);
    }
    return work;
  };
  const api = createClient(() => ({ address }));
  const around = {
    api,
    by: 'asha',
    language: 'en',
    now: running.view.now,
    say: () => {},
    pause: (ms: number) => new Promise<void>((go) => void world.time.later(ms, go)),
  } as never;
  return {
    world,
    seen,
    posted: () => posted,
    get: (path: string) => inWorld(api.get(path)),
    sabha: (...args: string[]) =>
      inWorld(dispatch([...args, '--json'], around)).then(({ out }) =>
        seen.push(...fractionsIn(JSON.parse(out), `sabha ${args.join(' ')}`)),
      ),
    async end() {
      await app.close();
      await world.pass(second);
    },
  };
}
