/** The built server as a process that can be killed. */
import { spawn, type ChildProcess } from 'node:child_process';

const MAIN = new URL('../../dist/main.js', import.meta.url).pathname;

export interface ServerProcess {
  /** The GraphQL endpoint. */
  readonly url: string;
  readonly process: ChildProcess;
}

/** Starts the server in `folder`, where its SQLite file lies; resolves once it listens. `main` may be another version. */
export async function startServer(
  folder: string,
  environment: Readonly<Record<string, string | undefined>>,
  main = MAIN,
): Promise<ServerProcess> {
  const child = spawn(process.execPath, [main], {
    cwd: folder,
    env: { PORT: '0', LOG_LEVEL: 'silent', ...environment },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  for await (const chunk of child.stdout as AsyncIterable<Buffer>) {
    output += chunk.toString();
    const url = /http:\/\/\S+\/graphql/.exec(output)?.[0];
    if (url !== undefined) return { url, process: child };
  }
  throw new Error('The server did not start');
}
