/** Files stream through the server: its memory does not grow with them, however many there are. */
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { Agent, request } from 'undici';
import { SAMPLE_PICTURE } from '../../src/sandbox/sample-files.js';
import { upstreamAt } from '../support/app.js';
import { post } from '../support/client.js';
import { makeFolder, removeFolder } from '../support/folder.js';
import { listen, stopListening } from '../support/listen.js';
import { ACCEPTED_ANSWER, INPUT } from '../support/messages.js';
import { startServer, type ServerProcess } from '../support/server-process.js';

const FILE = Buffer.concat([SAMPLE_PICTURE.body, Buffer.alloc(3_670_016 - SAMPLE_PICTURE.body.length, 7)]);
const AT_ONCE = 8;
const ROUNDS = 4;
/** What buffers, and the garbage between two collections, may take. The files of all rounds together are 117 MB, each way. */
const MAX_GROWTH_MB = 32;

const SEND = 'mutation ($input: MessageInput!) { sendMessage(input: $input) { attachments { url } } }';

describe('a server process', () => {
  let upstream: Server;
  let server: ServerProcess;
  let folder: string;
  let storedBytes = 0;
  let media: string[] = [];
  const agent = new Agent({ connections: 2 * AT_ONCE });

  beforeAll(async () => {
    folder = makeFolder();
    upstream = createServer((incoming, response) => {
      if (incoming.method === 'GET')
        response.writeHead(200, { 'content-type': 'image/png', 'content-length': FILE.length }).end(FILE);
      else {
        incoming.on('data', (chunk: Buffer) => (storedBytes += chunk.length));
        const isMessage = incoming.method === 'POST';
        const answer = JSON.stringify({ ...(JSON.parse(ACCEPTED_ANSWER) as object), media });
        incoming.on('end', () => response.writeHead(isMessage ? 202 : 204).end(isMessage ? answer : undefined));
      }
    });
    server = await startServer(folder, upstreamAt(`http://127.0.0.1:${await listen(upstream)}/v2`));
  });
  afterAll(async () => {
    server.process.kill();
    await agent.destroy();
    await stopListening(upstream);
    removeFolder(folder);
  });

  const residentMb = (): number =>
    Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${server.process.pid ?? 0}/status`, 'utf8'))?.[1]) / 1024;
  const originOf = (): string => new URL(server.url).origin;

  async function upload(isForm: boolean): Promise<string> {
    const boundary = [
      '--b\r\ncontent-disposition: form-data; name="f"; filename="a.png"\r\ncontent-type: image/png\r\n\r\n',
      '\r\n--b--\r\n',
    ];
    const body = isForm ? Buffer.concat([Buffer.from(boundary[0] ?? ''), FILE, Buffer.from(boundary[1] ?? '')]) : FILE;
    const headers = {
      'content-type': isForm ? 'multipart/form-data; boundary=b' : 'image/png',
      'apollo-require-preflight': 'true',
    };
    const answer = await request(`${originOf()}/media`, { method: 'POST', body, headers, dispatcher: agent });
    return ((await answer.body.json()) as { url: string }).url;
  }

  async function download(address: string): Promise<number> {
    const { body } = await request(address, { dispatcher: agent });
    let size = 0;
    for await (const chunk of body as AsyncIterable<Buffer>) size += chunk.length;
    return size;
  }

  it('passes 3.5 MiB on in both ways, many times at once, at flat memory', async () => {
    const url = await upload(false);
    media = [url];
    const input = { ...INPUT, media };
    const { data } = await post<{ sendMessage: { attachments: { url: string }[] } }>(
      server.url,
      JSON.stringify({ query: SEND, variables: { input } }),
    );
    const address = data?.sendMessage.attachments[0]?.url ?? '';
    const round = (): Promise<unknown[]> =>
      Promise.all(
        Array.from({ length: AT_ONCE }, async (_, index) => {
          await upload(index % 2 === 0);
          expect(await download(address)).toBe(FILE.length);
        }),
      );
    await round();
    const [before, bytesBefore] = [residentMb(), storedBytes];
    let most = before;
    for (let index = 0; index < ROUNDS; index++) {
      await round();
      most = Math.max(most, residentMb());
    }
    expect(storedBytes - bytesBefore).toBe(ROUNDS * AT_ONCE * FILE.length);
    expect(most - before).toBeLessThan(MAX_GROWTH_MB);
  }, 60_000);
});
