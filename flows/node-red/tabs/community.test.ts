/** The community node node-red-node-email as a channel, between *offer* and *outcome* nodes, against a real SMTP server. */
import { once } from 'node:events';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { realClock } from '@sabha/contracts';
import { SMTPServer } from 'smtp-server';
import { expect, onTestFinished, test } from 'vitest';
import { message } from '../../notify/people/channels/conformance.test-helper.ts';
import { type ReadMail, readMail } from '../../notify/people/channels/mail.test-helper.ts';
import { technician } from '../../notify/people/people.test-helper.ts';
import { startNodeRed } from '../node-red.ts';
import { heldWires, tabsDir } from '../tabs.test-helper.ts';
import { lintFlows, openTabs } from '../tabs.ts';
import { type FlowNode, readTabs } from '../tabs-storage.ts';

const place = { z: 'tab-deliver', x: 600, y: 320 };
/** Returns the nodes behind an *offer* node. `port`: the port of the mail server. The credentials are passed separately. */
const behindTheOffer = (port: number): FlowNode[] => [
  { ...place, id: 'mailer', type: 'sabha-offer', name: '', channel: 'post', wires: [['deliver-console'], ['mailer-to']] },
  {
    ...place,
    id: 'mailer-to',
    type: 'change',
    name: '',
    rules: [
      { t: 'set', p: 'to', pt: 'msg', to: 'person.address', tot: 'msg' },
      { t: 'set', p: 'from', pt: 'msg', to: 'sabha@centre.test', tot: 'str' },
    ],
    wires: [['mailer-node']],
  },
  {
    ...place,
    id: 'mailer-node',
    type: 'e-mail',
    name: '',
    server: '127.0.0.1',
    port: `${port}`,
    authtype: 'BASIC',
    secure: false,
    tls: false,
    wires: [],
  },
  { ...place, id: 'mailer-done', type: 'complete', name: '', scope: ['mailer-node'], uncaught: false, wires: [['mailer-outcome']] },
  { ...place, id: 'mailer-catch', type: 'catch', name: '', scope: ['mailer-node'], uncaught: false, wires: [['mailer-outcome']] },
  { ...place, id: 'mailer-outcome', type: 'sabha-outcome', name: '', result: 'delivered', wires: [] },
];

function folder(port: number): string {
  const root = mkdtempSync(join(tmpdir(), 'sabha-community-'));
  const dir = join(root, 'tabs');
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  cpSync(tabsDir, dir, { recursive: true, filter: (path) => !path.endsWith('.ts') });
  const file = join(dir, '60-deliver.json');
  const nodes: FlowNode[] = JSON.parse(readFileSync(file, 'utf8'));
  const wired = nodes.map((node) => (node.id === 'deliver-webhook' ? { ...node, wires: [['mailer']] } : node));
  writeFileSync(file, JSON.stringify([...wired, ...behindTheOffer(port)]));
  return dir;
}

test('a message sent by a community node is delivered only when that node completes, and its password is on no tab', async () => {
  const mails: ReadMail[] = [];
  const users: string[] = [];
  const server = new SMTPServer({
    disabledCommands: ['STARTTLS'],
    allowInsecureAuth: true,
    onAuth: ({ username = '', password }, _session, done) => {
      users.push(username);
      done(password === 'secret' ? null : new Error('no'), { user: username });
    },
    onData: (stream, _session, done) => void text(stream).then((raw) => done(null, void mails.push(readMail(raw)) as never)),
  });
  server.listen(0, '127.0.0.1');
  await once(server.server, 'listening');
  onTestFinished(() => new Promise<void>((resolve) => server.close(() => resolve())));
  const { port } = server.server.address() as AddressInfo;

  const held = heldWires();
  const lines: string[] = [];
  const log = (_: object, line: string) => lines.push(line);
  const credentials = { 'mailer-node': { userid: 'sabha', password: 'secret' } };
  const dir = folder(port);
  const red = await startNodeRed({
    wires: held.wires,
    tabs: openTabs({ dir, lint: { community: true } }),
    community: { packages: ['node-red-node-email'], credentials },
    log: { fatal: log, error: log, warn: log, info: () => {}, debug: () => {}, trace: () => {} },
  });
  onTestFinished(() => red.stop());
  const person = { ...technician, addresses: { post: 'asha@office.test' } };
  const send = (key: string) => held.offers.channel('post', realClock()).send(message({ key }), person, AbortSignal.timeout(10_000));
  expect(await send('1/post/asha')).toEqual({ result: 'delivered' });
  expect(mails.map(({ headers, text: body }) => [headers.get('to'), headers.get('subject'), body])).toEqual([
    ['asha@office.test', 'Critical: Microphone not found', 'one\ntwo\n'],
  ]);
  expect(users).toEqual(['sabha']);

  await new Promise<void>((resolve) => server.close(() => resolve()));
  const nobody = createServer().listen(0, '127.0.0.1');
  await once(nobody, 'listening');
  nobody.close();
  expect(await send('2/post/asha')).toMatchObject({ result: 'retry', reason: expect.stringMatching(/ECONNREFUSED|ECONNECTION|ESOCKET/) });
  expect(lines.filter((line) => line.startsWith('tabs:'))).toEqual([]);
});

test('the lint reports a community node on a path of transitions, and accepts it behind an offer node', () => {
  const read = readTabs(folder(25));
  if (!read.ok) throw new Error(read.line);
  expect(lintFlows(read.nodes, { community: true })).toEqual([]);
  expect(lintFlows(read.nodes)).toContainEqual('mailer-node (e-mail): nodes of type "e-mail" are not used on the tabs');
  const onPath = read.nodes.map((node) => (node.id === 'deliver-console' ? { ...node, type: 'e-mail' } : node));
  expect(lintFlows(onPath, { community: true })).toContainEqual(
    expect.stringContaining('nodes of type "e-mail" carry no transition: they belong behind an offer'),
  );
  const atOutcome = read.nodes.map((node) => (node.id === 'deliver-console' ? { ...node, wires: [['mailer-outcome']] } : node));
  expect(lintFlows(atOutcome, { community: true })).toContainEqual(
    expect.stringContaining('it ends what an offer gave out, and no transition'),
  );
});
