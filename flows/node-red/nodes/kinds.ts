/** The node types of the tabs. Each wraps a pure function and the small, typed part of Node-RED's API that it needs. */

import { defaultNumbers, readDialogNumbers } from '../../engine/correlation/numbers.ts';
import type { OfferMessage } from '../../engine/records/incidents.ts';
import { actByHours } from '../../sites/calendar/when.ts';
import type { NodeRedOptions } from '../node-red.ts';
import {
  conclusionOfError,
  deliverAct,
  faultsToChoose,
  meetsCondition,
  outcomeOf,
  type ReadResult,
  readCondition,
  readMessage,
  readRecipientRule,
  readUrgency,
  readWhen,
  recipientsNow,
  toMs,
  urgencyNow,
  waitAct,
  waitsText,
} from '../rules.ts';
import type { Wires } from '../wires.ts';

type Send = (messages: unknown) => void;
/** Ends the handling of a message, with one line on an error. */
type Done = (problem?: string) => void;

type RedNode = {
  id: string;
  on(event: 'input', listener: (msg: unknown, send: Send, done: Done) => void): void;
  on(event: 'close', listener: () => void): void;
  send: Send;
  status(status: { fill: 'yellow' | 'grey'; shape: 'ring' | 'dot'; text: string } | Record<string, never>): void;
};

type Handler = (request: { body?: unknown }, response: { json(body: unknown): void }) => void;

type NodeRed = {
  nodes: {
    createNode(node: RedNode, config: unknown): void;
    registerType<C>(type: string, make: (this: RedNode, config: C) => void): void;
  };
  settings: { sabha: Wires; sabhaTry?: NodeRedOptions['tryOut'] };
  events: { once(event: string, listener: () => void): void; removeListener(event: string, listener: () => void): void };
  util: { getMessageProperty(msg: unknown, path: string): unknown };
  httpAdmin: Record<'get' | 'post', (path: string, guard: unknown, handler: Handler) => void>;
  auth: { needsPermission(permission: string): unknown };
  _(key: string): string;
};

/** Registers a node type. `make` runs for each node of it on the tabs. */
function register<C>(red: NodeRed, type: string, make: (node: RedNode, config: C) => void): void {
  red.nodes.registerType<C>(type, function (this: RedNode, config) {
    red.nodes.createNode(this, config);
    make(this, config);
  });
}

/** Adds a route for a dialog of the editor; it requires the right to read the tabs. */
function answerDialog(red: NodeRed, path: string, read: () => unknown): void {
  red.httpAdmin.get(path, red.auth.needsPermission('flows.read'), (_request, response) => response.json(read()));
}

/**
 * Calls `take` when all tabs run, and the function that it returns when the node is closed. An offer to tabs that are still being built
 * would be lost, and would still count.
 */
function whileRunning(red: NodeRed, node: RedNode, take: () => () => void): void {
  let letGo = () => red.events.removeListener('flows:started', begin);
  const begin = () => {
    letGo = take();
  };
  red.events.once('flows:started', begin);
  node.on('close', () => letGo());
}

/** Interval at which the status of a node is checked. It is sent only if it changed. */
const statusMs = 1_000;

/** Shows a text below a node while it runs; no status if the text is empty. */
function showStatus(node: RedNode, textOf: () => string): void {
  let shown = '';
  const look = () => {
    const text = textOf();
    if (text === shown) return;
    shown = text;
    node.status(text === '' ? {} : { fill: 'grey', shape: 'dot', text });
  };
  const timer = setInterval(look, statusMs).unref();
  node.on('close', () => clearInterval(timer));
}

/** Calls `handle` with each message of the engine. Any other message is an error of one line, which a catch node receives. */
function onMessage(node: RedNode, handle: (message: OfferMessage, send: Send) => string | undefined): void {
  node.on('input', (msg, send, done) => {
    const read = readMessage(msg);
    done(read.ok ? handle(read.message, send) : read.line);
  });
}

/** The *incident* node, where paths begin: the messages that the engine offers leave here. */
export function incident(red: NodeRed): void {
  register(red, 'sabha-incident', (node) => {
    // A copy, because rules on the tabs change the message and the engine keeps the original.
    whileRunning(red, node, () => red.settings.sabha.head((message) => node.send(structuredClone(message))));
  });
  // The request of the try button beside Deploy, which the editor shows when it has loaded this node type.
  red.httpAdmin.post('/sabha/try', red.auth.needsPermission('flows.read'), ({ body }, response) => {
    const { sabhaTry } = red.settings;
    if (sabhaTry === undefined) return response.json({ ok: false, line: 'nothing can be tried here' });
    const nodes = Array.isArray(body) ? body : [];
    sabhaTry(nodes).then(
      (tried) => response.json(tried),
      (error: Error) => response.json({ ok: false, line: error.message }),
    );
  });
}

