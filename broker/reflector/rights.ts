/** Verification of reflector tokens (contracts/reflector.ts), with a bounded cost for invalid ones. */
import {
  type Clock,
  createBuckets,
  keepLatest,
  openReflectorToken,
  pcMark,
  type Rate,
  type ReflectorToken,
  type RegistrySnapshot,
} from '@sabha/contracts';

export type Rights = ReturnType<typeof createRights>;

/** Verifications of unknown tokens: far above the need of a nation's PCs, one new token an hour each, at some hundredths of a core. */
const provings: Rate = { perSecond: 2_000, burst: 2_000 };
/** Cache size: more than the measuring PCs of the largest network tested. */
const provenAtMost = 32_768;

/**
 * Guarantee: a token is accepted only with the key of the last snapshot, and the rate of verified unknown tokens is limited by `provings`.
 */
export function createRights(clock: Pick<Clock, 'now' | 'up'>) {
  const proven = new Map<string, ReflectorToken>();
  const buckets = createBuckets(provings);
  let key: Buffer | undefined;
  let revoked = new Set<number>();

  function open(token: Buffer, word: string): ReflectorToken | 'stranger' | 'unproven' {
    if (key === undefined) return 'stranger';
    if (!buckets.tryTake('', 1, clock.up())) return 'unproven';
    const opened = openReflectorToken(token, key, clock.now());
    if (opened === undefined || revoked.has(opened.pc)) return 'stranger';
    keepLatest(proven, [word, opened], provenAtMost);
    return opened;
  }

  return {
    /** Sets key and revocations of a snapshot. Without a key every token is refused. */
    use(snapshot: Pick<RegistrySnapshot, 'reflectorKey' | 'pcs'>): void {
      key = snapshot.reflectorKey === undefined ? undefined : Buffer.from(snapshot.reflectorKey, 'base64url');
      revoked = new Set(snapshot.pcs.filter((one) => one.revoked).map(({ pc }) => pcMark(pc)));
      proven.clear();
    },
    /**
     * Returns the content of a token, or why it is refused. `stranger`: invalid or revoked. `ended`: expired. `unproven`: not verified
     * because of the rate limit.
     */
    prove(token: Buffer): ReflectorToken | 'stranger' | 'ended' | 'unproven' {
      const word = token.toString('latin1');
      const known = proven.get(word);
      if (known === undefined) return open(token, word);
      if (known.endsAt > clock.now()) return known;
      proven.delete(word);
      return 'ended';
    },
  };
}
