/** Whom a node of the tabs tells or asks for, as it stands in it. */
import type { FlowNode } from './tabs-storage.ts';

/** The names that a node writes into `msg.to`, or looks for there: of roles, groups and persons; none where it writes no list, `unreadable` where the list is none. */
export function toldBy(node: FlowNode): string[] | 'unreadable' {
  const lists = node.type === 'change' ? changed(node['rules']) : named(node);
  return lists.every(isNames) ? lists.flat() : 'unreadable';
}

/** A *which* node asks for them. */
function named(node: FlowNode): unknown[] {
  if (node.type === 'sabha-which' && node['about'] === 'told') return [node['list']];
  return node.type === 'sabha-who' && node['mode'] !== 'told' && node['mode'] !== 'also' ? [node['to']] : [];
}

function changed(rules: unknown): unknown[] {
  if (!Array.isArray(rules)) return [];
  return rules.filter((rule) => rule?.t === 'set' && rule.p === 'to' && rule.tot === 'json').map((rule) => parsed(rule.to));
}

function parsed(text: unknown): unknown {
  try {
    return JSON.parse(String(text));
  } catch {
    return undefined;
  }
}

function isNames(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((one) => typeof one === 'string');
}
