/** Verification of reflector tokens (contracts/reflector.ts), with a bounded cost for invalid ones. */
import {
  type Clock,
  createBuckets,
  keepLatest,
  openReflectorToken,
  pcHash,
  type Rate,
  type ReflectorToken,
  type RegistrySnapshot,
} from '@sabha/contracts';

export type TokenVerifier = ReturnType<typeof createTokenVerifier>;

/**
 * Rate of verifications of unknown tokens. A nation's PCs need far less, one new token an hour each. The rate takes some hundredths of a
 * processor core.
 */
const verificationRate: Rate = { perSecond: 2_000, burst: 2_000 };
/** Number of cached tokens, more than the measuring PCs of the largest network tested. */
const cacheLimit = 32_768;

/**
 * Guarantee: a token is accepted only with the key of the last snapshot, and the rate of verified unknown tokens is limited by `verificationRate`.
 */
export function createTokenVerifier(clock: Pick<Clock, 'now' | 'up'>) {
  const tokenCache = new Map<string, ReflectorToken>();
  const buckets = createBuckets(verificationRate);
  let key: Buffer | undefined;
  let revoked = new Set<number>();

  function verifyUnknown(token: Buffer, word: string): ReflectorToken | 'stranger' | 'unproven' {
    if (key === undefined) return 'stranger';
    if (!buckets.tryTake('', 1, clock.up())) return 'unproven';
    const opened = openReflectorToken(token, key, clock.now());
    if (opened === undefined || revoked.has(opened.pc)) return 'stranger';
    keepLatest(tokenCache, [word, opened], cacheLimit);
    return opened;
  }

  return {
    /** Sets key and revocations of a snapshot. Without a key every token is refused. */
    setKeyAndRevocations(snapshot: Pick<RegistrySnapshot, 'reflectorKey' | 'pcs'>): void {
      key = snapshot.reflectorKey === undefined ? undefined : Buffer.from(snapshot.reflectorKey, 'base64url');
      revoked = new Set(snapshot.pcs.filter((one) => one.revoked).map(({ pc }) => pcHash(pc)));
      tokenCache.clear();
    },
    /**
     * Returns the content of a token, or why it is refused. `stranger`: invalid or revoked. `ended`: expired. `unproven`: not verified
     * because of the rate limit.
     */
    verify(token: Buffer): ReflectorToken | 'stranger' | 'ended' | 'unproven' {
      const word = token.toString('latin1');
      const known = tokenCache.get(word);
      if (known === undefined) return verifyUnknown(token, word);
      if (known.endsAt > clock.now()) return known;
      tokenCache.delete(word);
      return 'ended';
    },
  };
}
