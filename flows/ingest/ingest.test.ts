import { centreClock, configuration, encode, openSigned, pcTopic } from '@sabha/contracts';
import { describe, expect, it } from 'vitest';
import { centrePublicKey } from '../../test/centre-key.ts';
import { birth, changeOf, checks, createRig, digest, event, nodes, pc } from './ingest.test-helper.ts';

describe('ingest: from the messages of PCs to committed batches', () => {
  it('R3, R20 ingest acknowledges a birth only after its commit, with its requests and the newer configuration', async () => {
    const rig = await createRig();
    rig.ingest.takeMessage(pcTopic(pc, 'presence'), encode('presence', birth));
    expect([rig.sent, rig.told]).toEqual([[], []]);
    await rig.settle();
    expect(rig.told).toEqual(['birth']);
    expect(rig.acks()).toEqual([{ spool: 's1', upTo: 0, at: expect.any(Number), session: 1, want: ['inventory', 'state'], measure: true }]);
    expect(rig.sent.map(({ topic }) => topic)).toContain(pcTopic(pc, 'config'));
  });

  it('R4 ingest acknowledges events up to a missing number, and beyond it when the backlog contains that number', async () => {
    const rig = await createRig();
    rig.ingest.takeMessage(pcTopic(pc, 'presence'), encode('presence', birth));
    rig.ingest.takeMessage(pcTopic(pc, 'event'), encode('event', event(3)));
    await rig.settle();
    rig.ingest.takeMessage(pcTopic(pc, 'backlog'), encode('backlog', [event(1), event(2)]));
    await rig.settle();
    expect(rig.acks().map((ack) => ack.upTo)).toEqual([0, 3]);
    expect(rig.acks()[1]?.mark).toHaveLength(8);
  });

  it('R20 ingest offers a transition and hands over its outbox rows only after the commit', async () => {
    const rig = await createRig();
    rig.ingest.started();
    rig.ingest.takeMessage(pcTopic(pc, 'presence'), encode('presence', birth));
    rig.ingest.takeMessage(pcTopic(pc, 'state'), encode('state', { digest, session: 1, rev: 1, checks: [...checks] }));
    expect(rig.offers).toEqual([]);
    await rig.settle();
    const [message] = rig.offers;
    if (message === undefined) throw new Error('nothing was offered');
    expect(message).toMatchObject({ topic: pc, fault: 'microphone.missing', severity: 'critical', holdMs: 20_000 });
    message.acts.push({ do: 'deliver', channel: 'email', to: ['technician'], severity: 'critical' });
    rig.ingest.conclude(message, 'told');
    expect(rig.rows).toEqual([]);
    await rig.settle();
    expect(rig.rows.map((row) => row.key)).toEqual(['1/email/technician']);
  });

  it('R24 ingest does not repeat an offer or take the default route while its commit hangs', async () => {
    const disk = Promise.withResolvers<void>();
    let hangs = false;
    const rig = await createRig((ledger) => ({
      ...ledger,
      async commit(ops) {
        if (hangs) await disk.promise;
        return ledger.commit(ops);
      },
    }));
    rig.ingest.started();
    rig.ingest.takeMessage(pcTopic(pc, 'presence'), encode('presence', birth));
    await rig.settle();
    hangs = true;
    rig.ingest.takeMessage(pcTopic(pc, 'state'), encode('state', { digest, session: 1, rev: 1, checks: [...checks] }));
    await rig.clock.pass(45_000);
    expect(rig.offers).toEqual([]);
    hangs = false;
    disk.resolve();
    await rig.settle();
    expect([rig.offers.map(({ transition }) => transition.offer), rig.rows]).toEqual([[1], []]);
  });

  it('R22 ingest continues a wait at its due time, not at the next full second', async () => {
    const rig = await createRig();
    rig.ingest.subscribed();
    rig.ingest.started();
    rig.ingest.takeMessage(pcTopic(pc, 'presence'), encode('presence', birth));
    rig.ingest.takeMessage(pcTopic(pc, 'state'), encode('state', { digest, session: 1, rev: 1, checks: [...checks] }));
    await rig.settle();
    const [message] = rig.offers;
    if (message === undefined) throw new Error('nothing was offered');
    const { severity, holdMs, to } = message;
    const dueAt = message.transition.at + 20_300;
    message.acts.push({ do: 'wait', node: 'hold', dueAt, unlessAcknowledged: false, message: { severity, holdMs, to } });
    rig.ingest.conclude(message, 'on hold');
    await rig.clock.pass(20_299);
    expect(rig.offers).toHaveLength(1);
    await rig.clock.pass(2);
    await rig.settle();
    expect(rig.offers).toHaveLength(2);
  });

  it('R20 ingest ends the pipeline once after a failed commit, and sends nothing', async () => {
    const rig = await createRig((ledger) => ({ ...ledger, commit: () => Promise.reject(new Error('disk full')) }));
    rig.ingest.takeMessage(pcTopic(pc, 'presence'), encode('presence', birth));
    await rig.settle();
    rig.ingest.takeMessage(pcTopic(pc, 'presence'), encode('presence', birth));
    rig.ingest.started();
    await rig.settle();
    expect(rig.fatal.map((error) => error.message)).toEqual(['disk full']);
    expect(rig.sent).toEqual([]);
  });

  it('ingest does not parse, store or acknowledge an unchanged beat, but acknowledges a beat with an echo', async () => {
    const rig = await createRig();
    rig.ingest.takeMessage(pcTopic(pc, 'presence'), encode('presence', birth));
    rig.ingest.takeMessage(pcTopic(pc, 'state'), encode('state', { digest, session: 1, rev: 1, checks: [...checks] }));
    await rig.settle();
    const before = rig.counted.length;
    rig.ingest.takeMessage(pcTopic(pc, 'beat'), encode('beat', { digest, session: 1, at: 5 }));
    await rig.settle();
    expect(rig.counted.slice(before)).toEqual(['beat same']);
    rig.ingest.takeMessage(pcTopic(pc, 'beat'), encode('beat', { digest, session: 1, at: 5, echo: 77 }));
    await rig.settle();
    expect(rig.acks().at(-1)).toMatchObject({ echo: 77 });
  });

  it('S6, R4 ingest signs the time of the server with the PC, the echo and the acknowledged number if it is known', async () => {
    const rig = await createRig();
    const clockAfter = async (one: Pick<typeof rig, 'ingest' | 'settle' | 'acks'>, echo: number) => {
      one.ingest.takeMessage(pcTopic(pc, 'beat'), encode('beat', { digest, session: 1, at: 5, echo }));
      await one.settle();
      const { clock = { signed: '', signature: '' }, at } = one.acks().at(-1) ?? {};
      expect(openSigned(centreClock, clock, centrePublicKey)).toMatchObject({ ok: true, value: { pc, echo, at, spool: 's1' } });
      return JSON.parse(clock.signed).upTo;
    };
    rig.ingest.takeMessage(pcTopic(pc, 'presence'), encode('presence', birth));
    rig.ingest.takeMessage(pcTopic(pc, 'backlog'), encode('backlog', [event(1), event(2)]));
    await rig.settle();
    expect(await clockAfter(rig, 77)).toBe(2);
    rig.ingest.close();
    // A server that has just started does not know the acknowledged number, so its ack has none (not 0).
    expect(await clockAfter(await createRig((ledger) => ledger, rig.db), 78)).toBeUndefined();
  });

  it('ingest counts and records unreadable messages, and continues', async () => {
    const rig = await createRig();
    for (const payload of ['nonsense', '{', '{"digest":1}', `{"x":"${'y'.repeat(70_000)}"}`])
      rig.ingest.takeMessage(pcTopic(pc, 'state'), Buffer.from(payload));
    rig.ingest.takeMessage('sabha/v1/a/b/c/dance', Buffer.from('{}'));
    rig.ingest.takeMessage(pcTopic('capital/this-office/stranger', 'presence'), encode('presence', birth));
    await rig.settle();
    expect(rig.counted).toEqual(
      expect.arrayContaining(['state version', 'state malformed', 'state schema', 'state oversized', 'other unknown', 'commit ok']),
    );
    expect(rig.db.prepare('SELECT count(*) AS n FROM steps').get()).toEqual({ n: 1 });
    expect(rig.said).toEqual(['unreadable state: unknown envelope 110']);
  });

  it('R17 ingest reports a birth that answers a roll call after its commit with its state, and no other birth', async () => {
    const rig = await createRig();
    rig.ingest.takeMessage(pcTopic(pc, 'presence'), encode('presence', { ...birth, hello: 'call-1' }));
    expect(rig.born).toEqual([]);
    await rig.settle();
    rig.ingest.takeMessage(pcTopic(pc, 'presence'), encode('presence', { ...birth, hello: 'h1' }));
    await rig.settle();
    expect(rig.born).toEqual([[pc, expect.objectContaining({ digest, session: 1, rev: 1 })]]);
    expect(rig.ingest.memory.pcs.get(pc)?.calledAt).toBe(rig.clock.now());
  });

  it('R20 ingest commits tree, registry and audit of a change in one transaction, then notifies PCs, broker and views', async () => {
    const rig = await createRig();
    rig.ingest.subscribed();
    rig.ingest.takeMessage(pcTopic(pc, 'presence'), encode('presence', { ...birth, config: 1 }));
    await rig.settle();
    const [site] = nodes().filter(({ path }) => path === 'capital/this-office');
    if (site === undefined) throw new Error('no site');
    const other = { path: 'capital/this-office/second', name: { en: 'Hall', hi: 'हॉल' }, layer: {}, site: null };
    const entry = { pc: other.path, tokenHash: 'x'.repeat(43), certificates: [], revoked: false };
    const before = rig.sent.length;
    const done = rig.ingest.changeSites(
      changeOf({ nodes: [{ ...site, layer: { ...site.layer, link: 'geo' } }, other], registry: [entry] }),
    );
    expect(rig.sent.length).toBe(before);
    expect(await done).toBe(true);
    const [config, hello] = rig.sent.slice(before).map(({ topic, payload }) => ({ topic, said: JSON.parse(String(payload)) }));
    expect([config?.topic, hello?.topic]).toEqual([pcTopic(pc, 'config'), 'sabha/v1/capital/this-office/all/hello']);
    expect(openSigned(configuration, config?.said, centrePublicKey)).toMatchObject({
      value: { pc, version: 2, profile: { link: 'geo' } },
    });
    expect(hello?.said).toMatchObject({ fresh: false });
    expect(rig.registered).toEqual([entry]);
    expect(rig.changes.at(-1)).toMatchObject({ sites: ['capital/this-office'], pcsGone: [] });
    const { nodes: kept, registry } = await rig.ledger.load();
    expect(kept.map(({ path }) => path)).toContain(other.path);
    expect(registry.entries).toContainEqual(entry);
    expect(rig.db.prepare('SELECT who, what FROM audit').all()).toEqual([{ who: 'Asha', what: 'test' }]);
    expect(rig.ingest.table().known.map((one) => [one.pc, one.link])).toEqual([
      [other.path, 'geo'],
      [pc, 'geo'],
    ]);
  });

  it('ingest sends a staged change to one PC first, stops the rollout when that PC is silent, and continues after a release', async () => {
    const rig = await createRig();
    rig.ingest.subscribed();
    const other = { path: 'capital/this-office/second', name: { en: 'Hall', hi: 'हॉल' }, layer: {}, site: null };
    await rig.ingest.changeSites(changeOf({ nodes: [other] }));
    for (const path of [pc, other.path]) rig.ingest.takeMessage(pcTopic(path, 'presence'), encode('presence', { ...birth, config: 1 }));
    await rig.settle();
    const configured = () => rig.sent.filter(({ topic }) => topic.endsWith('/config')).map(({ topic }) => topic);
    expect(configured()).toEqual([]);
    const [site] = nodes().filter((node) => node.site !== null);
    if (site === undefined) throw new Error('no site');
    await rig.ingest.changeSites(changeOf({ nodes: [{ ...site, layer: { link: 'geo' } }], staged: { by: 'Asha' } }));
    await rig.clock.pass(100);
    expect(configured()).toHaveLength(1);
    expect(rig.ingest.rollout()).toMatchObject({ pcs: 2, released: 1, stopped: null });
    const first = configured()[0]?.includes('second') ? other.path : pc;
    rig.ingest.takeMessage(pcTopic(first, 'presence'), encode('presence', { kind: 'lost', boot: 'b1', session: 1 }));
    await rig.clock.pass(100_000);
    await rig.settle();
    expect(rig.ingest.rollout()?.stopped).toContain('of 1 PCs 1 silent');
    expect((await rig.ledger.load()).meta['rollout']).toContain('1 silent');
    // Central operations are notified once. A restarted server neither clears nor repeats the notification.
    const ofCentre = (one: typeof rig) => [...one.ingest.memory.incidents.values()].filter(({ scope }) => scope === 'centre');
    const stopped = [{ over: null, severity: 'minor', faults: [{ fault: 'centre.rollout_stopped', goneAt: null }] }];
    expect(ofCentre(rig)).toMatchObject(stopped);
    const next = await createRig(undefined, rig.db);
    next.ingest.subscribed();
    await next.settle();
    expect(ofCentre(next)).toMatchObject(stopped);
    next.ingest.close();
    expect(await rig.ingest.release('Asha')).toBe(true);
    await rig.clock.pass(1_100);
    expect(ofCentre(rig)).toMatchObject([{ over: 'cleared' }]);
    await rig.clock.pass(100);
    expect(configured()).toHaveLength(2);
    expect(rig.ingest.rollout()).toBeNull();
  });

  it('R17 ingest sends a hello to sites whose PCs became known or were replaced', async () => {
    const rig = await createRig();
    const stage = (to: 'closed' | 'commissioning') =>
      nodes().map((node) => (node.site ? { ...node, site: { ...node.site, stage: to } } : node));
    const asked = () => rig.sent.filter(({ topic }) => topic.endsWith('/hello')).map(({ topic }) => topic);
    await rig.ingest.changeSites(changeOf({ nodes: stage('closed') }));
    await rig.ingest.changeSites(changeOf({ nodes: stage('commissioning') }));
    // Before the SUBACK no response would be received. A hello to all follows it.
    expect(asked()).toEqual([]);
    rig.ingest.subscribed();
    await rig.ingest.changeSites(changeOf({ nodes: stage('closed') }));
    expect(asked()).toEqual(['sabha/v1/all/hello']);
    await rig.ingest.changeSites(changeOf({ nodes: stage('commissioning') }));
    expect(asked().slice(1)).toEqual(['sabha/v1/capital/this-office/all/hello']);
    await rig.ingest.changeSites(changeOf({ replaced: [pc] }));
    expect(asked()).toHaveLength(3);
    const [site] = nodes().filter((node) => node.site !== null);
    const many = Array.from({ length: 60 }, (_, at) => `goa/site-${at}`).flatMap((path) => [
      { ...site, path, site: site?.site ?? null, name: { en: path, hi: path }, layer: {} },
      { path: `${path}/vc-1`, name: { en: 'Hall', hi: 'हॉल' }, layer: {}, site: null },
    ]);
    await rig.ingest.changeSites(changeOf({ nodes: [{ path: 'goa', name: { en: 'Goa', hi: 'गोवा' }, layer: {}, site: null }, ...many] }));
    expect(asked().slice(3)).toEqual(['sabha/v1/all/hello']);
  });

  it('R30 ingest neither stores nor acknowledges messages of a replaced machine', async () => {
    const rig = await createRig();
    rig.ingest.subscribed();
    rig.ingest.takeMessage(pcTopic(pc, 'presence'), encode('presence', birth));
    await rig.settle();
    await rig.ingest.changeSites(changeOf({ replaced: [pc] }));
    const [sent, before] = [rig.sent.length, rig.ingest.memory.pcs.get(pc)];
    rig.ingest.takeMessage(pcTopic(pc, 'presence'), encode('presence', birth));
    rig.ingest.takeMessage(pcTopic(pc, 'state'), encode('state', { digest, session: 1, rev: 1, checks: [...checks] }));
    await rig.settle();
    expect([rig.sent.length, rig.ingest.memory.pcs.get(pc)]).toEqual([sent, before]);
    expect([...rig.ingest.memory.incidents.values()]).toEqual([]);
  });

  it('R15 ingest closes the incident of a retired PC with the reason, and keeps the name of its room', async () => {
    const rig = await createRig();
    rig.ingest.subscribed();
    rig.ingest.takeMessage(pcTopic(pc, 'presence'), encode('presence', birth));
    rig.ingest.takeMessage(pcTopic(pc, 'state'), encode('state', { digest, session: 1, rev: 1, checks: [...checks] }));
    await rig.settle();
    await rig.ingest.changeSites(changeOf({ gone: [{ path: pc, because: 'retired' }] }));
    expect([...rig.ingest.memory.incidents.values()]).toMatchObject([{ over: 'closed', closedBecause: 'retired' }]);
    expect(rig.ingest.place(pc).room.en).toBe('Conference room');
    expect(rig.changes.at(-1)).toMatchObject({ pcsGone: [pc] });
  });

  it('ingest stops a revoked PC at once, and does not report it as silent', async () => {
    const rig = await createRig();
    rig.ingest.subscribed();
    rig.ingest.takeMessage(pcTopic(pc, 'presence'), encode('presence', birth));
    await rig.settle();
    const heardAt = rig.ingest.memory.pcs.get(pc)?.heardAt;
    await rig.clock.pass(1_000);
    await rig.ingest.changeSites(changeOf({ registry: [{ pc, tokenHash: null, certificates: [], revoked: true }] }));
    expect(rig.ingest.memory.pcs.get(pc)).toMatchObject({ presence: 'stopped', heardAt });
    rig.ingest.takeMessage(pcTopic(pc, 'presence'), encode('presence', { kind: 'lost', boot: 'b1', session: 1 }));
    await rig.clock.pass(600_000);
    expect(rig.ingest.memory.pcs.get(pc)?.presence).toBe('stopped');
    expect([...rig.ingest.memory.incidents.values()]).toEqual([]);
  });

  it('ingest resolves waiting calls with false if the commit fails', async () => {
    const rig = await createRig((ledger) => ({ ...ledger, commit: () => Promise.reject(new Error('disk full')) }));
    const waits = [rig.ingest.changeSites(changeOf({})), rig.ingest.tell({ type: 'tick' }), rig.ingest.record([])];
    expect(await Promise.all(waits)).toEqual([false, false, false]);
    expect(await rig.ingest.changeSites(changeOf({}))).toBe(false);
    expect(rig.registered).toEqual([]);
  });

  it('ingest moves a planned site to commissioning when its PC sends a message', async () => {
    const rig = await createRig();
    const planned = nodes().map((node) => (node.site ? { ...node, site: { ...node.site, stage: 'planned' as const } } : node));
    await rig.ingest.changeSites(changeOf({ nodes: planned }));
    rig.ingest.subscribed();
    rig.ingest.takeMessage(pcTopic(pc, 'presence'), encode('presence', birth));
    await rig.clock.pass(2_100);
    await rig.settle();
    expect(rig.ingest.table().stageOf(pc)).toBe('commissioning');
    expect((await rig.ledger.load()).nodes.find(({ site }) => site)?.site?.stage).toBe('commissioning');
  });

  it('ingest continues after a restart from the state in the ledger', async () => {
    const rig = await createRig();
    rig.ingest.started();
    rig.ingest.takeMessage(pcTopic(pc, 'presence'), encode('presence', birth));
    rig.ingest.takeMessage(pcTopic(pc, 'state'), encode('state', { digest, session: 1, rev: 1, checks: [...checks] }));
    await rig.settle();
    await rig.settle();
    rig.ingest.close();
    const next = await createRig(undefined, rig.db);
    next.ingest.started();
    await next.settle();
    expect(next.offers.map((one) => [one.fault, one.transition.offer])).toEqual([['microphone.missing', 2]]);
    expect(next.sent.some(({ topic }) => topic === pcTopic(pc, 'config'))).toBe(false);
  });

  it('ingest keeps link report, link break and power of a site, and the first two across a restart', async () => {
    const rig = await createRig();
    const site = 'capital/this-office';
    const broken = { component: 'path', device: '', from: null, to: { status: 'fault', fault: 'path.gateway', reason: null } };
    rig.ingest.takeMessage(pcTopic(pc, 'presence'), encode('presence', birth));
    rig.ingest.takeMessage(pcTopic(pc, 'event'), encode('event', { ...event(3), kind: 'link', body: { at: 30 } }));
    rig.ingest.takeMessage(
      pcTopic(pc, 'backlog'),
      encode('backlog', [
        { ...event(1), body: broken },
        { ...event(2), kind: 'link', body: { at: 20 } },
      ]),
    );
    rig.ingest.takeMessage(pcTopic(pc, 'beat'), encode('beat', { digest, session: 1, at: 2, n: { room: 21, load: 1 } }));
    await rig.settle();
    const said = { link: { pc, at: expect.any(Number), report: { at: 30 } }, broke: { pc, at: 1, fault: 'path.gateway' } };
    expect(rig.ingest.link(site)).toEqual(said);
    expect(rig.ingest.numbers(pc)).toEqual({ room: 21 });
    rig.ingest.close();
    const again = await createRig(undefined, rig.db);
    expect(again.ingest.link(site)).toEqual(said);
    await again.ingest.changeSites(changeOf({ gone: [{ path: site, because: 'closed' }] }));
    expect(Object.keys((await again.ledger.load()).meta).filter((key) => /^(link|broke)\//.test(key))).toEqual([]);
  });
});
