/** Bundles the page and Grafana's packages for a browser: `node build.mjs FILE`. */
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
/** Selects another build: with the ESM build React fails in tables, because default exports are wrapped twice. */
const commonJs = {
  name: 'grafana-commonjs',
  setup: ({ onResolve }) =>
    onResolve({ filter: /^@grafana\/(ui|data|i18n|schema|runtime)$/ }, ({ path }) => ({
      path: here(`node_modules/${path}/dist/cjs/index.cjs`),
    })),
};

await build({
  entryPoints: [here('page.jsx')],
  outfile: process.argv[2],
  bundle: true,
  minify: true,
  platform: 'browser',
  format: 'iife',
  jsx: 'automatic',
  logLevel: 'error',
  loader: { '.svg': 'dataurl', '.png': 'dataurl', '.woff2': 'dataurl', '.ttf': 'dataurl', '.css': 'text' },
  define: { 'process.env.NODE_ENV': '"production"', global: 'globalThis' },
  plugins: [commonJs],
  external: ['module'],
});
