import { resolve } from 'node:path';
import { defineConfig } from 'vite';

/** Marketing's console: static files under `/console`. JSX is vite's own. */
export default defineConfig({
  root: import.meta.dirname,
  base: '/console/',
  build: {
    outDir: resolve(import.meta.dirname, '../../dist/web/console'),
    emptyOutDir: true,
    target: 'es2022',
    // Its polyfill would be a script for browsers that the target leaves out.
    modulePreload: { polyfill: false },
    // As data: addresses they would be against the Content-Security-Policy.
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 700,
    rolldownOptions: {
      onwarn(warning, warn) {
        // Mantine's files say "use client", which has no meaning outside a server that renders React.
        if (warning.code !== 'MODULE_LEVEL_DIRECTIVE') warn(warning);
      },
    },
  },
});
