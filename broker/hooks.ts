/**
 * Connects admission and access rules to the hooks of aedes. A denied publish gets no error, because the client would resend the message
 * without end.
 */
import { TLSSocket } from 'node:tls';
import { decode, payloadLimitBytes } from '@sabha/contracts';
import type { Aedes, Client } from 'aedes';
import { type Action, checkAccess, principalOf, type TopicRequest } from './admission/access.ts';
import type { Admission, CloneDetector, Refusal, Sessions } from './admission/admission.ts';
import type { RateLimiter } from './protection/client-limits.ts';
import type { Refuse } from './protection/refusals.ts';

export type HookOptions = {
  admission: Admission;
  sessions: Sessions;
  clones: CloneDetector;
  refuse: Refuse;
  pace: Pick<RateLimiter, 'inTurn'>;
  onMessage: (leaf: string) => void;
};
export type Hooks = Pick<Aedes, 'preConnect' | 'authenticate' | 'authorizePublish' | 'authorizeSubscribe' | 'authorizeForward'>;

/** A refused message is moved to this topic. No client can subscribe to it, so nobody receives the message. */
const refusedTopic = '$refused';
/** Return codes of CONNACK: 2 identifier rejected, 5 not authorised. */
const returnCodes: Partial<Record<Refusal | 'cloned', number>> = { client_id: 2, unclean_session: 2 };

/** Guarantee: no client connects, publishes or receives without permission of admission and access rules. Each refusal is counted. */
export function createHooks({ admission, sessions, clones, refuse, pace, onMessage }: HookOptions): Hooks {
  const boots = new WeakMap<Client, string | undefined>();

  /** Returns true if the admitted client has permission. Otherwise counts the refusal. */
  function isPermitted(client: Client | null, action: Action, request: TopicRequest): boolean {
    const session = client ? sessions.admissionOf(client) : undefined;
    const access = session ? checkAccess(session.principal, action, request) : ({ allow: false, reason: 'not_admitted' } as const);
    if (!access.allow) refuse({ action, reason: access.reason, who: session?.name ?? '', what: request.topic });
    return access.allow;
  }

  return {
    /** Checks the last will by the name that the client claims. `authenticate` then verifies the name. */
    preConnect(client, packet, done) {
      const { will, username } = packet;
      const principal = principalOf(username);
      if (will && principal) {
        const access = checkAccess(principal, 'will', toTopicRequest(will));
        if (!access.allow) {
          refuse({ action: 'will', reason: access.reason, who: username ?? '', what: will.topic });
          delete packet.will;
        } else boots.set(client, bootOf(will.payload));
      }
      done(null, true);
    },
    // biome-ignore lint/complexity/useMaxParams: this is how aedes calls it.
    authenticate(client, username, password, done) {
      const { id: clientId, clean, conn } = client;
      // Over TLS only the certificate is checked.
      const proof = conn instanceof TLSSocket ? { certificate: conn.getPeerX509Certificate() } : { password: password?.toString() };
      const admitted = admission.authenticate({ clientId, clean, username, proof });
      if (admitted.ok && !clones.isClone(admitted.name, boots.get(client), sessions.isOpen(admitted.name))) {
        sessions.open(client, admitted);
        return done(null, true);
      }
      const reason = admitted.ok ? 'cloned' : admitted.reason;
      refuse({ action: 'connect', reason, who: username ?? '' });
      done(Object.assign(new Error(`refused: ${reason}`), { returnCode: returnCodes[reason] ?? 5 }), false);
    },
    /** Checks a publish. aedes also calls it when it publishes a last will, whose client is closed by then. */
    authorizePublish(client, packet, done) {
      const oversized = packet.payload.length > payloadLimitBytes;
      if (oversized) refuse({ action: 'publish', reason: 'oversized', who: client?.id ?? '', what: packet.topic });
      const leaf =
        !oversized && isPermitted(client, 'publish', toTopicRequest(packet))
          ? packet.topic.slice(packet.topic.lastIndexOf('/') + 1)
          : undefined;
      // The client receives its PUBACK, but nobody receives the message.
      if (leaf === undefined) Object.assign(packet, { topic: refusedTopic, payload: Buffer.alloc(0), retain: false });
      else onMessage(leaf);
      const session = client && !client.closed ? sessions.admissionOf(client) : undefined;
      if (!client || session?.principal.kind !== 'pc') return done(null);
      pace.inTurn(client, session.name, () => {
        if (leaf === 'presence') clones.recordPresence(session.name, boots.get(client));
        done(null);
      });
    },
    authorizeSubscribe(client, subscription, done) {
      done(null, isPermitted(client, 'subscribe', toTopicRequest(subscription)) ? subscription : null);
    },
    authorizeForward(client, packet) {
      return isPermitted(client, 'forward', toTopicRequest({ topic: packet.topic })) ? packet : null;
    },
  };
}

function bootOf(payload: string | Buffer): string | undefined {
  const read = decode('presence', Buffer.from(payload));
  return read.ok ? read.value.boot : undefined;
}

function toTopicRequest({ topic, qos = 0, retain = false }: { topic: string; qos?: number; retain?: boolean }): TopicRequest {
  return { topic, qos, retain };
}
