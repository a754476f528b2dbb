/** What goes out to programs of others for as long as the centre runs, each where `sabha.json` names an address for it. */
import { type Cancel, loadText, type Settings, siteOf } from '@sabha/contracts';
import type { CentreEvent } from '../../engine/records/incidents.ts';
import type { ChannelSettings } from '../../notify/people/channels/channels.ts';
import { watchdogOf } from '../../notify/people/channels/watchdog.ts';
import { incidentLink, wallAddress } from '../../notify/people/words.ts';
import type { CentreView, PcChoice } from '../../view/view.ts';
import { startMirror } from './alertmanager.ts';
import { type HeartbeatOptions, startHeartbeat } from './heartbeat.ts';

/** What is looked at and said, and where it goes. */
export type OutsideOptions = Pick<HeartbeatOptions, 'clock' | 'explain' | 'record' | 'log'> & {
  settings: Pick<Settings, 'alertmanager' | 'https'> & { channels: ChannelSettings };
  view: Pick<CentreView, 'pcs' | 'unready' | 'incidents'>;
  say(word: Extract<CentreEvent, { type: 'centre' }>): void;
};

/** Starts it all; the result ends it. Throws one line where a file of a secret is missing. */
export function startOutside(options: OutsideOptions): Cancel {
  const ends = [heartbeatOf(options), mirrorOf(options)];
  return () => {
    for (const end of ends) end?.();
  };
}

function heartbeatOf({ settings, clock, view, explain, record, log }: OutsideOptions): Cancel | undefined {
  const watchdog = watchdogOf(settings.channels);
  if (watchdog === undefined) return undefined;
  const { pc } = watchdog;
  // A path of a PC has that of a site.
  const presence = () => view.pcs(siteOf(pc) as PcChoice).find((one) => one.pc === pc)?.presence;
  return startHeartbeat({ clock, presence, unready: view.unready, explain, record, log });
}

function mirrorOf({ settings, clock, view, say }: OutsideOptions): Cancel | undefined {
  const { alertmanager, https } = settings;
  if (alertmanager === undefined) return undefined;
  const { url, tokenFile } = alertmanager;
  const wall = wallAddress(https);
  return startMirror({
    clock,
    fetch: globalThis.fetch,
    url,
    token: tokenFile === undefined ? undefined : loadText(tokenFile).trim(),
    incidents: view.incidents,
    linkOf: (id) => (wall === undefined ? undefined : incidentLink(wall, id)),
    say: (word) => say({ type: 'centre', device: 'alertmanager', ...word }),
  });
}
