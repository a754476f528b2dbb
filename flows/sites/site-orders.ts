/**
 * Operations of the HTTP routes on the site table. Each plans a change on the current table and applies it before it returns.
 *
 * Steps from a row of a file to the profile that a PC holds:
 *
 * - read, `csv.ts`: text → nodes of the tree, or each faulty line
 * - compare, `csv.ts`: → the difference, and the change that makes it
 * - take, `ingest/ingest.ts`: `changeSites`, one change after the other
 * - resolve, `table.ts`: → PCs with another profile, each with its next version
 * - commit, `ingest/ingest.ts`: tree, registry and versions in one transaction
 * - send, `config-push.ts`: signed, to each of them, in stages on request
 * - hold, the agent: its birth names the version; an older one is sent again
 */
import { createMutex, type ProfileView, type RegistryEntry, type RolloutView, type SiteStage, type SitesImport } from '@sabha/contracts';
import type { PcRecord } from '../engine/records/incidents.ts';
import type { Op } from '../engine/records/ops.ts';
import type { SiteChange, SiteTable } from '../engine/records/sites.ts';
import { planImport } from './csv.ts';
import { type ChecklistData, issueTokens, movePc, type PlannedChange, replacePc, retirePc, revokePc, setStage } from './life.ts';
import { levelOf, type Tree } from './table.ts';

export type SiteOperationsOptions = Pick<Tree, 'table' | 'wanted' | 'entry'> & {
  records(): ReadonlyMap<string, PcRecord>;
  /**
   * Resolves when the change and `ops` are committed and sent to the PCs and the broker. If it rejects, nothing has changed, or the
   * registry snapshot for the broker could not be written.
   */
  apply(change: SiteChange, ops?: readonly Op[]): Promise<void>;
  rollout(): RolloutView | null;
  /** Releases the rollout to all PCs. Resolves after the commit. */
  release(by: string): Promise<void>;
  now(): number;
  newToken(): string;
};

/** Result of an operation. `tokens` are returned once and are not stored. */
export type OperationResult = { ok: true; tokens: Record<string, string> } | { ok: false; missing: boolean; line: string };

export type SiteOperations = ReturnType<typeof createSiteOperations>;

/**
 * Creates the operations on the site table.
 * Guarantee: operations run one after the other, each on the table that the previous one left.
 */
export function createSiteOperations(options: SiteOperationsOptions) {
  const { table, newToken, now } = options;
  const inTurn = createMutex();
  const sight = (): ChecklistData => ({ table: table(), records: options.records(), wanted: options.wanted });
  const runOperation = (plan: () => PlannedChange): Promise<OperationResult> =>
    inTurn(async () => {
      const planned = plan();
      if (!planned.ok) return planned;
      await options.apply(planned.change);
      return { ok: true, tokens: planned.tokens };
    });

  return {
    table,
    rollout: options.rollout,
    release: (by: string): Promise<OperationResult> =>
      inTurn(async () => {
        if (options.rollout() === null) return { ok: false, missing: true, line: 'no configuration is on its way in stages' };
        await options.release(by);
        return { ok: true, tokens: {} };
      }),
    /** Returns the profile of a place with the origin of each value; undefined if the place is unknown. */
    profile(path: string): ProfileView | undefined {
      if (path !== '' && table().node(path) === undefined) return undefined;
      const pcs = pcsOfScope(table(), path).map((pc) => {
        const { config: held = 0, presence = 'never' } = options.records().get(pc) ?? {};
        return { pc, wanted: options.wanted(pc), held, presence } as const;
      });
      return { path, ...table().resolve(path), pcs };
    },
    /** Imports a file. Without `apply` it only returns the difference. */
    import: (at: { csv: string; apply: boolean; staged: boolean; by: string }): Promise<SitesImport> =>
      inTurn(async () => {
        const planned = planImport({ ...at, table: table(), now: now() });
        if (!at.apply || planned.import.problems.length > 0) return planned.import;
        if (planned.change !== null) await options.apply(planned.change);
        return { ...planned.import, applied: true };
      }),
    stage: (at: { site: string; stage: SiteStage; force: boolean }, by: string) =>
      runOperation(() => setStage(sight(), at, { by, now: now() })),
    move: (pc: string, to: string, by: string) => runOperation(() => movePc(table(), { pc, to, newToken }, by)),
    retire: (pc: string, by: string) => runOperation(() => retirePc(table(), pc, by)),
    revoke: (pc: string, by: string) => runOperation(() => revokePc(table(), pc, by)),
    replace: (pc: string, by: string) => runOperation(() => replacePc(table(), { pc, newToken }, by)),
    /**
     * Issues tokens for the named PCs, and for PCs of a scope that have none. `renew`: for all PCs of the scope; their old tokens become
     * invalid.
     */
    tokens: (at: { pcs: readonly string[]; scope: string | undefined; renew: boolean }, by: string) =>
      runOperation(() => {
        const all = pcsOfScope(table(), at.scope);
        const wants = (entry: RegistryEntry | undefined) => !entry?.revoked && (at.renew || (entry?.tokenHash ?? null) === null);
        const pcs = [...at.pcs, ...all.filter((pc) => wants(options.entry(pc)))];
        const line = `each PC of ${at.scope || 'the nation'} has a token or is revoked: renew makes new tokens, except for revoked PCs`;
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
