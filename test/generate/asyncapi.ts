/** Generates the AsyncAPI 3.0 document of the topics and messages between a PC and the server from the contracts. */

import * as contracts from '@sabha/contracts';
import { toJsonSchema } from '@valibot/to-json-schema';
import type * as v from 'valibot';

/** One topic: its address, message schema and direction; `from` is the sender. */
type Row = { address: string; message: v.GenericSchema; from: 'agent' | 'flows'; summary: string; qos: 0 | 1 };

const pcAddress = (leaf: string) => contracts.pcTopic('{state}/{site}/{pc}', leaf as contracts.Leaf);
const { presence, state, beat, inventory, event, backlog, ack, signed, hello } = contracts;

const rows: Record<string, Row> = {
  presence: up('presence', presence, 'Birth (first word of a session), bye, and the will that says lost.'),
  state: up('state', state, 'The checks: the whole list first in a session and when wanted, then differences. The digest stands first.'),
  beat: up('beat', beat, 'A sign of life with the digest of the state and the numbers for the exporter.'),
  inventory: up('inventory', inventory, 'Devices, operating system, versions; on change.'),
  event: up('event', event, 'One numbered event, as it happens.'),
  backlog: up('backlog', backlog, 'Numbered events of an outage, in batches.'),
  ack: {
    ...down(
      'ack',
      ack,
      'What is durable in the ledger, and what is wanted. The spool is trimmed on this word alone. The signed text of clock is a CentreClock.',
    ),
    qos: 0,
  },
  config: down('config', signed, 'The profile of this PC with its version; the signed text is a Configuration.'),
  cmd: down('cmd', signed, 'A command to this PC, or to a scope of it; the signed text is a Command.'),
  helloAll: scope('all', 'hello', 'Asks every PC for a birth.'),
  helloState: scope('{state}/all', 'hello', 'Asks the PCs of a state for a birth.'),
  helloSite: scope('{state}/{site}/all', 'hello', 'Asks the PCs of a site for a birth.'),
  cmdAll: scope('all', 'cmd', 'A command to every PC.'),
  cmdState: scope('{state}/all', 'cmd', 'A command to the PCs of a state.'),
  cmdSite: scope('{state}/{site}/all', 'cmd', 'A command to the PCs of a site.'),
};

function up(leaf: string, message: v.GenericSchema, summary: string): Row {
  return { address: pcAddress(leaf), message, from: 'agent', summary, qos: 1 };
}

function down(leaf: string, message: v.GenericSchema, summary: string): Row {
  return { address: pcAddress(leaf), message, from: 'flows', summary, qos: 1 };
}

function scope(path: string, word: contracts.ScopeMessage, summary: string): Row {
  const message = word === 'hello' ? hello : signed;
  return { address: contracts.scopeTopic(path, word), message, from: 'flows', summary, qos: 1 };
}

/** Returns the document from the view of an agent: it sends what is `from` the agent and receives the rest. */
export function asyncApi(): string {
  const each = <T>(make: (name: string, row: Row) => T) =>
    Object.fromEntries(Object.entries(rows).map(([name, row]) => [name, make(name, row)]));
  const document = {
    asyncapi: '3.0.0',
    info: {
      title: 'Sabha between a PC and the server',
      version: '1',
      description:
        'MQTT 3.1.1. Ids match [a-z0-9-]{1,32}; nothing is retained; sessions are clean. The first byte { or [ is plain JSON; ' +
        `a payload has at most ${contracts.payloadLimitBytes} bytes. Unknown fields are ignored. docs/development/protocol-rules.md states what each side guarantees.`,
      license: { name: 'Apache-2.0' },
    },
    defaultContentType: 'application/json',
    channels: each((name, { address, summary }) => ({
      address,
      summary,
      messages: { [name]: { $ref: `#/components/messages/${name}` } },
      ...(parametersOf(address) && { parameters: parametersOf(address) }),
    })),
    operations: each((name, { from, summary, qos }) => ({
      action: from === 'agent' ? 'send' : 'receive',
      channel: { $ref: `#/channels/${name}` },
      summary,
      bindings: { mqtt: { qos, bindingVersion: '0.2.0' } },
    })),
    components: {
      messages: each((name, { message, summary }) => ({ name, summary, payload: schemaOf(message) })),
      schemas: {
        Configuration: schemaOf(contracts.configuration),
        Command: schemaOf(contracts.command),
        CentreClock: schemaOf(contracts.centreClock),
      },
    },
  };
  return `${JSON.stringify(document, null, 2)}\n`;
}

function parametersOf(address: string) {
  const names = [...address.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
  if (names.length === 0) return undefined;
  return Object.fromEntries(names.map((name) => [name, { description: `Id of the ${name}.` }]));
}

function schemaOf(message: v.GenericSchema) {
  const { $schema: _, ...schema } = toJsonSchema(message, { typeMode: 'input', errorMode: 'ignore' });
  return schema;
}
