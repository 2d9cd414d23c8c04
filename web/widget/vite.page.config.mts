import { resolve } from 'node:path';
import { defineConfig, type Plugin } from 'vite';

const HERE = import.meta.dirname;

/** What the first script loads is asked for along with it, and not after it. */
const preloaded: Plugin = {
  name: 'preloaded',
  transformIndexHtml: (_, { bundle = {} }) =>
    Object.values(bundle)
      .filter((one) => one.type === 'chunk' && one.isDynamicEntry)
      .map(({ fileName }) => ({
        tag: 'link',
        attrs: { rel: 'modulepreload', href: `/me/${fileName}` },
        injectTo: 'head',
      })),
};

/** The hosted page: /me, and what it needs under /me/assets. */
export default defineConfig({
  root: HERE,
  base: '/me/',
  plugins: [preloaded],
  build: {
    outDir: resolve(HERE, '../../dist/web/me'),
    emptyOutDir: true,
    target: 'es2022',
    modulePreload: false,
    rolldownOptions: { input: resolve(HERE, 'index.html') },
  },
});
