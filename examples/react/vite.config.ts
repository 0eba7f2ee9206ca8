import react from '@vitejs/plugin-react';
import { defineConfig, loadEnv } from 'vite';

export default defineConfig(({ mode }) => {
  /** The server that this page is a client of: `SERVER=https://messages.example.com`. */
  const { SERVER: target = 'http://127.0.0.1:4000' } = loadEnv(mode, import.meta.dirname, 'SERVER');
  return {
    plugins: [react()],
    server: {
      // The page and the server have one origin, as behind one proxy in production: so there is no need for CORS.
      proxy: { '/graphql': { target, ws: true }, '/media': { target } },
    },
  };
});
