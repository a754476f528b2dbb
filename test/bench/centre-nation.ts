/** A nation at a server under test: every site is live, on fibre, at low elevation, with one PC. */
import { createNation } from '../fleet/nation.ts';
import type { Centre } from '../system/centre-under-test.ts';

/** Imports the nation. Returns its PCs with their tokens. */
export async function admitNation(centre: Centre, sites: number): Promise<[pc: string, token: string][]> {
  const nation = createNation({ sites, seed: 1 });
  for (const one of nation.sites) Object.assign(one, { link: 'fibre', elevationM: 100 });
  await post(centre, '/api/sites/import', { csv: nation.csv(() => 'live'), apply: true, by: 'bench' });
  const { tokens } = await post<{ tokens: Record<string, string> }>(centre, '/api/tokens', { scope: '', by: 'bench' });
  return Object.entries(tokens);
}

async function post<T>({ site }: Centre, path: string, body: object): Promise<T> {
  const request = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
  const answer = await fetch(`http://127.0.0.1:${site.ports.api}${path}`, request);
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
  return (await answer.json()) as T;
}