/** The nodes that decide by their dialog alone: *who* sets recipients, *urgency* sets severity and hold, *which* selects an output. */
export function decide(red: NodeRed): void {
  function byDialog<T>(
    type: string,
    read: (config: unknown) => ReadResult<T>,
    decide: (message: OfferMessage, dialog: T) => unknown,
  ): void {
    register(red, type, (node, config: unknown) => {
      const dialog = read(config);
      onMessage(node, (message, send) => {
        if (!dialog.ok) return dialog.line;
        send(decide(message, dialog.value));
        return undefined;
      });
    });
  }
  byDialog('sabha-who', readRecipientRule, (message, dialog) => Object.assign(message, { to: recipientsNow(message, dialog) }));
  byDialog('sabha-urgency', readUrgency, (message, dialog) => Object.assign(message, urgencyNow(message, dialog)));
  byDialog('sabha-which', readCondition, (message, dialog) => (meetsCondition(message, dialog) ? [message, null] : [null, message]));
  answerDialog(red, '/sabha/people', () => red.settings.sabha.people());
  answerDialog(red, '/sabha/faults', faultsToChoose);
}

type WaitConfig = { duration: string; durationType: 's' | 'min' | 'h' | 'msg'; unlessAcknowledged: boolean };

/**
 * The *wait* node, whose timer survives a restart. The first output goes to *conclude* at once, the second continues when the timer is due.
 * R22 (hold), R25 (timers and outcomes).
 */
export function wait(red: NodeRed): void {
  register(red, 'sabha-wait', (node, config: WaitConfig) => {
    const fromMessage = config.durationType === 'msg';
    const duration = (message: OfferMessage) =>
      fromMessage ? toMs(red.util.getMessageProperty(message, config.duration), 'ms') : toMs(config.duration, config.durationType);

    whileRunning(red, node, () => red.settings.sabha.waiting(node.id, (message) => node.send([null, structuredClone(message)])));
    const words = { waiting: red._('wait.waiting'), next: red._('wait.next') };
    showStatus(node, () => waitsText(red.settings.sabha.waits(node.id), red.settings.sabha.now(), words));
    onMessage(node, (message, send) => {
      const forMs = duration(message);
      if (forMs === undefined) return `no time to wait: ${fromMessage ? `msg.${config.duration}` : `"${config.duration}"`} is not a number`;
      const act = waitAct(message, { node: node.id, forMs, unlessAcknowledged: config.unlessAcknowledged }, red.settings.sabha.now());
      if (typeof act === 'object') message.acts = [...message.acts, act];
      send(act === 'due' ? [null, message] : [message, null]);
      return undefined;
    });
  });
}

/**
 * The *when* node, for meetings and office hours. A fault that threatens a meeting becomes critical; other faults wait overnight (first
 * output, to *conclude*).
 */
export function when(red: NodeRed): void {
  register(red, 'sabha-when', (node, config: { before: string; digest: string; near: string; grace: string }) => {
    const { sabha } = red.settings;
    const read = readWhen(config);
    if (!read.ok) node.status({ fill: 'yellow', shape: 'ring', text: read.line });
    const handle = (message: OfferMessage, send: Send) => {
      if (!read.ok) return read.line;
      const { go, how } = actByHours(message, sabha.moment(message.incident.scope, read.value), { node: node.id, now: sabha.now() });
      send(go ? [null, message] : [Object.assign(message, { how }), null]);
      return undefined;
    };
    // With an invalid dialog no message leaves this node. The offer is repeated and then takes the default route. R24 (repeated offers and
    // the default route).
    whileRunning(red, node, () => sabha.waiting(node.id, (message) => void handle(structuredClone(message), (all) => node.send(all))));
    const words = { waiting: red._('when.waiting'), next: red._('when.next') };
    if (read.ok) showStatus(node, () => waitsText(sabha.waits(node.id), sabha.now(), words));
    onMessage(node, handle);
  });
}

/**
 * The *correlate* node: thresholds by which many losses have one cause. They apply from the Deploy on; without this node the defaults
 * apply. No message passes through it.
 */
