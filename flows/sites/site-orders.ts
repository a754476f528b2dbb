/**
 * What the routes of the site table ask: each plans a change on the present table, and applies it before it answers.
 *
 * From a row of a file to the profile that a PC holds, in this order:
 *
 *     read       csv.ts                       text → nodes of the tree, or each line that is faulty
 *     compare    csv.ts                       → the difference, and the change that makes it
 *     take       ingest/ingest.ts             `changeSites`: one order after the other
 *     resolve    table.ts                     → which PCs hold another profile now, each with its next version
 *     commit     ingest/ingest.ts             tree, registry and versions in one transaction
 *     send       config-push.ts               signed, to each of them, in stages where that was asked for
 *     hold       (the agent)                  its birth names the version; an older one is sent it again
 */
import { mutex, type ProfileView, type RegistryEntry, type RolloutView, type SiteStage, type SitesImport } from '@sabha/contracts';
import type { PcRecord } from '../engine/records/incidents.ts';
import type { Op } from '../engine/records/ops.ts';
import type { SiteChange, SiteTable } from '../engine/records/sites.ts';
import { planImport } from './csv.ts';
import { issueTokens, movePc, type Planned, replacePc, retirePc, revokePc, type Sight, setStage } from './life.ts';
import { levelOf, type Tree } from './table.ts';

/** The present table, and how a change of it is applied. */
export type SiteOrdersOptions = Pick<Tree, 'table' | 'wanted' | 'entry'> & {
  records(): ReadonlyMap<string, PcRecord>;
  /**
   * Resolves when the change and `ops` are committed and PCs and broker are told; rejects with nothing of it done, or where the broker's
   * file cannot be written.
   */
  apply(change: SiteChange, ops?: readonly Op[]): Promise<void>;
  /** The change of profiles that is on its way in stages; null where there is none. */
  rollout(): RolloutView | null;
  /** Lets it out to everybody; resolves when that is committed. */
  release(by: string): Promise<void>;
  /** The centre's time. */
  now(): number;
  /** 32 random bytes as text. */
  newToken(): string;
};

/** What became of an order; `tokens` are shown this once and kept nowhere. */
export type Done = { ok: true; tokens: Record<string, string> } | { ok: false; missing: boolean; line: string };

/** What may be ordered of the site table. */
export type SiteOrders = ReturnType<typeof createSiteOrders>;

/**
 * The orders over the present table.
 * Guarantee: orders are carried out one after the other, each on the table that the last one left.
 */
export function createSiteOrders(options: SiteOrdersOptions) {
  const { table, newToken, now } = options;
  const inTurn = mutex();
  const sight = (): Sight => ({ table: table(), records: options.records(), wanted: options.wanted });
  const carryOut = (plan: () => Planned): Promise<Done> =>
    inTurn(async () => {
      const planned = plan();
      if (!planned.ok) return planned;
      await options.apply(planned.change);
      return { ok: true, tokens: planned.tokens };
    });

  return {
    table,
    rollout: options.rollout,
    release: (by: string): Promise<Done> =>
      inTurn(async () => {
        if (options.rollout() === null) return { ok: false, missing: true, line: 'no configuration is on its way in stages' };
        await options.release(by);
        return { ok: true, tokens: {} };
      }),
    /** The profile of a place with the origin of each value; undefined where there is no such place. */
    profile(path: string): ProfileView | undefined {
      if (path !== '' && table().node(path) === undefined) return undefined;
      const pcs = pcsOfScope(table(), path).map((pc) => {
        const { config: held = 0, presence = 'never' } = options.records().get(pc) ?? {};
        return { pc, wanted: options.wanted(pc), held, presence } as const;
      });
      return { path, ...table().resolve(path), pcs };
    },
    /** Without `apply` it only tells what would change. */
    import: (at: { csv: string; apply: boolean; staged: boolean; by: string }): Promise<SitesImport> =>
      inTurn(async () => {
        const planned = planImport({ ...at, table: table(), now: now() });
        if (!at.apply || planned.import.problems.length > 0) return planned.import;
        if (planned.change !== null) await options.apply(planned.change);
        return { ...planned.import, applied: true };
      }),
    stage: (at: { site: string; stage: SiteStage; force: boolean }, by: string) =>
      carryOut(() => setStage(sight(), at, { by, now: now() })),
    move: (pc: string, to: string, by: string) => carryOut(() => movePc(table(), { pc, to, newToken }, by)),
    retire: (pc: string, by: string) => carryOut(() => retirePc(table(), pc, by)),
    revoke: (pc: string, by: string) => carryOut(() => revokePc(table(), pc, by)),
    replace: (pc: string, by: string) => carryOut(() => replacePc(table(), { pc, newToken }, by)),
    /** New tokens for the PCs that are named, and for those of a scope that have none; `renew`: for all of the scope, whose old ones end. */
    tokens: (at: { pcs: readonly string[]; scope: string | undefined; renew: boolean }, by: string) =>
      carryOut(() => {
        const all = pcsOfScope(table(), at.scope);
        const wants = (entry: RegistryEntry | undefined) => !entry?.revoked && (at.renew || (entry?.tokenHash ?? null) === null);
        const pcs = [...at.pcs, ...all.filter((pc) => wants(options.entry(pc)))];
        const line = `each PC of ${at.scope || 'the nation'} has a token, or is revoked: only renew gives new ones, and none to those`;
        return pcs.length === 0 && all.length > 0
          ? { ok: false, missing: false, line }
          : issueTokens(table(), { pcs, newToken, entry: options.entry }, by);
      }),
  };
}

function pcsOfScope(table: SiteTable, scope: string | undefined): string[] {
  if (scope === undefined) return [];
  if (levelOf(scope) === 3) return table.node(scope) === undefined ? [] : [scope];
  return table.sites.filter(({ path }) => scope === '' || `${path}/`.startsWith(`${scope}/`)).flatMap(({ path }) => table.pcsOf(path));
}
