/** Tests the four views of the wall in a real browser, as a person sees and uses them. */
import { describe, expect, test } from 'vitest';
import { detailOf, fullOf, lehRoom, microphoneGone, rollCallOf } from './wall-nation.ts';
import { wallRuns, wallStage } from './wall-stage.ts';

describe.runIf(wallRuns)('the wall', () => {
  const stage = wallStage();
  const tile = (state: string) => stage.page.locator(`.tile[data-state=${state}]`);
  const line = (id: number) => stage.page.locator(`[data-incident="${id}"]`);
  const spoken = () => stage.page.locator('[aria-live=polite]').textContent();

  test('shows sites by stage, counts live ones, has a tile for each state, and uses red only where somebody must act', async () => {
    await stage.open('#/');
    const { page } = stage;
    expect(await page.locator('.top').textContent()).toMatch(/753 live, 46 being set up, 15 planned.*as of \d\d:\d\d:\d\d/);
    expect(await stage.tally()).toEqual({ unproven: '707', fault: '17', unknown: '29' });
    expect(await page.locator('.tile').count()).toBe(36);
    expect(await page.locator('.tile.hot').evaluateAll((all) => all.map((one) => one.getAttribute('data-state')))).toEqual(['ladakh']);
    expect(await tile('ladakh').textContent()).toContain(
      'Ladakh: 7 of 8 ready (not proven), 1 not ready, 0 unknown, 1 not live yet. needs action now',
    );
    expect(await tile('ladakh').textContent()).toMatch(/^\s*LA7\/8/);
    const kinds = await tile('ladakh')
      .locator('path')
      .evaluateAll((all) => all.map((one) => one.getAttribute('class')));
    expect(kinds).toEqual(['dot fault', 'dot unproven', 'dot commissioning']);
    expect(await page.locator('.needs .line').evaluateAll((all) => all.map((one) => one.getAttribute('data-incident')))).toEqual([
      '7',
      '9',
    ]);
    await page.getByText('1 open: somebody is on it').waitFor();
    expect(stage.troubles).toEqual([]);
  });

  test('opens the sites of a state from its tile, also by keyboard, and leads to a site and back', async () => {
    await stage.open('#/');
    const { page } = stage;
    await tile('ladakh').focus();
    await page.keyboard.press('Enter');
    const panel = page.locator('[data-panel=ladakh]');
    await expect.poll(() => panel.getByRole('heading').evaluate((one) => one === document.activeElement)).toBe(true);
    expect(await panel.locator('li').first().textContent()).toMatch(/Leh\s*Microphone not found/);
    expect(await panel.locator('li').count()).toBe(9);
    await expect.poll(() => page.locator('.needs .line').count()).toBe(1);
    await panel.getByRole('link', { name: 'Leh' }).click();
    await page.locator('article[data-pc="ladakh/leh/vc-1"]').waitFor();
    await page.goBack();
    await panel.waitFor();
    await panel.getByRole('link', { name: 'Close' }).click();
    await panel.waitFor({ state: 'detached' });
    expect(stage.troubles).toEqual([]);
  });

  test('receives at most 1 KB for one fault of one site, and redraws only the tile of that state', async () => {
    await stage.open('#/');
    const { page, view } = stage;
    await page.evaluate(() => {
      const touched = new Set<string>();
      Object.assign(globalThis, { touched });
      const stateOf = (node: Node) =>
        (node instanceof Element ? node : node.parentElement)?.closest('[data-state]')?.getAttribute('data-state');
      const watch = { subtree: true, childList: true, attributes: true, characterData: true };
      const observer = new MutationObserver((all) => {
        for (const one of all) touched.add(stateOf(one.target) ?? 'another');
      });
      observer.observe(document.querySelector('.map') as Element, watch);
    });
    const goa = view.content.sites.find((one) => one.site === 'goa/site-1');
    if (goa === undefined) throw new Error('no such site');
    const why = { component: 'microphone', fault: 'microphone.missing', reason: null };
    const row = microphoneGone(Date.now(), { id: 12, scope: 'goa/site-1/vc-1', site: goa.name });
    const bytes = view.change({ sites: [{ ...goa, readiness: 'not-ready', why, worst: 'critical', open: 1 }], incidents: [row] });
    await expect.poll(() => tile('goa').getAttribute('class')).toContain('hot');
    await expect.poll(stage.tally).toEqual({ unproven: '706', fault: '18', unknown: '29' });
    const clock = () => page.locator('.link').textContent();
    const before = await clock();
    await expect.poll(clock).not.toBe(before);
    expect(await page.evaluate(() => [...(globalThis as unknown as { touched: Set<string> }).touched])).toEqual(['goa']);
    console.log(`one fault: ${bytes} bytes`);
    expect(bytes).toBeLessThanOrEqual(1024);
  });

  test('shows a new incident without a reload, announces it once, and removes it when it clears', async () => {
    await stage.open('#/');
    const row = microphoneGone(Date.now(), { id: 20, scope: 'delhi/site-1/vc-1', site: { en: 'Delhi 1', hi: 'दिल्ली 1' } });
    stage.view.change({ incidents: [row] });
    await line(20).getByRole('heading', { name: 'Microphone not found' }).waitFor();
    expect(await line(20).textContent()).toContain('Tashi was notified, ');
    await expect.poll(() => stage.page.title()).toBe('◆ 3 · Sabha');
    await expect.poll(spoken).toBe('New: Microphone not found, Conference room');
    stage.view.change({ incidents: [{ ...row, overAt: Date.now(), over: 'cleared' }] });
    await line(20).waitFor({ state: 'detached' });
    await expect.poll(spoken).toBe('Over: Microphone not found, Conference room');
    await expect.poll(() => tile('delhi').getAttribute('class')).not.toContain('hot');
  });

  test('shows a PC that responds again as watched, since when and until when, in both languages, without a need to act', async () => {
    await stage.open('#/');
    const { page, view } = stage;
    const [at, until] = [stage.today(10, 2, 3), stage.today(10, 12, 3)];
    const silent = {
      fault: 'pc.silent',
      device: '',
      name: null,
      severity: 'critical',
      since: at - 60_000,
      hidden: false,
      unknownSince: null,
    } as const;
    const rows = [7, 9].map((id) =>
      microphoneGone(at, { id, scope: `ladakh/leh/vc-${id}`, faults: [{ ...silent, watched: { since: at, until } }] }),
    );
    view.change({ incidents: rows });
    await page.getByText('No alert needs action.').waitFor();
    expect(await page.locator('.needs .line, .needs .number, .tile.hot').count()).toBe(0);
    await expect.poll(() => page.title()).toBe('○ Sabha');
    await page.getByText('2 watched; they close by themselves if they stay OK').click();
    expect(await line(7).textContent()).toContain('Answers again since 10:02:03, watched until 10:12:03');
    expect(await line(7).locator('[data-mark]').getAttribute('data-mark')).toBe('ok');
    const [first] = rows;
    view.content.full.set(7, fullOf(first ?? microphoneGone(at), at));
    await line(7).getByRole('link').click();
    // The text appears once on the page of the incident, and twice in the list.
    await expect.poll(() => page.getByText('Answers again since 10:02:03').count()).toBe(1);
    await page.getByRole('button', { name: 'हिन्दी' }).click();
    await page.getByText('10:02:03 से फिर जवाब दे रहा है, 10:12:03 तक नज़र रहेगी').waitFor();
    // A missing microphone is a current fault, so somebody must act.
    const missing = { ...silent, fault: 'microphone.missing', hidden: true } as const;
    view.change({ incidents: rows.slice(0, 1).map((row) => ({ ...row, faults: [...row.faults, missing] })) });
    await page.getByRole('heading', { name: 'माइक नहीं मिल रहा' }).waitFor();
    await expect.poll(() => page.title()).toBe('◆ 1 · Sabha');
    expect(stage.troubles).toEqual([]);
  });

  test('asks once for a name before an acknowledgement, works by keyboard, and keeps typed text over a redraw', async () => {
    const { view } = stage;
    view.onPost = (path, { by }) => {
      const id = Number(/incidents\/(\d+)\/acknowledge/.exec(path)?.[1]);
      const row = view.content.incidents.find((one) => one.id === id);
      if (row !== undefined && by !== undefined) view.change({ incidents: [{ ...row, acknowledged: { by, at: Date.now() } }] });
      return { status: 204 };
    };
    await stage.open('#/');
    const { page } = stage;
    await line(7).getByRole('button', { name: 'I am on it' }).focus();
    await page.keyboard.press('Enter');
    await page.locator('dialog input:focus').waitFor();
    await page.keyboard.type('As');
    const clock = () => page.locator('.link').textContent();
    const before = await clock();
    await expect.poll(clock).not.toBe(before);
    await page.keyboard.type('ha');
    await page.keyboard.press('Enter');
    await page.getByText('2 open: somebody is on it').waitFor();
    expect(view.posts).toEqual([['/api/incidents/7/acknowledge', { by: 'Asha' }]]);
    await expect.poll(() => tile('ladakh').getAttribute('class')).not.toContain('hot');
    await line(9).getByRole('button', { name: 'I am on it' }).click();
    await page.getByText('3 open: somebody is on it').waitFor();
    await page.reload();
    await page.getByRole('button', { name: 'You: Asha' }).waitFor();
    expect(stage.troubles).toEqual([]);
  });

  test('shows each check of a site with its age, its last day, the outdated profile and the facts', async () => {
    await stage.open('#/site/ladakh/leh');
    const room = stage.page.locator('article[data-pc="ladakh/leh/vc-1"]');
    await room.waitFor();
    expect(await room.locator('.state').textContent()).toBe('Not ready · Microphone not found');
    expect(await room.locator('[data-check=camera]').textContent()).toMatch(
      /Camera: there, open, not proven\s*Logitech Rally\s*in use by zoom\s*for 2 h 5 min/,
    );
    await room.getByText('Profile 3, should be 4').waitFor();
    expect(await room.locator('[data-strip=microphone]').textContent()).toContain(
      'fault 1 h · unknown 1 h · offline 1 h · there, open, not proven 21 h',
    );
    const shapes = await room.locator('[data-strip=microphone] rect').evaluateAll((all) => all.map((one) => one.getAttribute('class')));
    expect(shapes).toEqual(['unproven', 'away', 'unproven', 'unknown', 'fault']);
    expect(await stage.page.locator('[aria-labelledby=facts]').textContent()).toContain('Elevation3,524 m');
    stage.view.change({ pcs: [lehRoom(Date.now(), { readiness: 'ready', why: null, config: { wanted: 4, held: 4 } })] });
    await expect.poll(() => room.locator('.state').textContent()).toBe('Ready (not proven)');
    await room.getByText('Profile 3').waitFor({ state: 'detached' });
    expect(stage.troubles).toEqual([]);
  });

  test('shows the open items of the checklist of a site in commissioning, which can then be accepted', async () => {
    const { view } = stage;
    const site = view.content.sites.find((one) => one.site === 'ladakh/leh');
    if (site === undefined) throw new Error('no such site');
    view.change({ sites: [{ ...site, stage: 'commissioning' }] });
    view.content.details.set('ladakh/leh', detailOf(Date.now(), { ...site, stage: 'commissioning' }));
    view.onPost = () => {
      view.change({ sites: [{ ...site, stage: 'live' }] });
      return { status: 200, body: {} };
    };
    await stage.open('#/site/ladakh/leh');
    const { page } = stage;
    const items = page.locator('.checklist li');
    await expect.poll(() => items.count()).toBe(5);
    expect(await items.nth(0).textContent()).toContain('The agent is installed on every PC (done)');
    expect(await items.nth(2).textContent()).toMatch(/newest profile \(open\)\s*Conference room\s*$/);
    expect(await items.nth(3).textContent()).toMatch(/No fault is open \(open\)\s*Conference room: Microphone not found\s*$/);
    expect(await items.nth(4).textContent()).toMatch(/\(open\)\s*Conference room: Clock\s*$/);
    await page.getByRole('button', { name: 'हिन्दी' }).click();
    await expect.poll(() => items.nth(3).textContent()).toMatch(/\(बाकी\)\s*कॉन्फ़्रेंस रूम: माइक नहीं मिल रहा\s*$/);
    await expect.poll(() => items.nth(4).textContent()).toMatch(/कॉन्फ़्रेंस रूम: घड़ी\s*$/);
    await page.getByRole('button', { name: 'English' }).click();
    const marks = await items.locator('[data-mark]').evaluateAll((all) => all.map((one) => one.getAttribute('data-mark')));
    expect(marks).toEqual(['ok', 'ok', 'unknown', 'unknown', 'unknown']);
    await page.evaluate(() => localStorage.setItem('sabha.name', 'Asha'));
    await page.reload();
    const accept = page.getByRole('button', { name: 'Accept: make this site live' });
    await page.getByText('Not yet: steps above that are still open: 3.').waitFor();
    expect([await accept.isDisabled(), await accept.getAttribute('aria-describedby')]).toEqual([true, 'not-yet']);
    await accept.press('Enter');
    const detail = detailOf(Date.now(), { ...site, stage: 'commissioning' });
    const checklist = detail.checklist.map((one) => ({ ...one, done: true, about: [] }));
    view.content.details.set('ladakh/leh', { ...detail, checklist });
    await page.reload();
    await page.getByText('Not yet').waitFor({ state: 'detached' });
    await accept.click();
    await page.locator('.checklist').waitFor({ state: 'detached' });
    expect(view.posts).toEqual([['/api/sites/ladakh/leh/stage', { stage: 'live', by: 'Asha' }]]);
  });

  test('shows the page of the site when the server has only one site', async () => {
    stage.view.content = { ...stage.view.content, sites: stage.view.content.sites.filter((one) => one.site === 'ladakh/leh') };
    await stage.open('');
    await stage.page.locator('article[data-pc="ladakh/leh/vc-1"]').waitFor();
    await stage.open('#/');
    expect(await stage.page.locator('.tile').count()).toBe(1);
  });

  test('shows an incident with first action, notes and history, and keeps text that could not be saved', async () => {
    const { view } = stage;
    await stage.open('#/incident/7');
    const { page } = stage;
    await page.evaluate(() => localStorage.setItem('sabha.name', 'Asha'));
    await page.reload();
    await page.getByText('Unplug the microphone cable and plug it in again.').waitFor();
    expect(await line(7).textContent()).toContain('केबल देख रहा हूँ');
    const history = await line(7).locator('.history').textContent();
    expect(history).toMatch(/Raised/);
    expect(history, 'what a tab says of a step is English').not.toContain('told Tashi by email');
    view.onPost = () => ({ status: 409, body: { error: 'this incident is over', code: 'over' } });
    await page.getByLabel('Note for incident 7').fill('cable');
    await page.keyboard.press('Enter');
    await page.getByText('Not saved: this alert is over').waitFor();
    expect(await page.getByLabel('Note for incident 7').inputValue()).toBe('cable');
    view.onPost = (_path, { by = '', text = '' }) => {
      const full = fullOf(microphoneGone(Date.now()), Date.now());
      view.content.full.set(7, { ...full, notes: [...full.notes, { at: Date.now(), by, text }] });
      return { status: 204 };
    };
    await page.getByRole('button', { name: 'Add note' }).click();
    await expect.poll(() => line(7).locator('.notes li').count()).toBe(2);
    expect(await page.getByLabel('Note for incident 7').inputValue()).toBe('');
    await stage.open('#/incident/99');
    await page.getByText('This alert is not in the records.').waitFor();
  });

  test('says which faults of an incident nobody was notified of, and omits notifications of ended faults', async () => {
    const row = microphoneGone(Date.now());
    const camera = { ...row.faults[0], fault: 'camera.missing', unnotified: true } as (typeof row.faults)[number];
    await stage.open('#/incident/7');
    await line(7).getByText('Tashi was notified by').waitFor();
    stage.view.change({ incidents: [{ ...row, faults: [...row.faults, camera] }] });
    await line(7).getByText('Nobody notified yet: Camera not found').waitFor();
    expect(await line(7).locator('.people').textContent()).toContain('Tashi was notified by');
    stage.view.change({ incidents: [{ ...row, faults: [camera] }] });
    await expect.poll(() => line(7).locator('.people').textContent()).not.toContain('Tashi was notified by');
    expect(await line(7).locator('.people').textContent()).toContain('Nobody notified yet: Camera not found');
    await stage.open('#/');
    expect(await line(7).textContent()).toContain('Nobody notified yet.');
  });

  test('starts the roll call of a state, shows responses live, and prints what the screen shows', async () => {
    const { view } = stage;
    const call = (answered: number, finished: boolean) => rollCallOf(view.content, 'ladakh', { answered, finished });
    view.onPost = () => {
      const started = call(0, false);
      view.content.rollcalls.set('r1', started);
      view.change({ rollcall: { ...started, rows: [] } });
      return { status: 201, body: { id: 'r1' } };
    };
    await stage.open('#/nation/ladakh');
    const { page } = stage;
    await page.evaluate(() => localStorage.setItem('sabha.name', 'Asha'));
    await page.reload();
    await page.getByRole('link', { name: 'Call the roll' }).click();
    expect(await page.locator('select[name=state]').inputValue()).toBe('ladakh');
    await page.getByRole('button', { name: 'Call the roll' }).click();
    await page.getByText('Roll call is running').waitFor();
    expect(view.posts).toEqual([['/api/rollcalls', { scope: 'ladakh', by: 'Asha' }]]);
    // The stream may announce the roll call before the response that names it arrives.
    await expect.poll(() => new URL(page.url()).hash).toBe('#/rollcall/r1');
    expect(await page.getByRole('button', { name: 'Call the roll' }).isDisabled()).toBe(true);
    const half = call(4, false);
    view.change({ rollcall: { ...half, rows: half.rows.slice(0, 4) } });
    const count = (key: string) => page.locator(`[data-count=${key}] b`).textContent();
    await expect.poll(() => count('unproven')).toBe('3');
    expect([await count('fault'), await count('silentSoFar')]).toEqual(['1', '4']);
    const whole = call(7, true);
    view.content.rollcalls.set('r1', whole);
    view.change({ rollcall: { ...whole, rows: whole.rows.slice(4) } });
    await page.locator('[data-finished=true]').waitFor();
    const rows = () => page.locator('tr[data-pc]:visible').evaluateAll((all) => all.map((one) => one.getAttribute('class')));
    await expect.poll(rows).toEqual(['fault', 'unknown']);
    expect(await page.locator('tr.unknown').textContent()).toMatch(/^\s*Silent.*silent since.*Tashi/s);
    expect(await page.locator('tr.unknown').textContent()).not.toContain('Unknown');
    expect(await page.getByRole('link', { name: 'CSV' }).getAttribute('href')).toBe('/api/rollcalls/r1/table.csv');
    await page.emulateMedia({ media: 'print' });
    expect(await rows()).toEqual(['fault', 'unknown']);
    await page.emulateMedia({ media: 'screen' });
    await page.getByLabel('Show rooms that are ready (not proven) too').check();
    await page.emulateMedia({ media: 'print' });
    await expect.poll(rows).toEqual(['fault', 'unknown', ...Array(6).fill('unproven')]);
    const inks = await page.locator('tr[data-pc] td').evaluateAll((all) => all.map((one) => getComputedStyle(one).color));
    expect(new Set(inks)).toEqual(new Set(['rgb(0, 0, 0)']));
    expect(await page.locator('.caller, .switches, .notice').evaluateAll((all) => all.map((one) => getComputedStyle(one).display))).toEqual(
      ['none', 'none', 'none'],
    );
    expect((await page.pdf()).length).toBeGreaterThan(5_000);
    expect(stage.troubles).toEqual([]);
  });

  test('shows an interrupted roll call as interrupted, and a new one can be started', async () => {
    const { view } = stage;
    const call = rollCallOf(view.content, 'ladakh', { answered: 4, finished: false });
    const rows = call.rows.map((row, at) => (at === 7 ? { ...row, heardAt: call.startedAt + 2_000 } : row));
    const dropped = { ...call, rows, startedAt: call.startedAt - 60_000, endsAt: call.endsAt - 60_000 };
    view.content.rollcalls.set('r1', dropped);
    view.change({ rollcall: dropped });
    await stage.open('#/rollcall/r1');
    const { page } = stage;
    await page.getByText('The roll call was interrupted. Call the roll again.').waitFor();
    expect(await page.getByRole('button', { name: 'Call the roll' }).isDisabled()).toBe(false);
    view.content.rollcalls.set('r1', { ...dropped, finishedAt: dropped.endsAt });
    view.change({ rollcall: { ...dropped, finishedAt: dropped.endsAt } });
    await page.getByText(/^last seen \d\d:\d\d:\d\d, no answer$/).waitFor();
    expect(stage.troubles).toEqual([]);
  });
});
