/** How the editor draws a tab, worked out from its JSON: what stands where, by the width of each label. */
import { readFileSync } from 'node:fs';
import type { FlowNode } from '../tabs-storage.ts';

/** What is wrong with the places of the nodes of one tab, one line each. */
export function faultsOfLayout(nodes: readonly FlowNode[]): string[] {
  const shown = nodes.filter(({ type, x }) => typeof x === 'number' && type !== 'group');
  const boxes = new Map(shown.map((node) => [node.id, boxOf(node)]));
  return shown.flatMap(({ id, wires = [] }, index) => {
    const box = boxes.get(id) as Box;
    const on = shown.slice(index + 1).filter((other) => overlap(box, boxes.get(other.id) as Box));
    const back = wires.flat().filter((to) => (boxes.get(to)?.left ?? Number.POSITIVE_INFINITY) < box.right);
    const isBeyond = box.right > widest || box.left < 0;
    return [
      ...on.map((other) => `${id} stands on ${other.id}`),
      ...back.map((to) => `${id} leads backwards to ${to}`),
      ...(isBeyond ? [`${id} stands beyond ${widest}`] : []),
    ];
  });
}

/** Pixels of a text on one line, in the 14 px of the editor's labels (Helvetica or Arial). */
export function widthOf(text: string): number {
  return [...text].reduce((sum, letter) => sum + (widths.get(letter) ?? 600), 0) * 0.014;
}

const widest = 1_080;
type Box = { left: number; right: number; top: number; bottom: number };

/** As view.js of the editor: never narrower than 100, in steps of 20, with room for icon and ports. */
function boxOf(node: FlowNode): Box {
  const ports = node.wires?.length ?? 0;
  const width = Math.max(100, 20 * Math.ceil((widthOf(labelOf(node)) + 50 + (withoutInput.has(node.type) ? 0 : 7)) / 20));
  const height = Math.max(30, ports * 15);
  const [x, y] = [Number(node['x']), Number(node['y'])];
  return { left: x - width / 2, right: x + width / 2, top: y - height / 2, bottom: y + height / 2 };
}

const withoutInput = new Set(['sabha-incident', 'sabha-correlate', 'catch', 'comment', 'link in', 'inject']);

/** The name, or what the node shows without one. */
function labelOf(node: FlowNode): string {
  if (node.name) return node.name;
  if (node.type === 'sabha-conclude') return node['howType'] === 'str' ? String(node['how']) : caught(node);
  if (node.type === 'sabha-deliver') return `deliver: ${node['channel']}`;
  return node.type === 'sabha-when' ? `when: ${node['before']} min, ${node['digest']}` : node.type;
}

function caught(node: FlowNode): string {
  const { conclude } = JSON.parse(readFileSync(new URL('../nodes/locales/en-US/conclude.json', import.meta.url), 'utf8'));
  return node['howType'] === 'error' ? conclude.error : conclude.label;
}

function overlap(a: Box, b: Box): boolean {
  return a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
}

/** Advance widths of Arial, in thousandths. */
const widths = new Map([
  ...widthsOf("ijl'", [222, 222, 222, 191]),
  ...[...' !,./:;I[]ft'].map((letter) => [letter, 278] as const),
  ...[...'()-r'].map((letter) => [letter, 333] as const),
  ...[...'cksvxyzJ'].map((letter) => [letter, 500] as const),
  ...[...'abdeghnopqu0123456789?#$_L'].map((letter) => [letter, 556] as const),
  ...[...'+<=>'].map((letter) => [letter, 584] as const),
  ...[...'FTZ'].map((letter) => [letter, 611] as const),
  ...[...'&ABEKPSVXY'].map((letter) => [letter, 667] as const),
  ...[...'wCDHNRU'].map((letter) => [letter, 722] as const),
  ...widthsOf('GOQmMW%', [778, 778, 778, 833, 833, 944, 889]),
]);

function widthsOf(letters: string, each: readonly number[]): (readonly [string, number])[] {
  return [...letters].map((letter, at) => [letter, each[at] ?? 600] as const);
}
