/** Addresses that name a place of the tree, and what became of an order to it. */
import type { FastifyRequest } from 'fastify';
import { Refused } from '../door/refused.ts';
import type { Done } from '../sites/site-orders.ts';

type Place = { state?: string; site?: string; pc?: string };

/** The path that a request's address names, for the door. */
export function place({ params }: FastifyRequest): string {
  return placePath(params as Place);
}

/** The path of the parts, '' for none. */
export function placePath({ state, site, pc }: Place): string {
  return [state, site, pc].filter((part) => part !== undefined).join('/');
}

/** The tokens that an order made; a refusal where it was not carried out. */
export function tokensOf(done: Done): { tokens: Record<string, string> } {
  if (!done.ok) throw new Refused(done.missing ? 404 : 409, done.line);
  return { tokens: done.tokens };
}