export function correlate(red: NodeRed): void {
  register(red, 'sabha-correlate', (node, config: Readonly<Record<string, unknown>>) => {
    const { sabha } = red.settings;
    const read = readDialogNumbers(config);
    if (!read.ok) return node.status({ fill: 'yellow', shape: 'ring', text: read.line });
    whileRunning(red, node, () => {
      sabha.correlate(read.numbers);
      return () => sabha.correlate(defaultNumbers);
    });
  });
}

/** Adds the act that notifies `msg.to` over a channel, and passes the message on. *Conclude* writes it. R23 (conclude). */
export function deliver(red: NodeRed): void {
  /** Counts by node id. They are kept outside the node, because a Deploy creates all nodes again. */
  const counts = new Map<string, DayCount>();
  register(red, 'sabha-deliver', (node, config: { channel: string }) => {
    const { sabha } = red.settings;
    const isOpen = sabha.channels().includes(config.channel);
    if (!isOpen) node.status({ fill: 'yellow', shape: 'ring', text: red._('deliver.notConfigured') });
    const today = (): DayCount => {
      // Uses the time zone of this machine, like the editor.
      const day = new Date(sabha.now()).toDateString();
      const held = counts.get(node.id);
      if (held?.day === day) return held;
      const fresh = { day, count: 0, since: held === undefined ? sabha.now() : null };
      counts.set(node.id, fresh);
      return fresh;
    };
    today();
    const words = { today: red._('deliver.today'), since: red._('deliver.since') };
    if (isOpen) showStatus(node, () => countText(today(), words));
    onMessage(node, (message, send) => {
      const made = deliverAct(message, config.channel);
      if (!made.ok) return made.line;
      message.acts = [...message.acts, made.act];
      today().count += 1;
      send(message);
      return undefined;
    });
  });
  answerDialog(red, '/sabha/channels', () => red.settings.sabha.channels());
}

/** Counts messages per day; `since`: the start of the count on the first day, instead of midnight. */
type DayCount = { day: string; count: number; since: number | null };

function countText({ count, since }: DayCount, words: { today: string; since: string }): string {
  if (count === 0) return '';
  return since === null ? `${count} ${words.today}` : `${count} ${words.since} ${new Date(since).toTimeString().slice(0, 5)}`;
}

/**
 * The *offer* node, which makes any community node a channel with delivery guarantee. The first output passes the message on to *conclude*.
 * The second output gives one message for each person, repeated until an *outcome* node reports its result.
 */
export function offer(red: NodeRed): void {
  register(red, 'sabha-offer', (node, config: { channel: string }) => {
    const { sabha } = red.settings;
    if (!sabha.channels().includes(config.channel)) node.status({ fill: 'yellow', shape: 'ring', text: red._('offer.nobody') });
    whileRunning(red, node, () => sabha.offered(config.channel, (message) => node.send([null, structuredClone(message)])));
    onMessage(node, (message, send) => {
      const made = deliverAct(message, config.channel);
      if (!made.ok) return made.line;
      message.acts = [...message.acts, made.act];
      send([message, null]);
      return undefined;
    });
  });
}

/**
 * The *outcome* node, which reports the outcome of an offered message. A message from a *catch* node (with `msg.error`) is retried,
 * whatever result is configured.
 */
export function outcome(red: NodeRed): void {
  register(red, 'sabha-outcome', (node, config: { result: 'delivered' | 'retry' | 'refused' }) => {
    node.on('input', (msg, _send, done) => {
      const read = outcomeOf(msg, config.result);
      if (!read.ok) return done(read.line);
      red.settings.sabha.outcome(read.key, read.outcome);
      done();
    });
  });
}

/** The *conclude* node, the only end of every path. It commits the conclusion with all acts of the message (R23). */
export function conclude(red: NodeRed): void {
  register(red, 'sabha-conclude', (node, config: ConcludeConfig) => {
    onMessage(node, (message) => {
      const { how, from } = conclusionOf(red, config, message);
      if (typeof how !== 'string' || how === '') return `no conclusion: ${from} is empty`;
      red.settings.sabha.conclude(message, how);
      return undefined;
    });
  });
}

/** Dialog of a *conclude* node. `error`: the conclusion names the node that failed, as a catch node reports it. */
type ConcludeConfig = { how: string; howType: 'str' | 'msg' | 'error' };

function conclusionOf(red: NodeRed, { how, howType }: ConcludeConfig, message: OfferMessage): { how: unknown; from: string } {
  if (howType === 'error') return { how: conclusionOfError(message), from: 'msg.error' };
  return howType === 'msg' ? { how: red.util.getMessageProperty(message, how), from: `msg.${how}` } : { how, from: 'the text' };
}
