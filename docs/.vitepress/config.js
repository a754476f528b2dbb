/** The site of the pages in this folder. `npm run pack:docs` builds it, and the server serves it under `/docs/`. */
import { readFileSync } from 'node:fs';

/** The pages of each group, in the order of the sidebar. A page shows its own title. */
const groups = {
  Quickstart: ['quickstart/first-room', 'quickstart/demo', 'quickstart/first-alert'],
  Install: ['install/server', 'install/agent-linux', 'install/agent-windows', 'install/https'],
  Guides: [
    'guides/sites-csv',
    'guides/people',
    'guides/accounts',
    'guides/meetings',
    'guides/maintenance',
    'guides/roll-call',
    'guides/remote-commands',
    'guides/room-card',
  ],
  Notifications: [
    'notifications/index',
    'notifications/email',
    'notifications/sms',
    'notifications/telegram',
    'notifications/whatsapp',
    'notifications/voice',
    'notifications/push',
    'notifications/webhook',
    'notifications/slack',
    'notifications/teams',
    'notifications/community-nodes',
    'notifications/announcements',
    'notifications/watchdog',
  ],
  'Node-RED': ['node-red/concepts', 'node-red/nodes', 'node-red/editing-safely', 'node-red/examples'],
  Operations: [
    'operations/upgrade',
    'operations/backup',
    'operations/monitoring',
    'operations/troubleshooting',
    'operations/updates',
    'operations/audit',
  ],
  Reference: [
    'reference/sabha-json',
    'reference/sites-csv',
    'reference/cli',
    'reference/faults',
    'reference/checks',
    'reference/link-and-power',
    'reference/metrics',
    'reference/mqtt-protocol',
    'reference/api',
    'reference/glossary',
  ],
  Development: [
    'development/architecture',
    'development/protocol-rules',
    'development/testing',
    'development/session-helper',
    'development/writing',
  ],
};

export default {
  title: 'Sabha',
  description: 'Checks the meeting rooms of an organisation before each meeting',
  lang: 'en-GB',
  base: '/docs/',
  themeConfig: {
    search: { provider: 'local' },
    sidebar: Object.entries(groups).map(([text, pages]) => ({
      text,
      collapsed: text === 'Development',
      items: pages.map((page) => ({ text: titleOf(page), link: `/${page}` })),
    })),
  },
  markdown: {
    /** The site has no source files: a link to one becomes plain text. A clone keeps the link. */
    config(md) {
      md.core.ruler.push('source-links', ({ tokens }) => {
        for (const { children } of tokens) unlinkSources(children ?? []);
      });
    },
  },
};

function unlinkSources(tokens) {
  let isSource = false;
  for (const token of tokens) {
    if (token.type === 'link_open') isSource = token.attrGet('href').startsWith('../../');
    if (isSource && /^link_/.test(token.type)) Object.assign(token, { type: 'text', tag: '', nesting: 0, content: '' });
  }
}

function titleOf(page) {
  const text = readFileSync(new URL(`../${page}.md`, import.meta.url), 'utf8');
  return /^# (.+)$/m.exec(text)?.[1] ?? page;
}
