/** Labels of programs for reports. Only listed programs are named, because other names could reveal what a user does. */

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

/** Returns the label of a program, or `another program` if it is not on the list. */
export function programLabel(binary: string): string {
  const base = binary.slice(Math.max(binary.lastIndexOf('/'), binary.lastIndexOf('\\')) + 1).toLowerCase();
  return labels.get(base.replace(/\.exe$/, '')) ?? 'another program';
}

export function programLabels(binaries: Iterable<string>): string[] {
  return [...new Set([...binaries].map(programLabel))].sort();
}
