/** Who may do what on which topic. Pure, and deny by default: what no line here allows is denied. */
import {
  agentFilters,
  exporterFilters,
  flowsFilters,
  hearingTopic,
  isUpLeaf,
  type PcPath,
  parseTopic,
  pathOfName,
  pcTopic,
  type Topic,
} from '@sabha/contracts';

/** Who a client is, once admitted. */
export type Principal = { kind: 'pc'; pc: PcPath } | { kind: 'flows' } | { kind: 'exporter' };
/** Every kind of principal, once: the label of `sabha_broker_clients`. */
export const principalKinds = ['pc', 'flows', 'exporter'] as const satisfies readonly Principal['kind'][];

/** What a client can ask for; `forward` is asked for each delivery to it. */
export type Action = 'publish' | 'will' | 'subscribe' | 'forward';
/** What a client asks for: a topic, or for `subscribe` a filter. */
export type Asked = { topic: string; qos: number; retain: boolean };
/** Reasons are few, so that they can be counted. */
export type Denial = 'qos' | 'retain' | 'unknown_topic' | 'foreign_topic' | 'filter';
/** Allowed, or denied for one reason. */
export type Access = { allow: true } | { allow: false; reason: Denial };

/** Guarantee: a PC writes only its own leaves and reads only what is meant for it; nothing is retained; QoS 2 does not exist. */
export function accessOf(principal: Principal, action: Action, asked: Asked): Access {
  if (asked.qos > 1) return deny('qos');
  if (asked.retain) return deny('retain');
  if (action === 'subscribe') return filtersOf(principal).includes(asked.topic) ? { allow: true } : deny('filter');
  const topic = parseTopic(asked.topic);
  if (!topic) return deny('unknown_topic');
  return rules[action](principal, topic, asked.topic) ? { allow: true } : deny('foreign_topic');
}

/** The principal that a user name claims to be; undefined for a name that nobody can have. */
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
  /** Asked for each delivery, so it must be cheap: the same set as the filters, without matching them. */
  forward(principal, topic, text) {
    if (principal.kind === 'pc') return agentFilters(principal.pc).includes(text);
    if (topic.kind !== 'pc') return topic.kind === 'hearing' && principal.kind === 'flows';
    return principal.kind === 'flows' ? isUpLeaf(topic.leaf) : topic.leaf === 'beat';
  },
};

function filtersOf(principal: Principal): readonly string[] {
  if (principal.kind === 'pc') return agentFilters(principal.pc);
  return principal.kind === 'flows' ? [...flowsFilters, hearingTopic] : exporterFilters;
}

function deny(reason: Denial): Access {
  return { allow: false, reason };
}
