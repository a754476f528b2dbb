/** Access rules for topics: pure functions, deny by default. */
import {
  agentFilters,
  canaryTopic,
  exporterFilters,
  flowsFilters,
  isUpLeaf,
  type PcPath,
  parseTopic,
  pathOfName,
  pcTopic,
  type Topic,
} from '@sabha/contracts';

export type Principal = { kind: 'pc'; pc: PcPath } | { kind: 'flows' } | { kind: 'exporter' };
/** All kinds of principals. They are also values of a label of `sabha_broker_clients`. */
export const principalKinds = ['pc', 'flows', 'exporter'] as const satisfies readonly Principal['kind'][];

/** `forward` is checked for each delivery to a client. */
export type Action = 'publish' | 'will' | 'subscribe' | 'forward';
/** The requested topic, or for `subscribe` the filter. */
export type TopicRequest = { topic: string; qos: number; retain: boolean };
/** Reason of a denial. The list is closed, because each reason is a metric label. */
export type Denial = 'qos' | 'retain' | 'unknown_topic' | 'foreign_topic' | 'filter';
export type Access = { allow: true } | { allow: false; reason: Denial };

/**
 * Guarantee: a PC publishes only to its own leaves and receives only its own messages and those of its scopes. Retained messages and QoS 2
 * are denied.
 */
export function checkAccess(principal: Principal, action: Action, request: TopicRequest): Access {
  if (request.qos > 1) return deny('qos');
  if (request.retain) return deny('retain');
  if (action === 'subscribe') return allowedFilters(principal).includes(request.topic) ? { allow: true } : deny('filter');
  const topic = parseTopic(request.topic);
  if (!topic) return deny('unknown_topic');
  return rules[action](principal, topic, request.topic) ? { allow: true } : deny('foreign_topic');
}

/** Returns the principal of a user name; undefined for an invalid name. */
export function principalOf(name: string | undefined): Principal | undefined {
  if (name === 'flows' || name === 'exporter') return { kind: name };
  const pc = pathOfName(name ?? '');
  return pc === undefined ? undefined : { kind: 'pc', pc };
}

type Rule = (principal: Principal, topic: Topic, text: string) => boolean;

const rules: Record<Exclude<Action, 'subscribe'>, Rule> = {
  publish(principal, topic) {
    if (principal.kind === 'pc') return topic.kind === 'pc' && topic.pc === principal.pc && isUpLeaf(topic.leaf);
    if (principal.kind === 'flows') return topic.kind !== 'pc' || !isUpLeaf(topic.leaf);
    return false;
  },
  will: (principal, _topic, text) => principal.kind === 'pc' && text === pcTopic(principal.pc, 'presence'),
  /** Checked for each delivery, so the check must be cheap: it permits the same topics as the filters, without topic matching. */
  forward(principal, topic, text) {
    if (principal.kind === 'pc') return agentFilters(principal.pc).includes(text);
    if (topic.kind !== 'pc') return topic.kind === 'hearing' && principal.kind === 'flows';
    return principal.kind === 'flows' ? isUpLeaf(topic.leaf) : topic.leaf === 'beat';
  },
};

function allowedFilters(principal: Principal): readonly string[] {
  if (principal.kind === 'pc') return agentFilters(principal.pc);
  return principal.kind === 'flows' ? [...flowsFilters, canaryTopic] : exporterFilters;
}

function deny(reason: Denial): Access {
  return { allow: false, reason };
}
