/** The example flows of the documentation: they pass the lint unchanged, and work against a server that imitates Slack and Teams. */
import { once } from 'node:events';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { realClock } from '@sabha/contracts';
import { expect, onTestFinished, test } from 'vitest';
import { message } from '../../notify/people/channels/conformance.test-helper.ts';
import { technician } from '../../notify/people/people.test-helper.ts';
import { startNodeRed } from '../node-red.ts';
import { heldWires, tabsDir } from '../tabs.test-helper.ts';
import { lintFlows, openTabs } from '../tabs.ts';
import { type FlowNode, readTabs } from '../tabs-storage.ts';

const names = ['slack', 'teams'] as const;
/** A core node of Node-RED that is loaded only if sabha.json names it. */
const requestNode = '21-httprequest.js';
const example = (name: string): FlowNode[] =>
  JSON.parse(readFileSync(new URL(`../../../docs/examples/${name}.json`, import.meta.url), 'utf8'));

/** Returns a folder with the tabs of the release and both examples connected, as the documentation says. `change` edits each node. */
function folder(change = (node: FlowNode): FlowNode => node): string {
  const root = mkdtempSync(join(tmpdir(), 'sabha-examples-'));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  const dir = join(root, 'tabs');
  cpSync(tabsDir, dir, { recursive: true, filter: (path) => !path.endsWith('.ts') });
  const file = join(dir, '60-deliver.json');
  const nodes: FlowNode[] = JSON.parse(readFileSync(file, 'utf8'));
  const row: Record<string, string> = { 'deliver-webhook': 'slack-offer', 'slack-offer': 'teams-offer', 'teams-offer': 'deliver-console' };
  const wired = [...nodes, ...names.flatMap(example)].map((node) => {
    const to = row[node.id];
    return change(to === undefined ? node : { ...node, wires: [[to], ...(node.wires ?? []).slice(1)] });
  });
  writeFileSync(file, JSON.stringify(wired));
  return dir;
}

test('the examples of the documentation pass the lint and contain no secret', () => {
  const read = readTabs(folder());
  if (!read.ok) throw new Error(read.line);
  expect(lintFlows(read.nodes, { community: true })).toEqual([]);
  expect(lintFlows(read.nodes)).toHaveLength(2);
});

type ExampleRequest = { url: string; authorization: string; body: unknown };
type ExampleResponse = { status: number; body: string };

/** A server that returns the configured response and records its requests. */
async function desk(): Promise<{ port: number; asked: ExampleRequest[]; says(said: ExampleResponse): void; server: Server }> {
  const asked: ExampleRequest[] = [];
  let said: ExampleResponse = { status: 200, body: '{"ok":true}' };
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      asked.push({ url: request.url ?? '', authorization: request.headers.authorization ?? '', body: JSON.parse(body) });
      response.writeHead(said.status, { 'content-type': 'application/json' }).end(said.body);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const says = (next: ExampleResponse) => {
    said = next;
  };
  return { port: (server.address() as AddressInfo).port, asked, says, server };
}

test('Slack and Teams each get one message, an error in the body or a 404 is refused, and 429 or no connection is retried', async () => {
  const { port, asked, says, server } = await desk();
  const dir = folder((node) => (node.type === 'http request' ? { ...node, url: `http://127.0.0.1:${port}/${node.id}` } : node));
  const held = heldWires();
  const quiet = { fatal() {}, error() {}, warn() {}, info() {}, debug() {}, trace() {} };
  const credentials = { 'slack-post': { password: 'xoxb-4711' } };
  const tabs = openTabs({ dir, lint: { community: true } });
  const red = await startNodeRed({ wires: held.wires, tabs, community: { packages: [requestNode], credentials }, log: quiet });
  onTestFinished(() => red.stop());
  const person = { ...technician, addresses: { slack: 'C024BE91L', teams: 'leh' } };
  let count = 0;
  const send = async (name: string) => {
    count += 1;
    return (
      await held.offers.channel(name, realClock()).send(message({ key: `${count}/${name}/asha` }), person, AbortSignal.timeout(5_000))
    ).result;
  };
  expect([await send('slack'), await send('teams')]).toEqual(['delivered', 'delivered']);
  expect(asked).toMatchObject([
    {
      url: '/slack-post',
      authorization: 'Bearer xoxb-4711',
      body: { channel: 'C024BE91L', text: 'Critical: Microphone not found\none\ntwo\n' },
    },
    {
      url: '/teams-post',
      authorization: '',
      body: { type: 'message', attachments: [{ content: { body: [{ text: 'Critical: Microphone not found' }, { text: 'one\ntwo\n' }] } }] },
    },
  ]);
  says({ status: 200, body: '{"ok":false,"error":"channel_not_found"}' });
  expect(await send('slack')).toBe('refused');
  says({ status: 429, body: '{"ok":false,"error":"ratelimited"}' });
  expect([await send('slack'), await send('teams')]).toEqual(['retry', 'retry']);
  says({ status: 404, body: '{}' });
  expect(await send('teams')).toBe('refused');
  server.closeAllConnections();
  await new Promise<void>((resolve) => server.close(() => resolve()));
  expect([await send('slack'), await send('teams')]).toEqual(['retry', 'retry']);
});
