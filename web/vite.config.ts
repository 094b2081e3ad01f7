import { defineConfig } from 'vite';

export default defineConfig({
  root: 'web/explorer',
  base: '/explore/',
  build: {
    outDir: '../dist/explorer',
    emptyOutDir: true,
    chunkSizeWarningLimit: 3000, // kB: the editor is one chunk, read once and then cached
    rolldownOptions: { checks: { moduleLevelDirective: false } }, // libraries' "use client" means nothing here
  },
});
