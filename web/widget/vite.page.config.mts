import { resolve } from 'node:path';
import { defineConfig } from 'vite';

const HERE = import.meta.dirname;

/** The hosted page: /me, and what it needs under /me/assets. */
export default defineConfig({
  root: HERE,
  base: '/me/',
  build: {
    outDir: resolve(HERE, '../../dist/web/me'),
    emptyOutDir: true,
    target: 'es2022',
    modulePreload: false,
    rolldownOptions: { input: resolve(HERE, 'index.html') },
  },
});
