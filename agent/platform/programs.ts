/** Which program: only what helps a technician is told, by an allow-list. What else people run is their own affair. */

const known: Record<string, readonly string[]> = {
  zoom: ['zoom', 'zoom.real', 'zoomlauncher'],
  teams: ['teams', 'ms-teams', 'msteams', 'microsoftteams', 'teams-for-linux'],
  webex: ['webex', 'ciscocollabhost', 'ciscowebex'],
  skype: ['skype', 'skypeapp', 'skypeforlinux'],
  jitsi: ['jitsi', 'jitsi-meet'],
  chrome: ['chrome', 'google-chrome'],
  chromium: ['chromium', 'chromium-browser'],
  edge: ['msedge', 'microsoft-edge'],
  firefox: ['firefox', 'firefox-bin', 'firefox-esr'],
  obs: ['obs', 'obs-studio', 'obs64'],
  vlc: ['vlc'],
};
const labels = new Map(Object.entries(known).flatMap(([label, binaries]) => binaries.map((binary) => [binary, label] as const)));

/** What a program may be called in a report: its name where it is on the list, `another program` where it is not. */
export function programLabel(binary: string): string {
  const base = binary.slice(Math.max(binary.lastIndexOf('/'), binary.lastIndexOf('\\')) + 1).toLowerCase();
  return labels.get(base.replace(/\.exe$/, '')) ?? 'another program';
}

/** The programs by what they may be called, each once, in order. */
export function programLabels(binaries: Iterable<string>): string[] {
  return [...new Set([...binaries].map(programLabel))].sort();
}
