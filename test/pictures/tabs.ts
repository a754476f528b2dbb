/** Takes pictures of each tab in the editor of a running server, for docs/node-red/concepts.md and the test of the editor. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import type { Site } from '../system/centre-under-test.ts';

export const tabsShown = [
  '10 Faults',
  '20 Thin links',
  '30 Outages',
  '35 When',
  '40 Who',
  '50 Escalate',
  '60 Deliver',
  '90 Watch',
] as const;

/** Upper limit in ms, because the editor is a large page. */
const patienceMs = 300_000;
/** Window size in pixels; the palette and the side bar take a part of it. */
const view = { width: 1_640, height: 1_000 };
const marginPx = 16;

export function pictureOf(tab: string): string {
  return `tab-${fileOf(tab)}.png`;
}

function fileOf(tab: string): string {
  return tab.toLowerCase().replaceAll(' ', '-');
}

/** Returns the id of a node on the tab. Its presence shows that this tab is drawn. */
function nodeOn(tab: string): string {
  return nodesOf(tab).findLast(({ x, type }) => x !== undefined && type !== 'group')?.id ?? '';
}

function nodesOf(tab: string): { id: string; x?: number; type: string }[] {
  return JSON.parse(readFileSync(`flows/node-red/tabs/${fileOf(tab)}.json`, 'utf8'));
}

/** Opens the editor of a server and signs in with the password file of that machine. */
export async function openEditor(browser: Browser, site: Site): Promise<Page> {
  const page = await (await browser.newContext({ viewport: view, deviceScaleFactor: 1 })).newPage();
  page.setDefaultTimeout(patienceMs);
  await page.goto(`http://127.0.0.1:${site.ports.editor}/`);
  await page.locator('#node-dialog-login-username').fill('sabha');
  await page.locator('#node-dialog-login-password').fill(readFileSync(join(site.data, 'flows', 'editor.password'), 'utf8').trim());
  await page.locator('#node-dialog-login-submit').click();
  await page.locator('.red-ui-tab', { hasText: tabsShown[0] }).first().waitFor();
  return page;
}

/** Takes a picture of the drawn part of a tab. Guarantee: it shows all nodes, or this throws. */
export async function pictureTab(page: Page, tab: string): Promise<Buffer> {
  await page.locator('.red-ui-tab', { hasText: tab }).first().click();
  await page.locator(`#${nodeOn(tab)}`).waitFor();
  // Moves the pointer away from all nodes, because a tooltip would cover the picture.
  await page.mouse.move(view.width - 1, view.height - 1);
  await page.locator('.red-ui-popover').waitFor({ state: 'hidden' });
  const drawn = await page.evaluate(boundsOfNodes);
  const chart = await page.locator('#red-ui-workspace-chart').boundingBox();
  if (chart === null || drawn === null) throw new Error(`${tab}: nothing is drawn`);
  const [x, y] = [Math.max(chart.x, drawn.left - marginPx), Math.max(chart.y, drawn.top - marginPx)];
  const [right, bottom] = [drawn.right + marginPx, drawn.bottom + marginPx];
  if (right > view.width || bottom > view.height) throw new Error(`${tab}: it is drawn to ${right} × ${bottom}, beyond the window`);
  return await page.screenshot({ clip: { x, y, width: right - x, height: bottom - y }, animations: 'disabled' });
}

type Bounds = { left: number; top: number; right: number; bottom: number };

/** Runs in the page. */
function boundsOfNodes(): Bounds | null {
  const boxes = [...document.querySelectorAll('.red-ui-flow-node-group, .red-ui-flow-group')].map((one) => one.getBoundingClientRect());
  const all = boxes.filter(({ width, height }) => width > 0 && height > 0);
  if (all.length === 0) return null;
  return {
    left: Math.min(...all.map((box) => box.left)),
    top: Math.min(...all.map((box) => box.top)),
    right: Math.max(...all.map((box) => box.right)),
    bottom: Math.max(...all.map((box) => box.bottom)),
  };
}

/** Rightmost position in pixels that is visible beside the palette on a small screen. */
const widest = 1_080;

/** Returns the layout faults of the open tab, one line each: overlaps, wires that lead backwards, and nodes beyond the border. */
export async function faultsOfDrawing(page: Page, tab: string): Promise<string[]> {
  const { nodes, wires } = await page.evaluate(drawnIn, nodesOf(tab).find(({ type }) => type === 'tab')?.id ?? '');
  if (nodes.length === 0) return [`${tab}: nothing is drawn`];
  const boxes = new Map(nodes.map((one) => [one.id, one]));
  return [
    ...nodes.flatMap((one, at) => nodes.slice(at + 1).flatMap((other) => (isOn(one, other) ? [`${one.id} stands on ${other.id}`] : []))),
    ...nodes.flatMap(({ id, right, left }) => (right > widest || left < 0 ? [`${id} stands beyond ${widest}`] : [])),
    ...wires.flatMap(([from, to]) =>
      (boxes.get(to)?.left ?? 0) < (boxes.get(from)?.right ?? 0) ? [`${from} leads backwards to ${to}`] : [],
    ),
  ];
}

type Box = { id: string; left: number; right: number; top: number; bottom: number };

function isOn(a: Box, b: Box): boolean {
  return a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
}

/** The used part of the editor's API. */
type Drawn = { id: string; x: number; y: number; w: number; h: number };
type Editor = {
  nodes: { filterNodes(of: { z: string }): Drawn[]; filterLinks(of: { source: { z: string } }): { source: Drawn; target: Drawn }[] };
};

/** Runs in the page. Returns the position of each node and the wires. */
function drawnIn(z: string): { nodes: Box[]; wires: [string, string][] } {
  const { RED } = globalThis as unknown as { RED: Editor };
  const boxOf = ({ id, x, y, w, h }: Drawn): Box => ({ id, left: x - w / 2, right: x + w / 2, top: y - h / 2, bottom: y + h / 2 });
  const wires = RED.nodes.filterLinks({ source: { z } }).map(({ source, target }): [string, string] => [source.id, target.id]);
  return { nodes: RED.nodes.filterNodes({ z }).map(boxOf), wires };
}
