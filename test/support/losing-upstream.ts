/** An upstream that counts the messages it got, and loses its answers, or keeps them for a while, where a test says so. */
import { startEndpoint } from './endpoint.js';

export interface LosingUpstream {
  readonly url: string;
  /** How often a message came, by its text. */
  readonly accepted: ReadonlyMap<string, number>;
  /** What happens to answers from now on. */
  answer: 'at once' | 'never' | 'when told';
  /** Resolves once an answer is kept back, and gives what lets it go. */
  keptBack(): Promise<() => void>;
  close(): Promise<void>;
}

/** The id of the `count`th message with this text. */
export const idOf = (text: string, count: number): string => `${text}-${count}`;

export async function startLosingUpstream(): Promise<LosingUpstream> {
  const accepted = new Map<string, number>();
  const kept: (() => void)[] = [];
  let onKept = (): void => undefined;
  const { url, close } = await startEndpoint((response, body, request) => {
    if (request.method === 'GET') {
      response.end('{"messages":[]}');
      return;
    }
    const { text } = JSON.parse(body) as { text: string };
    const count = (accepted.get(text) ?? 0) + 1;
    accepted.set(text, count);
    const respond = (): void => {
      response.writeHead(202).end(JSON.stringify({ id: idOf(text, count), text }));
    };
    if (upstream.answer === 'never') request.socket.resetAndDestroy();
    else if (upstream.answer === 'at once') respond();
    else {
      kept.push(respond);
      onKept();
    }
  });
  const upstream: LosingUpstream = {
    url,
    accepted,
    answer: 'at once',
    async keptBack() {
      while (kept.length === 0) {
        await new Promise<void>((resolve) => {
          onKept = resolve;
        });
      }
      return kept.shift() ?? (() => undefined);
    },
    close,
  };
  return upstream;
}
