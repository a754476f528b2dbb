/** Who is answered by the reflector: whoever shows a token of `flows` (contracts/reflector.ts). Strangers cost a bounded amount of work. */
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

/** Whose packets are answered. */
export type Rights = ReturnType<typeof createRights>;

/** Far above what a nation's PCs need, which show a new token once in an hour; and some hundredths of a core. */
const provings: Rate = { perSecond: 2_000, burst: 2_000 };
/** More than there are measuring PCs in the largest network that was measured. */
const provenAtMost = 32_768;

/** Guarantee: nobody is proven but by the key of the last snapshot, and of unknown tokens no more than `provings` are looked at. */
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
    /** Takes key and revocations of a snapshot; without a key nobody is answered. */
    use(snapshot: Pick<RegistrySnapshot, 'reflectorKey' | 'pcs'>): void {
      key = snapshot.reflectorKey === undefined ? undefined : Buffer.from(snapshot.reflectorKey, 'base64url');
      revoked = new Set(snapshot.pcs.filter((one) => one.revoked).map(({ pc }) => pcMark(pc)));
      proven.clear();
    },
    /** What a token says; `stranger` where it is not ours or its PC is revoked, `ended`, or `unproven` where too many unknown ones were shown of late. */
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
