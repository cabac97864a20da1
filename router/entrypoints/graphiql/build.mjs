// Bundles GraphiQL and its editor's workers into assets/, so that the page needs no other host.
import { rm } from 'node:fs/promises';
import { build } from 'esbuild';

const outdir = 'assets';
const shared = { bundle: true, minify: true, outdir, logLevel: 'warning', legalComments: 'external' };

await rm(outdir, { recursive: true, force: true });

await build({
  ...shared,
  entryPoints: { graphiql: 'main.jsx' },
  format: 'esm',
  splitting: true,
  jsx: 'automatic',
  chunkNames: 'chunks/[name]-[hash]',
  assetNames: 'chunks/[name]-[hash]',
  define: { 'process.env.NODE_ENV': '"production"' },
  loader: { '.ttf': 'file', '.woff2': 'file' },
});

await build({
  ...shared,
  entryPoints: {
    'graphql.worker': 'monaco-graphql/esm/graphql.worker.js',
    'json.worker': 'monaco-editor/esm/vs/language/json/json.worker.js',
    'editor.worker': 'monaco-editor/esm/vs/editor/editor.worker.js',
  },
  format: 'iife',
});
