/** The whole server by way of a proxy. */
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SAMPLES, SEND_MESSAGE } from '../../src/sandbox/samples.js';
import { startServer } from '../support/server-process.js';
import { upstreamAt } from '../support/app.js';
import { CERTIFICATE } from '../support/certificate.js';
import { post } from '../support/client.js';
import { startProxyProcess } from '../support/proxy.js';
import { startTlsEndpoint } from '../support/tls-endpoint.js';
import { makeFolder, removeFolder } from '../support/folder.js';

const ID = '14762070468292kw2fuqty55yp2b2';
const basic = (credentials: string): string => `Basic ${Buffer.from(credentials).toString('base64')}`;

it('credentials of an https endpoint and the message pass the proxy unread, when the whole server sends', async () => {
  const folder = makeFolder();
  const ca = join(folder, 'ca.pem');
  writeFileSync(ca, CERTIFICATE);
  const endpoint = await startTlsEndpoint(JSON.stringify({ id: ID }));
  const proxies = startProxyProcess();
  const proxy = await proxies.open('tunnel');
  const server = await startServer(folder, {
    ...upstreamAt(endpoint.url),
    HTTPS_PROXY: proxy.url,
    NODE_EXTRA_CA_CERTS: ca,
  });
  try {
    const input = SAMPLES[0].input;
    const answer = await post(server.url, JSON.stringify({ query: SEND_MESSAGE, variables: { input } }));
    expect(answer.data).toMatchObject({ sendMessage: { id: ID, status: 'ACCEPTED' } });
    expect(endpoint.requests.filter((method) => method === 'POST')).toHaveLength(1);
    const { connects, passed } = await proxy.record();
    expect(connects.length).toBeGreaterThan(0);
    expect(passed.length).toBeGreaterThan(0);
    for (const secret of [basic('token:secret'), 'POST', input.text, input.to[0]]) {
      expect(passed + JSON.stringify(connects)).not.toContain(secret);
    }
  } finally {
    const gone = once(server.process, 'exit');
    server.process.kill('SIGKILL');
    await gone;
    await proxies.close();
    await endpoint.close();
    removeFolder(folder);
  }
});
