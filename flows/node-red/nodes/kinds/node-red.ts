/** The little of Node-RED that our nodes use, typed. */

import type { WireMessage } from '../../../engine/records/incidents.ts';
import { readMessage } from '../../acts.ts';
import type { RedOptions } from '../../node-red.ts';
import type { Wires } from '../../wires.ts';

/** Hands messages to the outputs of a node. */
export type Send = (messages: unknown) => void;
/** Says that a message was handled, or in one line why not. */
export type Done = (problem?: string) => void;

/** A node as Node-RED gives it to its maker. */
export type RedNode = {
  id: string;
  on(event: 'input', listener: (msg: unknown, send: Send, done: Done) => void): void;
  on(event: 'close', listener: () => void): void;
  send: Send;
  status(status: { fill: 'yellow' | 'grey'; shape: 'ring' | 'dot'; text: string } | Record<string, never>): void;
};

type Json = { json(body: unknown): void };
type Handler = (request: { body?: unknown }, response: Json) => void;

/** Node-RED as it gives itself to a module of nodes. */
export type NodeRed = {
  nodes: {
    createNode(node: RedNode, config: unknown): void;
    registerType<C>(type: string, make: (this: RedNode, config: C) => void): void;
  };
  settings: { sabha: Wires; sabhaTry?: RedOptions['tryOut'] };
  events: { once(event: string, listener: () => void): void; removeListener(event: string, listener: () => void): void };
  util: { getMessageProperty(msg: unknown, path: string): unknown };
  httpAdmin: Record<'get' | 'post', (path: string, guard: unknown, handler: Handler) => void>;
  auth: { needsPermission(permission: string): unknown };
  _(key: string): string;
};

/**
 * Keeps a hand on the wires from the moment that all tabs run until the node is closed.
 * Not earlier: what is offered while other tabs are still being built would be lost, and the offer would count.
 */
export function whileRunning(red: NodeRed, node: RedNode, take: () => () => void): void {
  let letGo = () => red.events.removeListener('flows:started', begin);
  const begin = () => {
    letGo = take();
  };
  red.events.once('flows:started', begin);
  node.on('close', () => letGo());
}

/** The status of a node is looked at once a second, and said only where it is another. */
const statusMs = 1_000;

/** Shows a text below a node while it runs; nothing where the text is empty. */
export function showStatus(node: RedNode, textOf: () => string): void {
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

/** Calls `handle` with each message of the wires; anything else is one clear error, which a catch node receives. */
export function onMessage(node: RedNode, handle: (message: WireMessage, send: Send) => string | undefined): void {
  node.on('input', (msg, send, done) => {
    const read = readMessage(msg);
    done(read.ok ? handle(read.message, send) : read.line);
  });
}
