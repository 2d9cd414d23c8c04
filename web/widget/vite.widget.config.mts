import { resolve } from 'node:path';
import { defineConfig } from 'vite';

const HERE = import.meta.dirname;

/** One file that a shop's page loads as a module. */
export default defineConfig({
  root: HERE,
  build: {
    outDir: resolve(HERE, '../../dist/web/widget'),
    emptyOutDir: true,
    target: 'es2022',
    modulePreload: false,
    rolldownOptions: {
      input: resolve(HERE, 'index.ts'),
      preserveEntrySignatures: 'strict',
      output: { format: 'es', entryFileNames: 'gegenwert-ledger.js', codeSplitting: false },
    },
  },
});
