/** An upstream that counts the messages it accepted, and loses its answers, keeps them, or refuses, where a test says so. */
import { startEndpoint } from './endpoint.js';

export interface LosingUpstream {
  readonly url: string;
  /** How often a message was accepted, by its text. */
  readonly accepted: ReadonlyMap<string, number>;
  /** What happens to answers from now on. */
  answer: 'at once' | 'never' | 'when told' | Refusal;
  /** Resolves once an answer is kept back, and gives what lets it go; with a refusal, the message was not accepted. */
  keptBack(): Promise<(refusal?: Refusal) => void>;
  close(): Promise<void>;
}

/** The id of the `count`th message with this text. */
export const idOf = (text: string, count: number): string => `${text}-${count}`;

/** As Catapult words them. */
const REFUSALS = {
  'no: the recipient': [
    400,
    {
      type: 'request-validation',
      description: 'Your request could not be accepted',
      fieldErrors: [{ fieldName: 'to', description: 'refused' }],
    },
  ],
  'no: too many': [429, { type: 'rate-limit', description: 'Too many requests' }],
} as const;
type Refusal = keyof typeof REFUSALS;
const isRefusal = (answer: string): answer is Refusal => Object.hasOwn(REFUSALS, answer);

export async function startLosingUpstream(): Promise<LosingUpstream> {
  const accepted = new Map<string, number>();
  const kept: ((refusal?: Refusal) => void)[] = [];
  let onKept = (): void => undefined;
  const { url, close } = await startEndpoint((response, body, request) => {
    if (request.method === 'GET') {
      response.end('{"messages":[]}');
      return;
    }
    const refuse = (refusal: Refusal): void => {
      const [status, answer] = REFUSALS[refusal];
      response
        .writeHead(status, { 'content-type': 'application/json', 'retry-after': '30' })
        .end(JSON.stringify(answer));
    };
    if (isRefusal(upstream.answer)) {
      refuse(upstream.answer);
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
      kept.push((refusal) => {
        if (refusal === undefined) respond();
        else {
          accepted.set(text, count - 1);
          refuse(refusal);
        }
      });
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
