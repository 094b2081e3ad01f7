import { defineConfig, type Plugin } from 'vite';

/** The page's files are committed, embedded and served as they travel: packed. */
const packed: Plugin = {
  name: 'packed',
  generateBundle: {
    order: 'post',
    async handler(_, bundle) {
      for (const [fileName, file] of Object.entries(bundle)) {
        if (!fileName.startsWith('assets/')) continue;
        delete bundle[fileName];
        this.emitFile({
          type: 'asset',
          fileName: `${fileName}.gz`,
          source: await gzip(file.type === 'chunk' ? file.code : (file.source as BlobPart)),
        });
      }
    },
  },
};

async function gzip(file: BlobPart): Promise<Uint8Array> {
  const stream = new Blob([file]).stream().pipeThrough(new CompressionStream('gzip'));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

export default defineConfig({
  root: 'explorer',
  base: '/explore/',
  plugins: [packed],
  build: {
    outDir: '../dist/explorer',
    emptyOutDir: true,
    chunkSizeWarningLimit: 3000, // kB: the editor is one chunk, read once and then cached
    rolldownOptions: { checks: { moduleLevelDirective: false } }, // libraries' "use client" means nothing here
  },
});
